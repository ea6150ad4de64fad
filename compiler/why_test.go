package compiler_test

import (
	"context"
	"regexp"
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
