package conformance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/source"
)

// emitted is YAML that ztc is known to emit, with why Istio may warn of it.
type emitted struct {
	name, yaml, warnings string
}

// corpusOfOurs are the goldens and the examples.
func corpusOfOurs(t *testing.T) (out []emitted) {
	t.Helper()
	archives, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil || len(archives) < 100 {
		t.Fatalf("%d goldens: %v", len(archives), err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		x := emitted{name: filepath.Base(name)}
		for _, f := range a.Files {
			switch f.Name {
			case "want.yaml":
				x.yaml = string(f.Data)
			case "judge.json":
				var s struct {
					AllowWarnings string `json:"allowWarnings"`
				}
				if err := json.Unmarshal(f.Data, &s); err != nil {
					t.Fatal(err)
				}
				x.warnings = s.AllowWarnings
			case "istio-warns":
				x.warnings = string(f.Data)
			}
		}
		if x.yaml != "" {
			out = append(out, x)
		}
	}
	examples := 0
	err = filepath.WalkDir("../examples", func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(p) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if strings.Contains(string(text), "security.istio.io") && !strings.Contains(string(text), "{{") {
			examples++
			out = append(out, emitted{name: p, yaml: string(text)})
		}
		return nil
	})
	if err != nil || examples == 0 {
		t.Fatalf("%d examples: %v", examples, err)
	}
	return out
}

// TestValidation asks Istio's webhook of all that is emitted: no error, and no warning that a golden does not give a reason for.
func TestValidation(t *testing.T) {
	objects := 0
	for _, x := range corpusOfOurs(t) {
		docs, diags := istio.Read(source.New(x.name, x.yaml))
		if diags.HasErrors() {
			t.Errorf("%s: %v", x.name, diags)
		}
		for _, d := range docs {
			objects++
			warning, err := istiod.Validate(d.Object)
			if err != nil {
				t.Errorf("%s: %s %s: %v", x.name, d.Object.Kind, d.Object.Name, err)
			}
			if warning != "" && x.warnings == "" { // why is a file of the golden: istio-warns
				t.Errorf("%s: %s %s: Istio warns: %s", x.name, d.Object.Kind, d.Object.Name, warning)
			}
		}
	}
	t.Logf("%d objects", objects)
	if objects < 200 {
		t.Errorf("only %d objects", objects)
	}
}
