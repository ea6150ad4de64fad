package format

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
)

var update = flag.Bool("update", false, "rewrite the wanted texts")

func formatted(text string) string {
	out, _ := Source(source.New("x.zt", text))
	return string(out)
}

// TestLayout formats the first file of each archive and wants the second.
func TestLayout(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil || len(a.Files) != 2 {
			t.Fatalf("%s: %d files, %v", name, len(a.Files), err)
		}
		got := formatted(string(a.Files[0].Data))
		if *update {
			a.Files[1].Data = []byte(got)
			if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(string(a.Files[1].Data), got); diff != "" {
			t.Errorf("%s: go test -update rewrites it\n%s", name, diff)
		}
		if diff := cmp.Diff(got, formatted(got)); diff != "" {
			t.Errorf("%s: a second run changes more\n%s", name, diff)
		}
	}
}

func TestSmall(t *testing.T) {
	for in, want := range map[string]string{
		"":                                      "",
		"\n\n":                                  "",
		"# c":                                   "# c\n",
		"\n\n# c  \n\n\n# d\n\n":                "# c\n\n# d\n",
		"allow a->b":                            "allow a -> b\n",
		"allow a -> b;allow c -> d;":            "allow a -> b\nallow c -> d\n",
		"allow a -> b; # why":                   "allow a -> b  # why\n",
		"allow a -> b\r\nallow\tc -> d # x\r\n": "allow a -> b\r\nallow c -> d  # x\r\n",
		"mesh{}":                                "mesh {}\n",
		"mesh {\n}":                             "mesh {\n}\n",
		"mesh { # c\n}":                         "mesh {  # c\n}\n",
		"mesh {\n\n\n# c\n\n\n}\n":              "mesh {\n  # c\n}\n",
		"mesh{provider   \"a\"   grpc;providers  multiple}": "mesh { provider \"a\" grpc; providers multiple }\n",
		"namespace a{waypoint w;;\n\n;data-plane ambient}":  "namespace a {\n  waypoint w\n\n  data-plane ambient\n}\n",
		"group g = a,\nb":                           "group g = a,\n  b\n",
		"allow a -> b : http GET":                   "allow a -> b:http GET\n",
		"allow (a,b)as\"x\"->c":                     "allow (a, b) as \"x\" -> c\n",
		"use p ( a , b : c/d )":                     "use p(a, b: c/d)\n",
		"policy p ( a ) { use q (a) }":              "policy p(a) { use q(a) }\n",
		"pods p{a:b\nc : d}":                        "pods p {\n  a: b\n  c: d\n}\n",
		"workload w{labels a:b,\nc:d;port http 80}": "workload w {\n  labels a: b,\n    c: d\n  port http 80\n}\n",
	} {
		got := formatted(in)
		if got != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
		if again := formatted(got); again != got {
			t.Errorf("%q: a second run gives %q", got, again)
		}
	}
}

// A statement that cannot be read stays as it stands, the blanks before it included, and those beside it are formatted.
func TestBadStaysAsItStands(t *testing.T) {
	for in, want := range map[string]string{
		"allow a->b\nallow  a   b  !!  c\nallow c->d\n":       "allow a -> b\nallow  a   b  !!  c\nallow c -> d\n",
		"   allow  a   b  # why\nallow c->d":                  "   allow  a   b  # why\nallow c -> d\n",
		"allow a->b\n\n\n\t allow  a   b\n  allow c->d\n":     "allow a -> b\n\n\t allow  a   b\nallow c -> d\n",
		"allow a->b;   allow  a   b\n":                        "allow a -> b\nallow  a   b\n",
		"policy p ( a ) {\n     allow  a   b\n allow a->b\n}": "policy p(a) {\n     allow  a   b\n  allow a -> b\n}\n",
		"allow a->b {\n   GET   \"/a\"   !!\n}\nallow c->d\n": "allow a->b {\n   GET   \"/a\"   !!\n}\nallow c -> d\n",
		"allow a->b\r\n  allow  a   b\r\nallow c->d\r\n":      "allow a -> b\r\n  allow  a   b\r\nallow c -> d\r\n",
	} {
		got, diags := Source(source.New("x.zt", in))
		if !diags.HasErrors() {
			t.Errorf("%q: no error", in)
		}
		if string(got) != want {
			t.Errorf("%q\n got %q\nwant %q", in, got, want)
		}
		if again := formatted(string(got)); again != string(got) {
			t.Errorf("%q: a second run gives %q", in, again)
		}
	}
}

// corpus is every program of the examples and golden archives.
func corpus(t testing.TB) []string {
	var out []string
	err := filepath.WalkDir("../..", func(p string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		switch filepath.Ext(p) {
		case ".zt":
			b, err := os.ReadFile(p)
			out = append(out, string(b))
			return err
		case ".txtar":
			a, err := txtar.ParseFile(p)
			if err != nil {
				return err
			}
			for _, f := range a.Files {
				if strings.HasSuffix(f.Name, ".zt") {
					out = append(out, string(f.Data))
				}
			}
		}
		return nil
	})
	if err != nil || len(out) < 10 {
		t.Fatal(len(out), err)
	}
	return out
}

// keeps fails unless formatting keeps tokens and comments, is stable, and gives no new errors.
func keeps(t *testing.T, text string) {
	t.Helper()
	file := source.New("x.zt", text)
	out, diags := Source(file)
	if !same(text, string(out)) {
		t.Fatalf("%q\nbecomes %q: other tokens", text, out)
	}
	if again := formatted(string(out)); again != string(out) && !diags.HasErrors() {
		t.Fatalf("%q\nbecomes %q\nand then %q", text, out, again)
	}
	if diags.HasErrors() {
		return
	}
	if _, after := lang.Parse(source.New("x.zt", string(out))); after.HasErrors() {
		t.Fatalf("%q\nbecomes %q, which has an error: %s", text, out, after[0].Message)
	}
}

// Every blank of every program of the corpus may be missing, doubled or a line end more: the layout is the same text again.
func TestCorpus(t *testing.T) {
	changed := 0
	for _, text := range corpus(t) {
		keeps(t, text)
		keeps(t, strings.ReplaceAll(text, "\n", "\r\n"))
		if strings.Contains(text, "\r") {
			continue
		}
		var b strings.Builder
		for _, tok := range scan.All(text) {
			s := text[tok.Start:tok.End]
			if tok.Kind == scan.Space {
				s = strings.Repeat(" ", 3)
			}
			b.WriteString(s)
		}
		if loose := b.String(); loose != text {
			changed++
			if _, diags := lang.Parse(source.New("x.zt", text)); !diags.HasErrors() && formatted(loose) != formatted(text) {
				t.Errorf("blanks matter:\n%s", cmp.Diff(formatted(text), formatted(loose)))
			}
		}
	}
	if changed < 10 {
		t.Errorf("only %d programs were changed", changed)
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range corpus(f) {
		f.Add(s)
	}
	for _, s := range []string{"a ; ; \n ; } ; {", "{{{{\n}", "#\n;#", "(\n#\n)", "a {#\n#\n\n\n}", "\xff\r;\r\n", "a,;b\nallow", "\"x\n{"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { keeps(t, text) })
}

// same reports whether two texts have the same tokens and the same comments in the same order: what essence hashes, word by word.
func same(a, b string) bool { return slices.Equal(words(a), words(b)) }

func words(text string) []string {
	var out []string
	ended := false
	for _, t := range scan.All(text) {
		switch t.Kind {
		case scan.Space, scan.Newline:
		case scan.Term:
			ended = true
		case scan.Comment:
			out = append(out, strings.TrimRight(text[t.Start:t.End], " \t\r"))
		default:
			if ended {
				out = append(out, "")
				ended = false
			}
			out = append(out, t.Kind.String()+text[t.Start:t.End])
		}
	}
	return out
}

// TestNoText: what is no text, or of another encoding, stays to the byte.
func TestNoText(t *testing.T) {
	for _, text := range []string{"\xff\xfed\x00e\x00n\x00y\x00 \x00\n\x00", "deny  all in default\x00\n", "deny  all in default # \xe9\n"} {
		out, diags := Source(source.New("x.zt", text))
		if string(out) != text || !diags.HasErrors() {
			t.Errorf("%q becomes %q: %v", text, out, diags)
		}
	}
}
