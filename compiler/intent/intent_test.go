package intent_test

import (
	"testing"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/resolve"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/source"
)

// program resolves a program of one file. plain keeps plain rules unbuilt, as large builds do.
func program(t testing.TB, text string, plain bool) *ir.Program {
	t.Helper()
	parse := lang.Parse
	if plain {
		parse = lang.Skim
	}
	tree, diags := parse(source.New("main.zt", text))
	p, more := resolve.Program(resolve.Input{Units: []*resolve.Unit{{File: tree, Imports: map[string]*resolve.Unit{}}}})
	if diags = append(diags, more...); diags.HasErrors() {
		t.Fatalf("%s\n%v", text, diags)
	}
	return p
}

// TestUntil holds what is over to the page: an allow is gone, a deny and a baseline are not.
func TestUntil(t *testing.T) {
	p := program(t, `
workload web
workload api { port http 8080 }
deny all in default until 2026-01-31
allow web -> api until 2026-01-31
deny web -> api POST until 2026-01-31
audit web -> api until 2026-01-31
dry-run deny web -> api until 2026-01-31
delegate "opa" anyone -> api until 2026-01-31
`, false)
	for _, c := range []struct {
		now  string
		want int
	}{{"", 6}, {"2026-01-31", 6}, {"2026-02-01", 3}} {
		n := 0
		for _, s := range intent.Of(p, c.now).Scopes {
			n += len(s.Rules) + len(s.Baselines)
		}
		if n != c.want {
			t.Errorf("on %q %d statements are in force, want %d", c.now, n, c.want)
		}
	}
}
