package compiler_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// asked finds the request in what is said of a proof or a test that fails.
var asked = regexp.MustCompile(`(?:smallest is|and passes:|is refused:) (.*?)(?:, no .*)?$`)

// TestWitnessesAreQuestions asks about the requests that proofs fail with, as they are written: also on ports that nobody
// declared, and of connections that are not HTTP.
func TestWitnessesAreQuestions(t *testing.T) {
	const said = `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port http 8080; port db 5432 tcp }
workload free
deny all in default
mtls strict on db
jwt "https://i.example" on api
allow web -> api
deny (web, plaintext) -> api port 8080
allow web -> db
allow web -> free when sni == "a.example"
allow anyone as "https://i.example/*" -> api POST
`
	for _, c := range []struct {
		ask, want string
		passes    bool
	}{
		{"prove never web -> api", "web -> api:80", true},
		{"prove only anyone -> api { http }", "web -> api:80 { tcp }", true},
		{"prove only web -> api port 8080", "web -> api:80", true},
		{"prove never web -> db { tcp }", "web -> db:5432", true},
		{"prove only web -> db port 5432, 8080", "web -> db:80", true},
		{"prove always web -> api", "web -> api:8080", false},
		{"prove always web -> free", "web -> free", false},
		{"prove never web -> free { tcp }", `web -> free { tcp } with sni = "a.example"`, true},
		{"prove never anyone except web -> api", `plaintext as "https://i.example/x" -> api:80 POST`, true},
		{"test \"x\" { expect deny web -> db { tcp } }", "web -> db:5432", true},
		{"test \"x\" { expect deny web -> api:8080 { tcp } }", "", false}, // there is none, and that is another error
		{"test \"x\" { expect deny web -> free { tcp } }", `web -> free { tcp } with sni = "a.example"`, true},
	} {
		in := compiler.Input{Files: []*source.File{source.New("x.zt", said+c.ask+"\n")}}
		_, diags := compiler.Compile(context.Background(), in)
		words := ""
		for _, d := range diags {
			if d.Code != diag.ProofFailed && d.Code != diag.ExpectFailed {
				continue
			}
			m := asked.FindStringSubmatch(d.Message)
			if m == nil {
				t.Fatalf("%s: %s", c.ask, d.Message)
			}
			words = m[1]
		}
		if words != c.want {
			t.Errorf("%s: fails with %q, want %q", c.ask, words, c.want)
			continue
		}
		if words == "" {
			continue
		}
		in.Files = []*source.File{source.New("x.zt", said)}
		answer, diags := compiler.Why(context.Background(), in, source.NewText("<question>", words))
		if diags.HasErrors() || len(answer.Cases) == 0 {
			t.Errorf("%s: %q cannot be asked: %v", c.ask, words, diags)
			continue
		}
		for i := range answer.Cases {
			if told := answer.Cases[i].Told; len(told) != 1 || told[0].Verdict.Passes != c.passes {
				t.Errorf("%s: %q: %s", c.ask, words, answer.Text())
			}
		}
	}
}

// TestWhyAsksEveryTrustDomain asks about callers that stand for those of aliases: the answer is that of an expectation.
func TestWhyAsksEveryTrustDomain(t *testing.T) {
	const said = `mesh { trust-domain "new.example"; trust-domain-aliases "old.example" }
workload web
workload api { port http 8080 }
mtls strict in default
deny all in default
allow trust-domain "old.example" -> api HEAD
allow principal "partner.example/ns/a/sa/b" -> api HEAD
`
	const old, partner = `principal "old.example/ns/default/sa/web"`, `principal "partner.example/ns/a/sa/b"`
	for _, c := range []struct {
		ask, outcome string
		several      bool
		words        []string
	}{
		{"web -> api HEAD", "some", true, []string{"web -> api:8080 HEAD", old + " -> api:8080 HEAD"}},
		{"account default/web -> api HEAD", "some", true, []string{"web -> api:8080 HEAD", old + " -> api:8080 HEAD"}},
		{old + " -> api HEAD", "some", true, []string{"web -> api:8080 HEAD", old + " -> api:8080 HEAD"}},
		{"default/* -> api HEAD", "some", true, []string{"api -> api:8080 HEAD", `principal "old.example/ns/default/sa/x" -> api:8080 HEAD`}},
		{"web -> api POST", "refused", true, []string{"web -> api:8080 POST"}},
		{partner + " -> api HEAD", "passes", false, []string{partner + " -> api:8080 HEAD"}},
	} {
		in := compiler.Input{Files: []*source.File{source.New("x.zt", said)}}
		answer, diags := compiler.Why(context.Background(), in, source.NewText("<question>", c.ask))
		if len(answer.Cases) != 1 {
			t.Errorf("%s: %v\n%s", c.ask, diags, answer.Text())
			continue
		}
		one := &answer.Cases[0]
		var words []string
		for i := range one.Told {
			words = append(words, one.Told[i].Words)
		}
		if one.Outcome() != c.outcome || one.Several != c.several || !slices.Equal(words, c.words) {
			t.Errorf("%s: %s, several %t, %q", c.ask, one.Outcome(), one.Several, words)
		}
		in.Files[0] = source.New("x.zt", said+"test \"x\" { expect deny "+c.ask+" }\n")
		_, diags = compiler.Compile(context.Background(), in)
		holds := true
		for _, d := range diags {
			if d.Code == diag.ExpectFailed {
				holds = false
			}
		}
		if holds != (c.outcome == "refused") {
			t.Errorf("%s is %s, and `expect deny` holds: %t", c.ask, c.outcome, holds)
		}
	}
}

// TestWhyReadsMetadata states metadata as a string and as a list, which policies tell apart.
func TestWhyReadsMetadata(t *testing.T) {
	const said = `workload web
workload db { port 5432 tcp }
deny all in default
mtls strict in default
allow web -> db
`
	others := source.New("others.yaml", `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: tables, namespace: default}
spec:
  action: DENY
  rules:
  - when: [{key: "experimental.envoy.filters.network.mysql_proxy[db.table]", values: ["[a]"]}]
  - when: [{key: "experimental.envoy.filters.network.mysql_proxy[db.table]", values: ["b"]}]
`)
	for _, c := range []struct {
		value  string
		passes bool
	}{
		{`["a", "b"]`, false},
		{`["a"]`, false},
		{`"a"`, true},
		{`["b"]`, true},
		{`"b"`, false},
	} {
		ask := `web -> db:5432 with metadata["envoy.filters.network.mysql_proxy"]["db.table"] = ` + c.value
		in := compiler.Input{Others: []*source.File{others}, Files: []*source.File{source.New("x.zt", said)}}
		answer, diags := compiler.Why(context.Background(), in, source.NewText("<question>", ask))
		if diags.HasErrors() || len(answer.Cases) != 1 || len(answer.Cases[0].Told) != 1 {
			t.Errorf("%s: %v\n%s", ask, diags, answer.Text())
			continue
		}
		told := &answer.Cases[0].Told[0]
		if told.Verdict.Passes != c.passes || told.Words != ask || strings.Contains(answer.Text(), "chosen") {
			t.Errorf("%s: passes %t\n%s", ask, told.Verdict.Passes, answer.Text())
		}
		verdicts := map[bool]string{true: "allow ", false: "deny "}
		for passes, verdict := range verdicts {
			in.Files = []*source.File{source.New("x.zt", said+"test \"x\" { expect "+verdict+ask+" }\n")}
			_, diags = compiler.Compile(context.Background(), in)
			if holds := !slices.ContainsFunc(diags, func(d diag.Diagnostic) bool { return d.Code == diag.ExpectFailed }); holds != (passes == c.passes) {
				t.Errorf("expect %s%s: holds %t: %v", verdict, ask, holds, diags)
			}
		}
	}
}

// TestWhySaysWhatRulesOut asks about requests that come to no policy: of a question and of an expectation the one thing is said that
// rules them out.
func TestWhySaysWhatRulesOut(t *testing.T) {
	const said = `workload web
workload api { port http 8080 }
workload plain { port http 8080; port more 9000 http }
workload strict { port http 8080 }
allow all in default
mtls disable on plain port 9000
mtls strict on strict
jwt "https://i.example" on api { audiences "a", "b"; read header "x-tok" }
jwt "https://k.example" on plain { read header "x-kept"; keep token }
deny anyone except as "https://i.example/*" -> api
deny anyone except as "https://k.example/*" -> plain
`
	others := source.New("others.yaml", `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: old, namespace: default}
spec: {selector: {matchLabels: {app: web}}, mtls: {mode: DISABLE}}
`)
	for _, c := range []struct{ ask, why string }{
		{`plaintext as "https://i.example/u" -> api GET with audience = "c"`, "a token with such an audience is refused, as the `jwt` there asks for \"a\" or \"b\""},
		{`web as "https://i.example/u" -> api GET with header["x-tok"] = "u"`, "the `jwt` there reads tokens from header[\"x-tok\"]: one that is verified is taken out, and a request with anything else in it is refused"},
		{`web -> plain:8080 GET with header["x-kept"] = "u"`, "the `jwt` there reads tokens from header[\"x-kept\"], and a request with anything else in it is refused"},
		{`web as "https://j.example/u" -> api GET`, "no `jwt` there verifies such a token"},
		{`plaintext as "https://j.example/u" -> api GET`, "no `jwt` there verifies such a token"},
		{`web -> api GET with claim["x"] = "u"`, "a claim is that of a token, and it has none: `as` says whose"},
		{`web -> plain:9000 GET`, "it takes no mTLS, so no caller has an identity there: PeerAuthentication default/mtls-plain is DISABLE"},
		{`web -> web GET`, "it takes no mTLS, so no caller has an identity there: PeerAuthentication default/old is DISABLE (others.yaml:3:18)"},
		{`plaintext -> strict GET`, "it accepts mTLS alone: PeerAuthentication default/mtls-strict is STRICT"},
		{`web except web -> api GET`, "what it states, or an exception of its own, leaves none"},
		{`authenticated except api -> plain:9000 GET`, "it takes no mTLS, so no caller has an identity there: PeerAuthentication default/mtls-plain is DISABLE"},
		{`anyone except plaintext -> plain:9000 GET`, "it takes no mTLS, so no caller has an identity there: PeerAuthentication default/mtls-plain is DISABLE"},
	} {
		in := compiler.Input{Others: []*source.File{others}, Files: []*source.File{source.New("x.zt", said)}}
		answer, diags := compiler.Why(context.Background(), in, source.NewText("<question>", c.ask))
		if diags.HasErrors() || len(answer.Cases) != 1 || answer.Cases[0].Unclear != c.why {
			t.Errorf("%s: %v\n%s", c.ask, diags, answer.Text())
		}
		in.Files[0] = source.New("x.zt", string(in.Files[0].Text)+"test \"x\" { expect allow "+c.ask+" }\n")
		_, diags = compiler.Compile(context.Background(), in)
		if !slices.ContainsFunc(diags, func(d diag.Diagnostic) bool {
			return d.Code == diag.ExpectFailed && strings.HasSuffix(d.Message, ": "+c.why)
		}) {
			t.Errorf("expect allow %s: %v", c.ask, diags)
		}
	}
}

// TestWhySaysWhichOfBoth asks about ports of which it is not known what they speak: each answer says what it is about, as a question
// that has this answer alone.
func TestWhySaysWhichOfBoth(t *testing.T) {
	in := compiler.Input{Files: []*source.File{source.New("x.zt", `workload web
workload api { port http 8080 }
deny all in default
allow web -> api
deny web -> api GET
`)}}
	for _, c := range []struct {
		ask  string
		want []string
	}{
		{"web -> api:81", []string{"web -> api:81 GET", "web -> api:81 { tcp }"}},
		{"plaintext -> web", []string{"plaintext -> web { http }", "plaintext -> web { tcp }"}},
		{"plaintext -> web:81", []string{"plaintext -> web:81 { http }", "plaintext -> web:81 { tcp }"}},
		{"plaintext -> other/* port 81", []string{"plaintext -> other/* { http port 81 }", "plaintext -> other/* { tcp port 81 }"}},
	} {
		in.Files = append(in.Files[:1], source.New("other.zt", "namespace other\nworkload pod\nallow all in other\n"))
		words := func(ask string) (out []string) {
			answer, diags := compiler.Why(context.Background(), in, source.NewText("<question>", ask))
			if diags.HasErrors() {
				t.Errorf("%s: %v", ask, diags)
			}
			for i := range answer.Cases {
				for j := range answer.Cases[i].Told {
					if w := answer.Cases[i].Told[j].Words; !strings.Contains(w, "pod") {
						out = append(out, w)
					}
				}
			}
			return out
		}
		got := words(c.ask)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.ask, got, c.want)
		}
		for _, w := range got {
			if again := words(w); !slices.Equal(again, []string{w}) {
				t.Errorf("%s is answered as %q", w, again)
			}
		}
	}
}

// TestSeveralProvidersAreNamed asks beside policies of two external authorizers, of which Istio asks neither: the report names both.
func TestSeveralProvidersAreNamed(t *testing.T) {
	others := source.New("others.yaml", `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: one, namespace: default}
spec: {action: CUSTOM, provider: {name: a}, rules: [{to: [{operation: {methods: [GET]}}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: two, namespace: default}
spec: {action: CUSTOM, provider: {name: b}, rules: [{to: [{operation: {methods: [GET]}}]}]}
`)
	_, diags := compiler.Compile(context.Background(), compiler.Input{Others: []*source.File{others}, Files: []*source.File{source.New("x.zt", `workload web
workload api { port http 8080 }
mtls strict in default
deny all in default
allow web -> api
test "t" { expect allow web -> api GET }
prove always web -> api GET
`)}})
	seen := 0
	for _, d := range diags {
		if d.Code != diag.ExpectFailed && d.Code != diag.ProofFailed {
			continue
		}
		seen++
		const why = " refuses it: several providers are named for one workload, and Istio asks none of them"
		if want := []string{"rule[0] of default/one (others.yaml:4:53)" + why, "rule[0] of default/two (others.yaml:9:53)" + why}; !slices.Equal(d.Notes, want) {
			t.Errorf("%s: %q", d.Message, d.Notes)
		}
	}
	if seen != 2 {
		t.Errorf("%d of 2 fail: %v", seen, diags)
	}
}

// TestOnlyAsksThePortThatItNames proves something of a target whose declared port others refuse: something passes on ports that
// nobody declares, and nothing on that one.
func TestOnlyAsksThePortThatItNames(t *testing.T) {
	others := source.New("others.yaml", `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: one, namespace: default}
spec: {action: DENY, rules: [{to: [{operation: {ports: ["5432"]}}]}]}
`)
	for proof, holds := range map[string]bool{"prove only orders -> db": true, "prove only orders -> db:5432": false} {
		_, diags := compiler.Compile(context.Background(), compiler.Input{Others: []*source.File{others}, Files: []*source.File{source.New("x.zt", `workload orders
workload db { port 5432 tcp }
mtls strict in default
deny all in default
allow orders -> db
`+proof+"\n")}})
		if diags.HasErrors() == holds || !holds && diags[0].Code != diag.Unanswerable {
			t.Errorf("%s: %v", proof, diags)
		}
	}
}
