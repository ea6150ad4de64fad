package compiler_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/internal/linetest"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
)

// golden is the input of one archive.
type golden struct {
	name  string
	files []txtar.File
}

func goldens(t testing.TB) []golden {
	t.Helper()
	names, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil || len(names) < 60 {
		t.Fatal("archives are missing", len(names), err)
	}
	var out []golden
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		given := slices.DeleteFunc(a.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "want.") })
		out = append(out, golden{strings.TrimSuffix(filepath.Base(name), ".txtar"), given})
	}
	return out
}

// with returns the files with another text for one of them.
func with(files []txtar.File, i int, text string) []txtar.File {
	out := slices.Clone(files)
	out[i].Data = []byte(text)
	return out
}

// mustHold compiles and checks what holds of every input: no panic, no output together with an error, nothing that only a bug can
// say, and the same whatever the order of files.
func mustHold(t *testing.T, in compiler.Input) (compiler.Output, diag.List) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("panic: %v\n%s\n%s", p, debug.Stack(), show(in))
		}
	}()
	out, diags := compiler.Compile(context.Background(), in)
	if diags.HasErrors() && len(out.Objects) > 0 {
		t.Fatalf("objects together with an error\n%s\n%s", show(in), brief(diags))
	}
	for _, d := range diags {
		if d.Code == diag.Internal {
			t.Fatalf("%s\n%s", d.Message, show(in))
		}
	}
	if len(in.Files)+len(in.Inventory) > 2 {
		in.Files, in.Inventory = slices.Clone(in.Files), slices.Clone(in.Inventory)
		slices.Reverse(in.Files)
		slices.Reverse(in.Inventory)
		again, more := compiler.Compile(context.Background(), in)
		if !bytes.Equal(again.YAML(), out.YAML()) || brief(more) != brief(diags) {
			t.Fatalf("the order of files matters\n%s\n--- diagnostics\n%s--- reversed\n%s", show(in), brief(diags), brief(more))
		}
	}
	return out, diags
}

func show(in compiler.Input) string {
	var b strings.Builder
	for _, f := range in.Files {
		fmt.Fprintf(&b, "-- %s --\n%.4000q\n", f.Name, f.Text)
	}
	return b.String()
}

// mutate makes one small change: a token dropped, doubled, swapped with the next one or replaced by another of its kind, a line
// dropped or doubled, a byte changed, or the end cut off.
func mutate(r *rand.Rand, text string) string {
	if text == "" {
		return "*"
	}
	var toks []scan.Token
	for s := scan.New(text); ; {
		t := s.Next()
		if t.Kind == scan.EOF {
			break
		}
		toks = append(toks, t)
	}
	at := r.IntN(len(text))
	if len(toks) > 1 {
		i := r.IntN(len(toks) - 1)
		a, b := toks[i], toks[i+1]
		switch r.IntN(12) {
		case 0:
			return text[:a.Start] + text[a.End:]
		case 1:
			return text[:a.End] + " " + text[a.Start:]
		case 2:
			return text[:a.Start] + text[b.Start:b.End] + text[a.End:b.Start] + text[a.Start:a.End] + text[b.End:]
		case 3, 4, 5, 6, 7: // one token in the place of another, which mostly is a program again
			same := slices.DeleteFunc(slices.Clone(toks), func(c scan.Token) bool { return c.Kind != a.Kind })
			c := same[r.IntN(len(same))]
			return text[:a.Start] + text[c.Start:c.End] + text[a.End:]
		case 8, 9:
			lines := strings.SplitAfter(text, "\n")
			i := r.IntN(len(lines))
			return strings.Join(slices.Delete(lines, i, i+1), "")
		case 10:
			lines := strings.SplitAfter(text, "\n")
			i := r.IntN(len(lines))
			return strings.Join(slices.Insert(lines, r.IntN(len(lines)), lines[i]), "")
		}
	}
	if r.IntN(2) == 0 {
		return text[:at]
	}
	return text[:at] + string([]byte{byte(r.IntN(256))}) + text[at+1:]
}

// TestMutants compiles goldens with a few small changes each.
func TestMutants(t *testing.T) {
	each := 60
	if testing.Short() {
		each = 6
	}
	compiled, refused := 0, 0
	for n, g := range goldens(t) {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		for i, f := range g.files {
			if f.Name == "judge.json" {
				continue // is not read
			}
			for range each {
				text := string(f.Data)
				for range 1 + r.IntN(3)/2 {
					text = mutate(r, text)
				}
				_, diags := mustHold(t, input(with(g.files, i, text)))
				compiled++
				if diags.HasErrors() {
					refused++
				}
			}
		}
	}
	t.Logf("%d mutants, %d of them refused", compiled, refused)
	if compiled < 60*each || refused < compiled/4 || refused == compiled {
		t.Errorf("the mutants test little: %d, and %d refused", compiled, refused)
	}
}

// apart puts a comment and a blank line after each line; after a comment no blank line, for one may end what a waiver is for.
func apart(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(line)
		if strings.HasSuffix(line, "\n") {
			b.WriteString("# x\n")
			if !strings.HasPrefix(strings.TrimSpace(line), "#") {
				b.WriteString("\n")
			}
		}
	}
	return b.String()
}

// TestLineEnds compiles goldens with CRLF, without a last line end and with blank lines in between: none of it has a meaning.
func TestLineEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles each golden four times")
	}
	for _, g := range goldens(t) {
		want, _ := mustHold(t, input(g.files))
		for name, change := range map[string]func(string) string{
			"CRLF":    func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
			"no end":  func(s string) string { return strings.TrimRight(s, "\n") },
			"comment": apart,
		} {
			files := slices.Clone(g.files)
			for i := range files {
				if strings.HasSuffix(files[i].Name, ".zt") && !bytes.Contains(files[i].Data, []byte("\r")) {
					files[i].Data = []byte(change(string(files[i].Data)))
				}
			}
			got, diags := mustHold(t, input(files))
			if !bytes.Equal(got.YAML(), want.YAML()) {
				t.Errorf("%s: %s changes the output\n%s", g.name, name, brief(diags))
			}
		}
	}
}

// TestOneLine deletes and comments out every line of every golden: no other statement changes without an error.
func TestOneLine(t *testing.T) {
	if testing.Short() {
		t.Skip("reads each golden twice a line")
	}
	edits, loud := 0, 0
	for _, g := range goldens(t) {
		for _, f := range g.files {
			if !strings.HasSuffix(f.Name, ".zt") {
				continue
			}
			if _, diags := lang.Parse(source.New(f.Name, string(f.Data))); diags.HasErrors() {
				continue // its statements are in doubt already
			}
			silent, e, l := linetest.OneLine(string(f.Data))
			for _, s := range silent {
				t.Errorf("%s/%s: %s", g.name, f.Name, s)
			}
			edits, loud = edits+e, loud+l
		}
	}
	if edits < 900 || loud < 10 || loud == edits {
		t.Errorf("%d edits, %d of them errors: the goldens show nothing", edits, loud)
	}
}

// TestHostile compiles what nobody writes by accident: a diagnostic each, in bounded time.
func TestHostile(t *testing.T) {
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	rule := "deny all in default\nallow web -> db GET"
	cases := map[string]string{
		"nul":                    rule + "\x00\n",
		"invalid utf-8":          rule + " \"/\xff\xfe\"\n",
		"byte order mark":        "\ufeff" + rule + "\n",
		"line separator":         rule + "\u2028allow x -> db\n",
		"a lone CR":              rule + "\rallow x -> db\n",
		"parentheses":            rule + " when " + many("(", 200_000) + "\n",
		"closed parentheses":     rule + " when " + many("(", 20_000) + `sni is present` + many(")", 20_000) + "\n",
		"brackets":               rule + " when header" + many("[", 200_000) + "\n",
		"not not":                rule + " when " + many("not ", 90_000) + "sni is present\n",
		"blocks":                 many("policy p {\n", 50_000),
		"closing braces":         rule + many("}\n", 50_000),
		"inner blocks":           "allow web -> db " + many("{ ", 50_000) + "\n",
		"a comma list":           "group g = " + many("a, ", 200_000) + "a\n",
		"commas":                 "group g = " + many(",", 200_000) + "\n",
		"a group of itself":      rule + "\ngroup a = b\ngroup b = a\nallow a -> db\n",
		"a policy of itself":     "deny all in default\npolicy p {\n use p()\n}\nuse p()\n",
		"open strings":           many("allow \"\n", 50_000),
		"broken escapes":         rule + ` "/` + many(`\u`, 100_000) + "\"\n",
		"a long name":            "deny all in default\nallow " + many("a", 1<<20) + " -> db\n",
		"a large number":         rule + " port " + many("9", 1<<20) + "\n",
		"doubling groups":        doubling(40, "group g%d = g%d, g%d\n", "group g0 = web\n") + "deny all in default\nallow g40 -> db\n",
		"doubling groups, to":    doubling(40, "group g%d = g%d, g%d\n", "group g0 = web\n") + "deny all in default\nallow web -> g40\n",
		"a group of large ones":  doubling(16, "group g%d = g%d, g%d\n", "group g0 = web\n") + "group all-of = " + many("g16, ", 20_000) + "g16\ndeny all in default\nallow all-of -> db\nallow web -> all-of\n",
		"a set of large ones":    doubling(16, "paths g%d = g%d, g%d\n", "paths g0 = \"/x\"\n") + "paths all-of = " + many("g16, ", 20_000) + "g16\ndeny all in default\nallow web -> db all-of\n",
		"doubling sets":          doubling(40, "methods m%d = m%d, m%d\n", "methods m0 = GET\n") + "deny all in default\nallow web -> db m40\n",
		"doubling policies":      doubling(31, "policy p%d {\n  use p%d()\n  use p%d()\n}\n", "policy p0 {\n  allow web -> db GET\n}\n") + "deny all in default\nuse p31()\n",
		"a chain of groups":      "deny all in default\nallow g5000 -> db\n" + doubling(5000, "group g%[1]d = g%[2]d\n", "group g0 = web\n"),
		"a chain of policies":    doubling(5000, "policy p%[1]d(x) {\n  use p%[2]d(x)\n}\n", "policy p0(x) {\n  allow web -> x GET\n}\n") + "deny all in default\nuse p5000(db)\n",
		"a ring of policies":     doubling(100, "policy p%[1]d(x) {\n  use p%[2]d(x)\n}\n", "policy p0(x) {\n  use p100(x)\n}\n") + "deny all in default\nuse p50(db)\n",
		"errors multiply":        doubling(12, "policy p%d(x) {\n  use p%d(x)\n  use p%d(x)\n}\n", "policy p0(x) {\n  allow web -> x port 0 \"y\"\n}\n") + "deny all in default\nuse p12(db)\n",
		"warnings multiply":      doubling(16, "paths g%d = g%d, g%d\n", "paths g0 = \"/x*\"\n") + "deny all in default\nallow web -> db g16, g16, g16 port 0\n",
		"exceptions multiply":    "deny all in default\nallow web -> db {\n" + many("  GET \"/a\" host \"a\" port 1\n", 20) + "} except " + strings.TrimSuffix(many(`GET "/b" port 2, `, 40), ", ") + "\n",
		"conditions multiply":    rule + " when " + strings.TrimSuffix(many(`(sni == "a" or header["x"] == "b") and `, 40), " and ") + "\n",
		"many of one letter":     many("a", 8<<20),
		"many spaces":            many(" ", 8<<20),
		"many lines":             many("\n", 8<<20),
		"many hashes":            many("#", 8<<20),
		"many quotes":            many(`"`, 8<<20),
		"many braces":            many("{", 2<<20),
		"many parentheses":       many("(", 2<<20),
		"many semicolons":        many(";", 8<<20),
		"many nul":               many("\x00", 8<<20),
		"many bad bytes":         many("\xff", 8<<20),
		"a hundred megabytes":    many("a", 100<<20),
		"two hundred mebi lines": many("\n", 200<<20),
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		if testing.Short() && len(cases[name]) > 8<<20 {
			continue // which is refused by its size
		}
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			out, diags := mustHold(t, compiler.Input{Files: []*source.File{source.New("x.zt", cases[name])}})
			took := time.Since(start)
			harmless := name == "many spaces" || name == "many lines" || name == "many hashes" || name == "many semicolons"
			if !harmless && !diags.HasErrors() {
				t.Errorf("%d objects and no error\n%s", len(out.Objects), brief(diags))
			}
			if len(diags) > 1000 {
				t.Errorf("%d diagnostics", len(diags))
			}
			if took > 2*time.Minute { // a hang, not a speed: the race detector and a busy machine are slow
				t.Errorf("took %s", took)
			}
		})
	}
}

// doubling writes n definitions that each name the one before twice.
func doubling(n int, line, first string) string {
	var b strings.Builder
	b.WriteString(first)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, line, i, i-1, i-1)
	}
	return b.String()
}

// TestHostileImports reads imports in circles, in long chains and out of the tree.
func TestHostileImports(t *testing.T) {
	chain := fstest.MapFS{}
	wide := fstest.MapFS{}
	for i := range 100 {
		chain[fmt.Sprintf("c%d.zt", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "import \"./c%d.zt\" as next\ngroup g = default/web\n", i+1)}
		wide[fmt.Sprintf("w%d.zt", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "import \"./w%d.zt\" as a\nimport \"./w%d.zt\" as b\n", (i+1)%100, (i+2)%100)}
	}
	for name, c := range map[string]struct {
		text string
		fsys fs.FS
		code diag.Code
	}{
		"itself":       {`import "./x.zt"`, fstest.MapFS{"x.zt": {Data: []byte(`import "./x.zt"`)}}, diag.ImportCycle},
		"a circle":     {`import "./a.zt"`, fstest.MapFS{"a.zt": {Data: []byte(`import "./b.zt"`)}, "b.zt": {Data: []byte(`import "./a.zt"`)}}, diag.ImportCycle},
		"a long chain": {`import "./c0.zt"`, chain, diag.ImportFailed},
		"a web":        {`import "./w0.zt"`, wide, diag.ImportFailed},
		"out":          {`import "../../x.zt"`, fstest.MapFS{}, diag.ImportFailed},
		"a directory":  {`import "./d.zt"`, fstest.MapFS{"d.zt/x": {}}, diag.ImportFailed},
		"no system":    {`import "./a.zt"`, nil, diag.ImportFailed},
		"nul":          {`import "./\u0000.zt"`, fstest.MapFS{}, diag.ImportFailed},
	} {
		t.Run(name, func(t *testing.T) {
			in := compiler.Input{Files: []*source.File{source.New("x.zt", c.text+"\n")}, FS: c.fsys}
			_, diags := mustHold(t, in)
			if !slices.ContainsFunc(diags, func(d diag.Diagnostic) bool { return d.Code == c.code }) {
				t.Errorf("no %s\n%s", c.code, brief(diags))
			}
		})
	}
}

// FuzzCompile compiles any program beside any manifest.
func FuzzCompile(f *testing.F) {
	for _, g := range goldens(f) {
		var program, manifests string
		for _, x := range g.files {
			switch {
			case strings.HasSuffix(x.Name, ".zt"):
				program += string(x.Data)
			case x.Name != "judge.json":
				manifests = string(x.Data)
			}
		}
		f.Add(program, manifests)
	}
	f.Fuzz(func(t *testing.T, program, manifests string) {
		if len(program)+len(manifests) > 1<<14 {
			return
		}
		half := len(program) / 2
		half += strings.IndexByte(program[half:], '\n') + 1
		in := compiler.Input{Options: compiler.Options{Now: "2026-06-01"}}
		in.Files = []*source.File{source.New("a.zt", program[:half]), source.New("b.zt", program[half:])}
		in.FS = fstest.MapFS{"lib.zt": {Data: []byte(program)}, "common.zt": {Data: []byte(program)}, "k8s/x.yaml": {Data: []byte(manifests)}}
		if manifests != "" {
			in.Inventory = []*source.File{source.New("k.yaml", manifests)}
		}
		mustHold(t, in)
	})
}
