package plane_test

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/emit/yaml"
	"github.com/zt-lang/ztc/lang/source"
)

// All that ztc emits reads as policies of others do, and has a meaning on each chain.
func TestGoldens(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/golden/*.txtar")
	if err != nil || len(archives) < 20 {
		t.Fatalf("%d archives, %v", len(archives), err)
	}
	mesh := &plane.Mesh{TrustDomain: "cluster.local", RootNamespace: "istio-system", Aliases: []string{"old"}}
	policies := 0
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if f.Name != "want.yaml" {
				continue
			}
			objs, err := yaml.Read(f.Data)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			docs, diags := istio.Read(source.New(name, string(f.Data)))
			if len(docs) != len(objs) || len(diags) > 0 {
				t.Errorf("%s: %d of %d objects are read as others' are: %v", name, len(docs), len(objs), diags)
				continue
			}
			for i, d := range docs {
				if !istio.Equal(d.Object, objs[i]) {
					t.Errorf("%s: %s is read differently", name, objs[i].Name)
				}
			}
			for _, c := range []plane.Chain{plane.HTTP, plane.TCP, plane.ZTunnel} {
				if _, err := mesh.Ladder(objs, c); err != nil {
					t.Errorf("%s on %v: %v", name, c, err)
				}
			}
			for _, o := range objs {
				if o.Kind == istio.AuthorizationPolicy {
					policies++
				}
			}
		}
	}
	if policies < 100 {
		t.Errorf("only %d policies", policies)
	}
}
