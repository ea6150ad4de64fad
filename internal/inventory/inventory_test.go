package inventory

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

var update = flag.Bool("update", false, "rewrite the want sections of testdata")

// archive reads the manifests of an archive, and what they are wanted to say.
func archive(t testing.TB, name string) (files []*source.File, want string) {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		files = append(files, source.New(f.Name, string(f.Data)))
	}
	return files, want
}

func archives(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 4 {
		t.Fatalf("%d archives, %v", len(names), err)
	}
	return names
}

// TestArchives holds all fields of the inventory, and all diagnostics, to the want section of each archive.
func TestArchives(t *testing.T) {
	for _, name := range archives(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			files, want := archive(t, name)
			inv, diags := Parse(files)
			got := show(inv) + showDiags(diags)
			if *update {
				a, _ := txtar.ParseFile(name)
				a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
				a.Files = append(a.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// show prints every field of an inventory.
func show(inv *ir.Inventory) string {
	var b strings.Builder
	for _, n := range inv.Namespaces {
		fmt.Fprintf(&b, "namespace %s %s at %s\n", n.Namespace, n.Name, n.Span)
	}
	for _, n := range inv.Accounts {
		fmt.Fprintf(&b, "account %s/%s at %s\n", n.Namespace, n.Name, n.Span)
	}
	for _, w := range inv.Workloads {
		account := w.Account
		if w.DefaultAccount {
			account += " (none named)"
		}
		fmt.Fprintf(&b, "%s %s/%s at %s %q\n\taccount %s\n\tlabels %s\n\tselector %s\n",
			w.Kind, w.Namespace, w.Name, w.Span, w.Span.Text(), account, showLabels(w.Labels), showLabels(w.Selector))
		if w.Gateway {
			b.WriteString("\ta gateway\n")
		}
		if g := w.Guard; g != nil {
			fmt.Fprintf(&b, "\tno proxy %d %q, around %v only %v %q\n", g.NoProxy, g.Span.Text(), g.Around, g.Only, g.PortSpan.Text())
		}
		for _, p := range w.Ports {
			fmt.Fprintf(&b, "\tport %d %q %s at %s %q\n", p.Number, p.Name, p.Protocol, p.Span, p.Span.Text())
		}
	}
	for _, s := range inv.Services {
		fmt.Fprintf(&b, "Service %s/%s at %s\n\tselector %s\n", s.Namespace, s.Name, s.Span, showLabels(s.Selector))
		for _, p := range s.Ports {
			fmt.Fprintf(&b, "\tport %d %q to %d %q %s\n", p.Number, p.Name, p.Target, p.TargetName, p.Protocol)
		}
	}
	return b.String()
}

func showLabels(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, k+"="+m[k])
	}
	return "{" + strings.Join(out, ", ") + "}"
}

func showDiags(diags diag.List) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "%s: %s[%s]: %s (%q)\n", d.Span, d.Severity, d.Code, d.Message, d.Span.Text())
		for _, r := range d.Related {
			fmt.Fprintf(&b, "\t%s: %s\n", r.Span, r.Message)
		}
		for _, f := range d.Fixes {
			for _, e := range f.Edits {
				fmt.Fprintf(&b, "\tfix: %s -> %s\n", e.Span.Text(), e.New)
			}
		}
	}
	return b.String()
}

// anywhere compares inventories without their places.
var anywhere = cmp.Options{cmpopts.IgnoreTypes(source.Span{}), cmpopts.EquateEmpty()}

// documents parts a file at its separators.
func documents(f *source.File) []string {
	var out []string
	for _, p := range manifest.Split(nil, f, kinds, splitAbove) {
		out = append(out, p.Text())
	}
	return out
}

// TestOrder shuffles files, and the documents of all files into other files, and wants the same inventory.
func TestOrder(t *testing.T) {
	for _, name := range archives(t) {
		files, _ := archive(t, name)
		want, wantDiags := Parse(files)
		rng := rand.New(rand.NewPCG(1, 2))
		for range 20 {
			rng.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
			got, gotDiags := Parse(files)
			if d := cmp.Diff(show(want)+showDiags(wantDiags), show(got)+showDiags(gotDiags)); d != "" {
				t.Fatalf("%s: order of files: -want +got\n%s", name, d)
			}

			var docs []string
			for _, f := range files {
				docs = append(docs, documents(f)...)
			}
			rng.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
			var mixed []*source.File
			for i, d := range docs {
				mixed = append(mixed, source.New(fmt.Sprintf("%d.yaml", i), d))
			}
			got, _ = Parse(mixed)
			if d := cmp.Diff(want, got, anywhere); d != "" {
				t.Fatalf("%s: order of documents: -want +got\n%s", name, d)
			}
		}
	}
}

// TestLineEnds wants files with CRLF, and with a byte order mark, to say the same at the same lines and columns.
func TestLineEnds(t *testing.T) {
	for _, name := range archives(t) {
		files, _ := archive(t, name)
		inv, diags := Parse(files)
		want := show(inv) + showDiags(diags)
		var crlf, bom []*source.File
		for _, f := range files {
			crlf = append(crlf, source.New(f.Name, strings.ReplaceAll(f.Text, "\n", "\r\n")))
			bom = append(bom, source.New(f.Name, "\ufeff"+f.Text))
		}
		inv, diags = Parse(crlf)
		if d := cmp.Diff(want, show(inv)+showDiags(diags)); d != "" {
			t.Errorf("%s: CRLF: -want +got\n%s", name, d)
		}
		got, gotDiags := Parse(bom)
		if d := cmp.Diff(inv, got, anywhere); d != "" {
			t.Errorf("%s: byte order mark: -want +got\n%s", name, d)
		}
		if len(diags) != len(gotDiags) {
			t.Errorf("%s: byte order mark: %d diagnostics, want %d", name, len(gotDiags), len(diags))
		}
	}
}

// TestSplitLists wants lists to say the same whether they are read whole or item by item.
func TestSplitLists(t *testing.T) {
	defer func(n int) { splitAbove = n }(splitAbove)
	for _, name := range archives(t) {
		files, _ := archive(t, name)
		inv, diags := Parse(files)
		want := show(inv) + showDiags(diags)
		pieces := len(manifest.Split(nil, files[0], kinds, splitAbove))
		splitAbove = 0
		if strings.HasSuffix(name, "dump.txtar") && len(manifest.Split(nil, files[0], kinds, splitAbove)) != 6 {
			t.Errorf("%s: the list of 6 items has %d pieces, and %d whole", name, len(manifest.Split(nil, files[0], kinds, splitAbove)), pieces)
		}
		inv, diags = Parse(files)
		if d := cmp.Diff(want, show(inv)+showDiags(diags)); d != "" {
			t.Errorf("%s: -whole +split\n%s", name, d)
		}
		splitAbove = 1 << 20
	}
}
