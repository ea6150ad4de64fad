package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/lang/source"
)

// Whose a file is decides what is overwritten and removed: a doubt is always resolved against touching it.
func TestForeign(t *testing.T) {
	object := func(ns, more string) string {
		return "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  labels:\n    app.kubernetes.io/managed-by: ztc\n" + more +
			"  name: default-deny\n  namespace: " + ns + "\nspec: {}\n"
	}
	const partOf = "    app.kubernetes.io/part-of: p\n"
	ours := object("a", "")
	for _, c := range []struct {
		name, text, program string
		foreign, leftover   bool // leftover: as the file a.yaml
	}{
		{"empty", "", "", false, false},
		{"blanks", " \n\n", "", false, false},
		{"ours", ours, "", false, true},
		{"ours, with CRLF", strings.ReplaceAll(ours, "\n", "\r\n"), "", false, true},
		{"two of ours", ours + "---\n" + ours, "", false, true},
		{"of two namespaces", ours + "---\n" + object("b", ""), "", false, false},
		{"of another namespace", object("b", ""), "", false, false},
		{"of the program", object("a", partOf), "p", false, true},
		{"of a program whose name is a number", object("a", "    app.kubernetes.io/part-of: \"1\"\n"), "1", false, true},
		{"of a named program", object("a", partOf), "", true, false},
		{"of an unnamed program", ours, "p", true, false},
		{"of another program", object("a", partOf), "q", true, false},
		{"a comment", "# mine\n", "", true, false},
		{"one more object", ours + "---\nkind: Other\n", "", true, false},
		{"one more object after an end", ours + "...\nkind: Other\n", "", true, false},
		{"the label as an annotation", strings.Replace(ours, "  labels:", "  annotations:", 1), "", true, false},
		{"the label in a text", "metadata:\n  name: a\nspec:\n  labels:\n    app.kubernetes.io/managed-by: ztc\n", "", true, false},
		{"the label in a comment", "# app.kubernetes.io/managed-by: ztc\nkind: Other\n", "", true, false},
		{"managed by another", strings.Replace(ours, ": ztc\n", ": ztc2\n", 1), "", true, false},
		{"in another layout", strings.ReplaceAll(ours, "  ", "    "), "", true, false},
		{"no text", "\xff\x00", "", true, false},
		{"JSON", `{"kind": "List", "items": [{"metadata": {"namespace": "a", "labels": {"app.kubernetes.io/managed-by": "ztc"}}}]}`, "", false, true},
		{"JSON, one more object", `{"kind": "List", "items": [{"metadata": {"labels": {"app.kubernetes.io/managed-by": "ztc"}}}, {}]}`, "", true, false},
		{"JSON, no list", `{"kind": "ConfigMap", "metadata": {"labels": {"app.kubernetes.io/managed-by": "ztc"}}}`, "", true, false},
		{"damaged JSON", `{"kind": "List", "items": [`, "", true, false},
	} {
		if why := foreign([]byte(c.text), c.program); (why != "") != c.foreign {
			t.Errorf("%s: foreign says %q", c.name, why)
		}
		if owner, ok := builtBy("a.yaml", []byte(c.text)); (ok && owner == c.program) != c.leftover {
			t.Errorf("%s: built by %q, %v", c.name, owner, ok)
		}
	}
	if _, ok := builtBy("copy.yaml", []byte(ours)); ok {
		t.Error("a copy is taken for a file that a build made")
	}
	if _, ok := builtBy("kustomization.ns.yaml", []byte(object("kustomization", ""))); !ok {
		t.Error("the file of a namespace called kustomization is not known")
	}
	if _, ok := builtBy("a.yaml", []byte(ours+"---\n"+object("a", partOf))); ok {
		t.Error("a file of two programs is taken for one's")
	}
}

// Where a program lies, seen from its output, does not depend on the checkout, or is not said.
func TestWay(t *testing.T) {
	for _, c := range []struct{ dir, to, want string }{
		{"/a/out", "/a/b/c.zt", "../b/c.zt"},
		{"/a/b/out", "/a/c.zt", "../../c.zt"},
		{"/a/out", "/a/out/c.zt", "c.zt"},
		{"/tmp/out", "/home/b/c.zt", ""},
		{"/out", "/b/c.zt", ""},
		{"/", "/b/c.zt", ""},
	} {
		d := destination{path: c.dir}
		if got := d.way(c.to); got != c.want {
			t.Errorf("from %s to %s: %q, want %q", c.dir, c.to, got, c.want)
		}
	}
}

// TestSources: two programs whose files have the same names are told apart wherever the destination is.
func TestSources(t *testing.T) {
	files := []*source.File{source.New("../../a/policies.zt", ""), source.New(stdinName, "")}
	for _, c := range []struct{ dir, root, want string }{
		{"/src/out", "/src", "../a/policies.zt"},
		{"/tmp/out", "/src/one", "/src/one/a/policies.zt"},
		{"/tmp/out", "/src/two", "/src/two/a/policies.zt"},
		{"/tmp/out", "/src/a\nb", "/src/a\\nb/a/policies.zt"},
	} {
		d := destination{path: filepath.FromSlash(c.dir)}
		in := inputs{files: files, dir: "../../", rootPath: filepath.FromSlash(c.root)}
		if got := d.sources(&in); !slices.Equal(got, []string{c.want}) {
			t.Errorf("from %s to %s: %q, want %q", c.dir, c.root, got, c.want)
		}
	}
}
