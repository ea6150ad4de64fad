package manifest

import (
	"slices"
	"testing"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// TestObjects wants the objects of a file, and nothing said of texts that are none, such as a chart and its values.
func TestObjects(t *testing.T) {
	for text, want := range map[string]struct {
		names []string
		code  diag.Code
	}{
		"name: chart\napiVersion: v2\n":                      {},
		"replicas: 1\n":                                      {},
		"apiVersion: v1\nmetadata: {name: a}\n":              {code: diag.InventoryNoKind},
		"kind: Pod\nmetadata: {name: a}\n":                   {code: diag.InventoryMissing},
		"apiVersion: v1\nkind: Pod\n---\nkind: X\n":          {names: []string{"v1 Pod", " X"}},
		"apiVersion: v1\nkind: PodList\nitems: [{}, {a: b}]": {names: []string{"v1 Pod", "v1 Pod"}},
	} {
		for _, above := range []int{LongList, 0} {
			var names []string
			var diags diag.List
			for _, p := range Split(nil, source.New("x.yaml", text), Kinds{"Pod": {""}}, above) {
				r := Reader{Piece: p}
				r.Objects(func(o Object) { names = append(names, o.Version+" "+o.Kind) })
				diags = append(diags, r.Diags...)
			}
			if !slices.Equal(names, want.names) || len(diags) > 1 || len(diags) == 1 && diags[0].Code != want.code || len(diags) == 0 && want.code != "" {
				t.Errorf("%q: %v, %v", text, names, diags)
			}
		}
	}
}
