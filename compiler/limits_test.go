package compiler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// lines writes n lines, %d their numbers.
func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)) + "\n")
	}
	return b.String()
}

// list writes n members of a list, %d their numbers.
func list(n int, format string) string {
	return strings.TrimSuffix(strings.ReplaceAll(lines(n, format+","), "\n", " "), ", ")
}

// TestLimits compiles programs past each limit of Istio and Kubernetes: what is emitted keeps them, and says all that was
// written; what cannot be split is an error.
func TestLimits(t *testing.T) {
	const closed = "workload api { port http 8080; port db 5432 tcp }\ndeny all in default\n"
	long := strings.Repeat("x", 200)
	for _, c := range []struct {
		name, text string
		principals int // different ones that are to be in the output
		paths      int
		objects    int // at least so many of AuthorizationPolicy, the baseline aside
		want       diag.Code
	}{
		{name: "rules", text: closed + lines(1300, `workload w%d`) + lines(1300, `allow w%d -> api "/p%d"`), principals: 1300, paths: 1300, objects: 3},
		{name: "rules of a deny", text: closed + lines(600, `workload w%d`) + lines(600, `deny w%d -> api "/p%d"`), principals: 600, paths: 600, objects: 2},
		{name: "accounts", text: closed + lines(40, `workload w%d`) + "group all-of-them = " + list(40, "w%d") + "\nallow all-of-them -> api\n", principals: 40, objects: 1},
		{name: "sources", text: closed + "allow (" + list(1200, `principal "x/ns/n%d/sa/a"`) + `) except principal "x/ns/n1/sa/b" -> api` + "\n", principals: 1200, objects: 1},
		{name: "sources with conditions of their own", text: closed +
			lines(250, `allow principal "x/ns/n%d/sa/a" from "10.0.%d.0/24" -> api`) + lines(250, `allow principal "x/ns/m%d/sa/a" from "10.1.%d.0/24" -> api`) +
			lines(250, `allow principal "x/ns/o%d/sa/a" from "10.2.%d.0/24" -> api`), principals: 750, objects: 1},
		{name: "paths", text: closed + "allow plaintext -> api " + list(4000, `"/`+long+`/%d"`) + "\n", paths: 4000, objects: 4},
		{name: "exceptions", text: closed + "allow plaintext -> api { http } except " + list(2000, `"/`+long+`/%d"`) + "\n", want: diag.ObjectTooLarge},
		{name: "alternatives", text: closed + "allow plaintext -> api { http }" +
			strings.ReplaceAll(lines(12, ` except GET "/a%d" host "h%d.example" port 8080`), "\n", "") + "\n", want: diag.TooManyAlternatives},
		{name: "alternatives beside long lists", text: closed + "group all-of-them = " + list(500, "account default/w%d") + "\n" +
			lines(3, "deny anyone except all-of-them -> api { http }"+strings.ReplaceAll(lines(11, ` except GET "/a%d"`), "\n", "")), want: diag.TooManyAlternatives},
		{name: "conditions", text: closed + "allow plaintext -> api when " + joined(400, `header["a%d"] == "x"`, " and ") + " and " + joined(9, `(header["b%d"] == "x" or header["c%d"] == "x")`, " and ") + "\n", want: diag.TooManyAlternatives},
		{name: "conditions that fall together", text: closed + "allow plaintext -> api when " + joined(9, `(header["a%d"] is absent or header["a%d"] == "x")`, " and ") + " and " +
			joined(3000, `(header["a1"] is absent or header["a1"] == "x")`, " and ") + "\n", want: diag.TooManyAlternatives},
		{name: "exceptions times targets", text: "group some = " + list(2500, "w%d") + "\ngroup others = " + list(2500, "v%d") + "\ndeny all in default\ndeny anyone except some -> others\n", want: diag.TooManyStatements},
		{name: "paths times targets", text: "paths some = " + list(2500, `"/w%d"`) + "\ngroup others = " + list(2500, "v%d") + "\ndeny all in default\nallow web -> others some\n", want: diag.TooManyStatements},
		{name: "a product of groups", text: "group some = " + list(1500, "w%d") + "\ngroup others = " + list(1500, "v%d") + "\ndeny all in default\nallow some -> others\n", want: diag.TooManyStatements},
		{name: "alternatives of many rules", text: closed + lines(40, "allow plaintext -> api:8080 when "+strings.ReplaceAll(joined(11, `(header["a%d"] == "xN" or header["b%d"] == "x")`, " and "), "N", "%d")), want: diag.TooManyAlternatives},
		{name: "labels of a selector", text: "workload web { labels " + list(4097, "l%d: x") + " }\ndeny all in default\nallow web -> web\n", want: diag.BadSetting},
		{name: "labels of pods", text: "pods many { " + list(4097, "l%d: x") + " }\nworkload web\ndeny all in default\nallow web -> many\n", want: diag.BadSetting},
		{name: "ports of mtls", text: "workload web\ndeny all in default\n" + lines(4098, "mtls permissive on web port %d")[len("mtls permissive on web port 0\n"):], want: diag.ObjectTooLarge},
		{name: "issuers", text: "workload web\ndeny all in default\nallow web as \"*\" -> web\n" + lines(4097, `jwt "https://i%d.example" on web`), want: diag.ObjectTooLarge},
		{name: "names of parts", text: closed + lines(1300, `workload w%d`) + lines(1300, `allow w%d -> api "/p%d"`) + "workload api-aa\nworkload api-ab\nallow w1 -> api-aa, api-ab\n", want: diag.NameCollision},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", c.text)}})
			codes := map[diag.Code]bool{}
			for _, d := range diags {
				if d.Severity == diag.Error {
					codes[d.Code] = true
				}
			}
			if c.want != "" {
				for _, d := range diags {
					if d.Severity == diag.Error && d.Span.File == nil {
						t.Errorf("no place: %s", d.Message)
					}
				}
				if !codes[c.want] || len(out.Objects) > 0 {
					t.Fatalf("errors %v, %d objects", codes, len(out.Objects))
				}
				return
			}
			if len(codes) > 0 {
				t.Fatalf("errors %v: %s", codes, brief(diags))
			}
			principals, paths, objects := map[string]bool{}, map[string]bool{}, 0
			for i := range out.Objects {
				o := &out.Objects[i]
				if len(o.YAML) > istio.MaxAnnotations {
					t.Errorf("%s has %d bytes", o.Name, len(o.YAML))
				}
				full, err := o.Decode()
				if err != nil {
					t.Fatal(err)
				}
				if bad := istio.Validate(full); len(bad) > 0 {
					t.Errorf("%s: %v", o.Name, bad)
				}
				rules := full.Authorization.GetRules()
				if len(rules) > 0 {
					objects++
				}
				for _, r := range rules {
					if len(r.From) > istio.MaxFrom {
						t.Errorf("%s has a rule of %d sources", o.Name, len(r.From))
					}
					for _, f := range r.From {
						for _, p := range f.Source.Principals {
							principals[p] = true
						}
						if n := len(f.Source.ServiceAccounts); n > 16 {
							t.Errorf("%s has %d service accounts", o.Name, n)
						}
					}
					for _, to := range r.To {
						for _, p := range to.Operation.Paths {
							paths[p] = true
						}
					}
				}
				if len(rules) > istio.MaxRules {
					t.Errorf("%s has %d rules", o.Name, len(rules))
				}
			}
			if len(principals) != c.principals || len(paths) != c.paths || objects < c.objects {
				t.Errorf("%d principals, %d paths, %d objects; want %d, %d, at least %d", len(principals), len(paths), objects, c.principals, c.paths, c.objects)
			}
		})
	}
}

// TestRefusals wants a refusal to say which bound it is that a rule is past, at the rule.
func TestRefusals(t *testing.T) {
	const closed = "workload api { port http 8080 }\ndeny all in default\n"
	for text, want := range map[string]string{
		"allow plaintext -> api when " + joined(13, `(header["a%d"] == "x" or header["b%d"] == "x")`, " and "):                                                         "this rule expands to more than 4096 Istio rules",
		"allow plaintext -> api when " + joined(500, `header["a%d"] == "x"`, " and ") + " and " + joined(9, `(header["b%d"] == "x" or header["c%d"] == "x")`, " and "): "this rule expands to more than 131072 conditions of all its Istio rules together",
		"allow plaintext -> api when " + joined(600, `header["a%d"] == "x"`, " and "):                                                                                  "this rule expands to one Istio rule of more than 512 conditions",
		"allow authenticated except " + list(6000, "account default/some-account-of-a-workload-%d") + " -> api":                                                        "the exceptions and conditions of one Istio rule of this allow have",
	} {
		_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", closed+text+"\n")}})
		found := false
		for _, d := range diags {
			found = found || strings.HasPrefix(d.Message, want) && d.Span.File != nil && strings.HasPrefix(d.Span.Text(), "allow")
		}
		if !found {
			t.Errorf("%.60s: want %q\n%s", text, want, brief(diags))
		}
	}
}

// TestDeadAllows wants one diagnostic for a deny that leaves several allows nothing to do, with each of the first ones.
func TestDeadAllows(t *testing.T) {
	text := "workload api { port http 8080 }\ndeny all in default\ndeny anyone -> api\n" + lines(12, `allow plaintext -> api "/p%d"`)
	_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", text)}})
	n := 0
	for _, d := range diags {
		if d.Code != diag.DenyShadowsAllow {
			continue
		}
		n++
		if len(d.Related) != 8 || len(d.Notes) != 2 || d.Notes[1] != "4 more allows are dead" {
			t.Errorf("%d related, notes %q", len(d.Related), d.Notes)
		}
	}
	if n != 1 {
		t.Errorf("%d diagnostics of a deny: %s", n, brief(diags))
	}
}
