package compiler_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// TestNamespacePatterns wants exactly those patterns of a namespace refused that Istio reads as something else than they say:
// each short one is compared with Istio's regular expression over identities of the words that can confuse it.
func TestNamespacePatterns(t *testing.T) {
	if testing.Short() {
		t.Skip("asks regular expressions half a million times")
	}
	var literals []string
	for n, last := 0, []string{""}; n < 3; n++ {
		var next []string
		for _, s := range last {
			for _, c := range "ansx" {
				next = append(next, s+string(c))
			}
		}
		literals, last = append(literals, next...), next
	}
	words := append([]string{"ans", "nsa", "sans"}, literals...)
	refused := 0
	for _, lit := range literals {
		for _, v := range []string{lit, lit + "*", "*" + lit} {
			says := regexp.MustCompile("^" + strings.ReplaceAll(v, "*", ".*") + "$")
			istio := regexp.MustCompile("^.*/ns/" + strings.ReplaceAll(v, "*", ".*") + "/.*$")
			other := ""
			for _, domain := range []string{"x.example", "ns", "sa", "n", "s"} {
				for _, namespace := range words {
					for _, account := range []string{"x", "ns", "sa", "a"} {
						if id := "spiffe://" + domain + "/ns/" + namespace + "/sa/" + account; istio.MatchString(id) != says.MatchString(namespace) {
							other = id
						}
					}
				}
			}
			text := "workload api { port http 8080 }\ndeny all in default\nallow namespace \"" + v + "\" -> api GET\n"
			_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("main.zt", text)}})
			got := false
			for _, d := range diags {
				got = got || d.Code == diag.BadNamespacePattern
				if d.Severity == diag.Error && d.Code != diag.BadNamespacePattern {
					t.Errorf("%q: %s", v, d.Message)
				}
			}
			if got != (other != "") {
				t.Errorf("%q is refused: %v; it is misread of %q", v, got, other)
			}
			if got {
				refused++
			}
		}
	}
	if refused != 10 {
		t.Errorf("%d patterns are refused, want ten", refused)
	}
}
