package diag

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/zt-lang/ztc/lang/source"
)

// TestCatalogueStyle holds every row to the style of the catalogue.
func TestCatalogueStyle(t *testing.T) {
	code := regexp.MustCompile(`^ZT\d{4}$`)
	seen := map[Code]bool{}
	titles := map[string]Code{}
	for _, i := range All() {
		bad := func(format string, args ...any) { t.Helper(); t.Errorf(string(i.Code)+": "+format, args...) }
		if !code.MatchString(string(i.Code)) {
			bad("not a code")
		}
		if seen[i.Code] {
			bad("stands twice in the catalogue")
		}
		seen[i.Code] = true
		if msg := words(i.Title, 60); msg != "" {
			bad("title %q %s", i.Title, msg)
		}
		if other, twice := titles[i.Title]; twice {
			bad("has the title of %s", other)
		}
		titles[i.Title] = i.Code
		if len(i.Explanation) < 30 || !strings.HasSuffix(strings.TrimSpace(i.Explanation), ".") {
			bad("explanation %q is not one or more sentences", i.Explanation)
		}
		if i.Internal && i.Example != "" {
			bad("is internal and has an example")
		}
		if !i.Internal && i.Example == "" {
			bad("has no example")
		}
		if i.Fixed != "" && i.Fixed == i.Example {
			bad("the fixed program is the example")
		}
		for _, s := range []string{i.Title, i.Explanation} {
			if w := blaming.FindString(s); w != "" {
				bad("says %q", w)
			}
		}
		family := 0
		for _, f := range Families() {
			if strings.HasPrefix(string(i.Code), f.Prefix) {
				family++
			}
		}
		if family != 1 {
			bad("belongs to %d families", family)
		}
	}
	if len(seen) < 12 {
		t.Errorf("only %d codes", len(seen))
	}
}

// blaming are words that a message has no use for.
var blaming = regexp.MustCompile(`(?i)\b(please|sorry|illegal|oops|obviously|simply|stupid|wrong user)\b|![^=]|!$`)

// words says what is wrong with the style of a title or message, "" when nothing is.
func words(s string, limit int) string {
	first := []rune(s + " ")[0]
	word, _, _ := strings.Cut(s, " ")
	switch {
	case s == "" || strings.TrimSpace(s) != s:
		return "is empty, or has space around it"
	case unicode.IsUpper(first) && word != strings.ToUpper(word) && !proper[strings.TrimRight(word, "',s")]:
		return "starts in upper case"
	case strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "..."):
		return "ends in a full stop"
	case len(s) > limit:
		return "is too long"
	case strings.Contains(s, "\n"):
		return "has several lines"
	}
	return ""
}

// proper are names that keep their capital, kinds of Kubernetes among them.
var proper = map[string]bool{"Istio": true, "Kubernetes": true, "Envoy": true, "Service": true}

// TestMessageStyle holds every message that is written out in a call of List.Add to the same style.
func TestMessageStyle(t *testing.T) {
	messages := 0
	fset := token.NewFileSet()
	err := filepath.WalkDir("../..", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && (e.Name() == "testdata" || e.Name() == ".git") {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, 0)
		if err != nil {
			return nil // the compiler will say so
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 3 {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Add" {
				return true
			}
			lit, ok := call.Args[2].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			msg, err := strconv.Unquote(lit.Value)
			if err != nil {
				return true
			}
			messages++
			if why := words(msg, 220); why != "" {
				t.Errorf("%s: message %q %s", fset.Position(lit.Pos()), msg, why)
			}
			if w := blaming.FindString(strings.ReplaceAll(msg, "!=", "")); w != "" {
				t.Errorf("%s: message %q says %q", fset.Position(lit.Pos()), msg, w)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if messages < 20 {
		t.Errorf("only %d messages were found", messages)
	}
}

// TestDocs holds docs/diagnostics.md to the catalogue.
func TestDocs(t *testing.T) {
	page := Markdown()
	golden(t, filepath.Join("..", "..", "docs", "diagnostics.md"), page)
	for _, i := range All() {
		if n := strings.Count(page, "\n### "+string(i.Code)+"\n"); n != 1 {
			t.Errorf("%s has %d sections", i.Code, n)
		}
		if !strings.Contains(Index(), string(i.Code)) || !strings.Contains(i.Text(), i.Title) {
			t.Errorf("%s is not in the index, or its page has no title", i.Code)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"one two three", "one two\nthree"},
		{"one\ntwo\n\nthree", "one two\n\nthree"},
		{"a\n  code stays as it is\nb", "a\n  code stays as it is\nb"},
		{"averylongwordindeed x", "averylongwordindeed\nx"},
	} {
		if got := wrap(c.in, 8); got != c.want {
			t.Errorf("wrap(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// TestRespell holds what `ztc check --fix` may make without asking to the mark where it is offered: the words do not matter.
func TestRespell(t *testing.T) {
	var l List
	d := l.Add(MissingArrow, source.Span{}, "x").Fix(source.Span{}, "->", "write ->").Respell(source.Span{}, "->", "write %s", "->").Advise("write ->")
	for i, want := range []bool{false, true, false} {
		if d.Fixes[i].Certain != want || d.Fixes[i].Message != "write ->" {
			t.Errorf("fix %d: %+v, want certain %v", i, d.Fixes[i], want)
		}
	}
}
