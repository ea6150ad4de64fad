package plane

import (
	"testing"

	"github.com/zt-lang/ztc/compiler/sem"
)

// A value of metadata, and of a claim, is one value.
func TestPossible(t *testing.T) {
	for _, c := range []struct {
		spec string
		want bool // a request is matched
	}{
		{`{"when":[{"key":"experimental.envoy.filters.a.b[c]","values":["v"]},{"key":"experimental.envoy.filters.a.b[c]","values":["w"]}]}`, false},
		{`{"when":[{"key":"experimental.envoy.filters.a.b[c]","values":["v"]},{"key":"experimental.envoy.filters.a.b[c]","values":["[v]"]}]}`, false},
		{`{"when":[{"key":"experimental.envoy.filters.a.b[c]","values":["[w]"]},{"key":"experimental.envoy.filters.a.b[c]","values":["[v]"]}]}`, true},
		{`{"when":[{"key":"experimental.envoy.filters.a.b[c]","values":["v"]},{"key":"experimental.envoy.filters.a.b[d]","values":["[v]"]}]}`, true},
		{`{"when":[{"key":"request.auth.claims[a]","values":["v"]},{"key":"request.auth.claims[a][b]","values":["v"]}]}`, false},
		{`{"when":[{"key":"request.auth.claims[a][b]","values":["v"]},{"key":"request.auth.claims[a][b][c]","values":["v"]}]}`, false},
		{`{"when":[{"key":"request.auth.claims[a]","values":["v"]},{"key":"request.auth.claims[a][b][c]","values":["v"]}]}`, false},
		{`{"when":[{"key":"request.auth.claims[a]","notValues":["v"]},{"key":"request.auth.claims[a][b]","values":["v"]}]}`, true},
		{`{"when":[{"key":"request.auth.claims[a]","values":["v"]},{"key":"request.auth.claims[a]","values":["w"]},{"key":"request.auth.claims[ab]","values":["v"]}]}`, true},
	} {
		rules, err := mesh.Rules(policy(t, `{"rules":[`+c.spec+`]}`), HTTP)
		if err != nil {
			t.Fatal(err)
		}
		x, attrs := rules[0].Holds(), map[sem.Attr]bool{}
		x.Attrs(attrs)
		space, err := sem.NewSpace(sem.Limits{}, Possible(attrs), nil, x)
		if err != nil {
			t.Fatal(err)
		}
		set, err := space.Set(x)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := space.Any(set); (d != nil) != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.spec, d, err)
		}
	}
}
