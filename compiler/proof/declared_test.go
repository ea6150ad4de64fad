package proof_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// declaring is a program in which the tokens that api takes are those of some statements.
func declaring(jwt, ask string) string {
	return `workload web { port http 8080 }
workload api { port http 8080 }
deny all in default
mtls strict in default
` + jwt + `
allow authenticated as "https://i.example/*", "https://j.example/*" -> api when claim["tier"] in ["gold", "silver"]
deny authenticated as "*" -> api when claim["tier"] == "tin"
` + ask + "\n"
}

// TestDeclaredStrings: a claim that is declared to be a string is no list, in tokens of that issuer and in no others.
func TestDeclaredStrings(t *testing.T) {
	const (
		i          = `jwt "https://i.example" on api { claims tier string }` + "\n"
		j          = `jwt "https://j.example" on api { claims tier string }` + "\n"
		jList      = `jwt "https://j.example" in default { claims tier list }` + "\n"
		iMesh      = `jwt "https://i.example" in mesh { claims tier string }` + "\n"
		alwaysI    = `prove always authenticated as "https://i.example/*" -> api when claim["tier"] == "gold"`
		alwaysJ    = `prove always authenticated as "https://j.example/*" -> api when claim["tier"] == "gold"`
		always     = `prove always authenticated as "*" -> api when claim["tier"] == "gold"`
		twoI       = `test "t" { expect allow web as "https://i.example/a" -> api GET with claim["tier"] = ["gold", "x"] }`
		twoJ       = `test "t" { expect allow web as "https://j.example/a" -> api GET with claim["tier"] = ["gold", "x"] }`
		denyTwo    = `test "t" { expect deny web as "https://i.example/a" -> api with claim["tier"] = ["tin", "x"] }`
		oneI       = `test "t" { expect allow web as "https://i.example/a" -> api GET with claim["tier"] = ["gold"] }`
		unverified = `test "t" { expect deny web as "https://k.example/a" -> api with claim["tier"] = ["tin", "x"] }`
		neverTwo   = `prove never authenticated as "https://i.example/*" -> api when claim["tier"] == "gold" and claim["tier"] == "x"`
		others     = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: theirs, namespace: default}
spec:
  jwtRules:
  - issuer: "https://%s.example"
`
	)
	k := fmt.Sprintf(others, "k")
	again := fmt.Sprintf(others, "i")
	for _, c := range []struct {
		jwt, ask, others string
		want             diag.Code
	}{
		{i, alwaysI, "", ""},
		{iMesh, alwaysI, "", ""},
		{i, always, "", ""},
		{i + j, always, "", ""},
		{i + j, alwaysJ, "", ""},
		{i + jList, alwaysI, "", ""},
		{i + jList, alwaysJ, "", diag.ProofFailed},
		{i + jList, always, "", diag.ProofFailed},
		{i, always, k, diag.ProofFailed},      // nothing is declared of what others verify
		{i, alwaysI, k, ""},                   // but of this one
		{i, alwaysI, again, diag.ProofFailed}, // which they verify, too
		{i, oneI, "", ""},
		{i, twoI, "", diag.ExpectFailed},
		{i, twoI, again, ""},
		{i + jList, twoI, "", diag.ExpectFailed},
		{i + jList, twoJ, "", ""},
		{i, denyTwo, "", diag.Unanswerable},
		{i + jList, denyTwo, "", diag.Unanswerable},
		{i, denyTwo, again, ""},
		{i, unverified, "", ""},
		{i, neverTwo, "", diag.Unanswerable},
		{i + jList, neverTwo, "", diag.Unanswerable},
		{i, neverTwo, again, diag.ProofFailed},
	} {
		in := compiler.Input{Files: []*source.File{source.New("x.zt", declaring(c.jwt, c.ask))}}
		if c.others != "" {
			in.Others = []*source.File{source.New("others.yaml", c.others)}
		}
		_, diags := compiler.Compile(context.Background(), in)
		var got diag.Code
		for _, d := range diags {
			if d.Severity == diag.Error {
				got = d.Code
			}
		}
		if got != c.want {
			t.Errorf("%s%s%s: %q, want %q: %v", c.jwt, c.others, c.ask, got, c.want, diags)
		}
	}
}

// TestDeclaredManyStrings: so many values that each is asked by itself, where the issuer decides how many there may be.
func TestDeclaredManyStrings(t *testing.T) {
	var values []string
	for n := range 40 {
		values = append(values, fmt.Sprintf(`"plan-%d"`, n))
	}
	for _, c := range []struct{ jwt, want string }{
		{`jwt "https://i.example" on api { claims tier string }`, ""},
		{"jwt \"https://i.example\" on api { claims tier string }\njwt \"https://j.example\" on api { claims tier list }", "https://j.example"},
	} {
		text := `workload web { port http 8080 }
workload api { port http 8080 }
deny all in default
mtls strict in default
` + c.jwt + "\n"
		for _, v := range values {
			text += fmt.Sprintf("allow authenticated as \"*\" -> api GET \"/%s\" when claim[\"tier\"] == %s\n", strings.Trim(v, `"`), v)
		}
		text += `prove never anyone -> api when claim["tier"] == "plan-3" and claim["tier"] == "plan-4"
prove only authenticated as "*" -> api GET when claim["tier"] in [` + strings.Join(values, ", ") + `]
prove always authenticated as "https://i.example/*" -> api GET "/plan-7" when claim["tier"] == "plan-7"
`
		_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", text)}})
		var said []string
		for _, d := range diags {
			if d.Severity == diag.Error {
				said = append(said, string(d.Code)+" "+d.Message)
			}
		}
		got := strings.Join(said, "\n")
		if c.want == "" && got != "" || c.want != "" && (len(said) != 1 || !strings.HasPrefix(got, "ZT1802") || !strings.Contains(got, c.want) || !strings.Contains(got, `["plan-3", "plan-4"]`)) {
			t.Errorf("%s: %s", c.jwt, got)
		}
	}
}

// TestDeclaredSamples: what an expectation speaks of has one value, and answers say what that rests on.
func TestDeclaredSamples(t *testing.T) {
	for _, c := range []struct {
		jwt      string
		most     int
		declares bool
	}{
		{`jwt "https://i.example" on api { claims tier string }`, 1, true},
		{`jwt "https://i.example" on api { claims tier list }`, 2, false},
	} {
		text := declaring(c.jwt, `deny authenticated as "*" -> api when claim["tier"] == "gold" and claim["tier"] == "silver"
test "t" { expect deny web as "https://i.example/a" -> api with claim["x"] = "y" }`)
		out, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", text)}})
		if len(out.Trials) != 1 {
			t.Fatal(diags)
		}
		samples, err := out.Trials[0].Samples(nil, 100)
		if err != nil {
			t.Fatal(err)
		}
		most := 0
		for _, s := range samples {
			most = max(most, len(s.Request[sem.Attr{Kind: sem.Claim, Name: "tier"}].Parts))
		}
		if len(samples) < 3 || most < c.most || c.most == 1 && most > 1 {
			t.Errorf("%s: the longest claim of %d samples has %d values", c.jwt, len(samples), most)
		}
		if said := strings.Contains(strings.Join(out.Trials[0].Assumptions(), "\n"), "declares to be a string"); said != c.declares {
			t.Errorf("%s: %q", c.jwt, out.Trials[0].Assumptions())
		}
	}
}

// TestDeclaredCoverage: a statement about other values than a question's is not spoken of, where a claim has one.
func TestDeclaredCoverage(t *testing.T) {
	const i, j = `jwt "https://i.example" on api { claims tier string }`, `jwt "https://j.example" on api { claims tier list }`
	for _, c := range []struct {
		jwt, as string
		open    int
	}{
		{i, "https://i.example/*", 1},
		{i + "\n" + j, "https://i.example/*", 1},
		{i + "\n" + j, "https://j.example/*", 0},
	} {
		text := declaring(c.jwt, fmt.Sprintf("prove never plaintext -> api\nprove always authenticated as %q -> api GET when claim[\"tier\"] == \"gold\"", c.as))
		out, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", text)}, Coverage: true})
		if len(out.Trials) != 2 || len(out.Coverage.Open) != c.open || len(out.Coverage.OpenRules) != c.open || out.Trials[1].Holds() != (c.open > 0) {
			t.Errorf("%s, of %s: open are %v and %v: %v", c.jwt, c.as, out.Coverage.Open, rules(out.Coverage.OpenRules), diags)
		}
	}
}
