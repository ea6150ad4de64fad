package diag

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/width"

	"github.com/zt-lang/ztc/lang/source"
)

var update = flag.Bool("update", false, "rewrite golden files and docs/diagnostics.md")

// at returns the span of the nth occurrence (from 0) of text in f.
func at(t *testing.T, f *source.File, text string, nth int) source.Span {
	t.Helper()
	off := 0
	for ; ; nth-- {
		i := strings.Index(f.Text[off:], text)
		if i < 0 {
			t.Fatalf("%q is not in %s", text, f.Name)
		}
		if off += i; nth == 0 {
			return source.Span{File: f, Start: int32(off), End: int32(off + len(text))}
		}
		off += len(text)
	}
}

func empty(f *source.File, off int) source.Span {
	return source.Span{File: f, Start: int32(off), End: int32(off)}
}

// renderCases are the lists that the golden files show, plain, coloured and as JSON.
func renderCases(t *testing.T) map[string]List {
	m := map[string]List{}
	add := func(name string, ds ...Diagnostic) { m[name] = ds }

	ship := source.New("ship.zt", "workload starboard\nworkload portside\n\nallow starbord -> portside GET\ndeny all in default")
	add("simple", Diagnostic{Code: "ZT1001", Span: at(t, ship, "starbord", 0), Message: `unknown workload "starbord" in namespace default`,
		Related: []Related{{at(t, ship, "starboard", 0), "declared here"}},
		Notes:   []string{"the program declares workloads, so every name is one of them", "two\nlines"},
		Fixes:   []Fix{{Message: "write \"starboard\"", Edits: []Edit{{at(t, ship, "starbord", 0), "starboard"}}}, {Message: "or declare it"}}})
	add("nowhere", Diagnostic{Code: UnreadableFile, Message: `cannot read "x.zt": no such file`, Fixes: []Fix{{Message: "create it"}}})
	add("severities",
		Diagnostic{Code: "ZT1002", Severity: Warning, Span: at(t, ship, "portside", 0), Message: "a warning"},
		Diagnostic{Code: "ZT1003", Severity: Note, Span: at(t, ship, "GET", 0), Message: "a note"},
		Diagnostic{Span: at(t, ship, "deny all", 0), Message: "without a code"})

	waived := Diagnostic{Code: "ZT1105", Severity: Warning, Span: at(t, ship, "GET", 0), Message: "waived, with its fix left out", Fixes: []Fix{{Message: "no need"}}}
	waived.Waive(at(t, ship, "deny all", 0), "it is meant")
	add("waived", waived, Diagnostic{Code: "ZT1002", Severity: Warning, Span: at(t, ship, "portside", 0), Message: "beside it"})

	tabs := source.New("tabs.zt", "\tallow\tweb\t-> api\n")
	add("tabs", Diagnostic{Code: "ZT0001", Span: at(t, tabs, "web", 0), Message: "after tabs"},
		Diagnostic{Code: "ZT0001", Span: at(t, tabs, "\t", 1), Message: "a tab itself"})
	uni := source.New("wide.zt", "allow \"日本語\" é e\u0301x 🚀 bad\n")
	add("wide", Diagnostic{Code: "ZT0001", Span: at(t, uni, "日本語", 0), Message: "wide"},
		Diagnostic{Code: "ZT0001", Span: at(t, uni, "bad", 0), Message: "after wide"})
	evil := source.New("evil\x1b[2J.zt", "a \x1b[31mred\u202e \u200b\xff\x00 b \r lone\n")
	add("hostile", Diagnostic{Code: "ZT0001", Span: at(t, evil, "b", 0), Message: "quotes \x1b[1m\nand \u202e\xff",
		Related: []Related{{at(t, evil, "\xff", 0), "a byte\r"}},
		Notes:   []string{"\x1b]0;title\a"}, Fixes: []Fix{{Message: "\x9b31m", Edits: []Edit{{at(t, evil, "b", 0), "\x1b[32m"}}}}})

	multi := source.New("multi.zt", "policy p(a) {\n  allow a -> b\n}\r\nlast")
	add("multi-line", Diagnostic{Code: "ZT0001", Span: source.Span{File: multi, Start: 7, End: 30}, Message: "over lines"},
		Diagnostic{Code: "ZT0002", Span: empty(multi, len(multi.Text)), Message: "at the end"},
		Diagnostic{Code: "ZT0002", Span: empty(multi, 9), Message: "between"},
		Diagnostic{Code: "ZT0002", Span: source.Span{File: multi, Start: -5, End: 1 << 30}, Message: "outside"})
	blank := source.New("empty.zt", "")
	add("empty", Diagnostic{Code: "ZT0001", Span: empty(blank, 0), Message: "nothing here"})

	long := source.New("long.zt", "allow "+strings.Repeat("a, ", 300)+"é middle "+strings.Repeat("b, ", 300)+"z\n"+strings.Repeat("日", 500)+"end")
	add("long", Diagnostic{Code: "ZT0001", Span: at(t, long, "middle", 0), Message: "in the middle"},
		Diagnostic{Code: "ZT0001", Span: at(t, long, "allow", 0), Message: "at the start"},
		Diagnostic{Code: "ZT0001", Span: at(t, long, "z", 0), Message: "at the end"},
		Diagnostic{Code: "ZT0001", Span: at(t, long, "end", 0), Message: "after wide ones"},
		Diagnostic{Code: "ZT0001", Span: source.Span{File: long, Start: 6, End: 1500}, Message: strings.Repeat("long ", 500)})

	add("fixes",
		Diagnostic{Code: "ZT1101", Span: at(t, ship, "GET", 0), Message: "insert lines", Fixes: []Fix{
			{Message: "add a baseline", Edits: []Edit{{empty(ship, 38), "deny all in a\ndeny all in b\n"}}},
			{Message: "append", Edits: []Edit{{empty(ship, len(ship.Text)), "\n\nallow all in c\n"}}},
			{Message: "delete the rule", Edits: []Edit{{at(t, ship, "allow starbord -> portside GET\n", 0), ""}}},
			{Message: "delete a word", Edits: []Edit{{at(t, ship, " GET", 0), ""}}},
			{Message: "two edits, one line", Edits: []Edit{{at(t, ship, "GET", 0), "POST"}, {at(t, ship, "allow", 0), "deny"}}},
			{Message: "two lines, numbered as they will be", Edits: []Edit{{empty(ship, 0), "# new\n"}, {at(t, ship, "GET", 0), "POST"}}},
			{Message: "in another file", Edits: []Edit{{at(t, multi, "last", 0), "first"}}},
			{Message: "overlapping, so not shown", Edits: []Edit{{at(t, ship, "allow starbord", 0), "x"}, {at(t, ship, "starbord", 0), "y"}}},
			{Message: "in two files, so not shown", Edits: []Edit{{at(t, ship, "GET", 0), "x"}, {at(t, multi, "last", 0), "y"}}},
			{Message: "long", Edits: []Edit{{at(t, ship, "GET", 0), strings.Repeat("x\n", 20)}}},
			{Message: "empty", Edits: []Edit{{}}},
		}})
	return m
}

func TestRenderGolden(t *testing.T) {
	for name, list := range renderCases(t) {
		var text, color, js bytes.Buffer
		list.WriteText(&text, TextOptions{Waived: true})
		list.WriteText(&color, TextOptions{Color: true, Waived: true})
		list.WriteJSON(&js, 0, nil)
		golden(t, filepath.Join("testdata", "render", name+".txt"), text.String())
		golden(t, filepath.Join("testdata", "render", name+".color.txt"), strings.ReplaceAll(color.String(), "\x1b", "␛"))
		golden(t, filepath.Join("testdata", "render", name+".json"), js.String())
		if got := stripColor(color.String()); got != text.String() {
			t.Errorf("%s: colours change the text:\n%s", name, cmp.Diff(text.String(), got))
		}
		if !json.Valid(js.Bytes()) {
			t.Errorf("%s: not JSON", name)
		}
		for _, r := range text.String() {
			if r != '\n' && !unicode.IsPrint(r) || r == unicode.ReplacementChar {
				t.Errorf("%s: raw %U is written", name, r)
			}
		}
	}
}

func stripColor(s string) string {
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return s
		}
		j := strings.IndexByte(s[i:], 'm')
		s = s[:i] + s[i+j+1:]
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what is rendered; go test -update rewrites it\n%s", name, diff)
	}
}

// Carets stand under what they mark: the columns before the caret are as wide as the text before the span.
func TestCaretsLineUp(t *testing.T) {
	for _, before := range []string{"", "ab", "日本", "\t", "a\tb", "\t\t日\t", "e\u0301e\u0301", "\x01\x02", "\xff", "\u202e", "🚀"} {
		text, under := window(before+"X tail", []region{{len(before), len(before) + 1}}, '^')
		i := strings.Index(text, "X")
		if got, want := strings.Index(under, "^"), columns(text[:i]); got != want || strings.Count(under, "^") != 1 {
			t.Errorf("after %q the caret is in column %d, the text in %d:\n%s\n%s", before, got, want, text, under)
		}
	}
}

// columns counts what a terminal does, by an implementation that is not ours.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.Is(unicode.Mn, r):
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

func TestWideTable(t *testing.T) {
	wrong := 0
	for r := rune(0x20); r < 0x20000; r++ {
		if !unicode.IsPrint(r) || unicode.Is(unicode.Mn, r) {
			continue
		}
		k := width.LookupRune(r).Kind()
		if want := k == width.EastAsianWide || k == width.EastAsianFullwidth; want != unicode.Is(wide, r) {
			wrong++
		}
	}
	if wrong > 200 {
		t.Errorf("%d characters have the wrong width", wrong)
	}
}

func TestWindowIsBounded(t *testing.T) {
	line := strings.Repeat("日\t\x00", 1<<20)
	for _, off := range []int{0, 5, 4000, len(line) / 2, len(line)} {
		text, under := window(line, []region{{off, off}}, '^')
		if n := columns(text); n > maxColumns+12 {
			t.Errorf("at %d: %d columns", off, n)
		}
		if strings.Count(under, "^") == 0 {
			t.Errorf("at %d: no caret in %q", off, under)
		}
	}
	if n := testing.AllocsPerRun(3, func() { window(line, []region{{len(line) / 2, len(line)}}, '^') }); n > 2000 {
		t.Errorf("%v allocations for one line", n)
	}
}

func TestLimit(t *testing.T) {
	var l List
	for i := range 150 {
		d := Diagnostic{Code: "ZT1001", Message: fmt.Sprint("n", i), Severity: Warning}
		if i >= 100 {
			d.Severity = Error
		}
		l = append(l, d)
	}
	var b strings.Builder
	l.WriteText(&b, TextOptions{Max: 100})
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 101 || lines[100] != "and 50 more diagnostics" {
		t.Fatalf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
	if !strings.HasSuffix(lines[0], "n0") || !strings.HasSuffix(lines[49], "n49") || !strings.HasSuffix(lines[50], "n100") || !strings.HasSuffix(lines[99], "n149") {
		t.Errorf("the wrong ones are kept: %q %q %q %q", lines[0], lines[49], lines[50], lines[99])
	}
	if got := l.Summary(); got != "50 errors, 100 warnings" {
		t.Errorf("summary %q", got)
	}
	if got := l[100:101].Summary(); got != "1 error" {
		t.Errorf("summary %q", got)
	}
	l[99].Waive(source.Span{}, "because")
	if got := l.Summary(); got != "50 errors, 99 warnings, 1 waived" || l.Count(Warning) != 99 {
		t.Errorf("summary %q", got)
	}
	b.Reset()
	l.WriteText(&b, TextOptions{})
	if strings.Contains(b.String(), "because") || strings.Contains(b.String(), "n99\n") {
		t.Error("what is waived is shown unasked")
	}
	l[99].Severity, l[99].Waiver = Warning, nil
	b.Reset()
	l.WriteJSON(&b, 10, nil)
	var r jsonReport
	if err := json.Unmarshal([]byte(b.String()), &r); err != nil || len(r.Diagnostics) != 10 || r.Omitted != 140 || r.Errors != 50 || r.Warnings != 100 {
		t.Errorf("%v: %d diagnostics, %d omitted, %d errors, %d warnings", err, len(r.Diagnostics), r.Omitted, r.Errors, r.Warnings)
	}
}

// No bytes and no spans make the renderer panic or write raw control characters.
func FuzzRender(f *testing.F) {
	f.Add("allow a -> b\n", "message", int32(6), int32(7), "c\nd")
	f.Add("\x1b\xff\n\r", "\x00", int32(-1), int32(1<<30), "\n")
	f.Fuzz(func(t *testing.T, text, msg string, start, end int32, edit string) {
		file := source.New("f.zt", text)
		span := source.Span{File: file, Start: start, End: end}
		l := List{{Code: "ZT0001", Span: span, Message: msg, Related: []Related{{span, msg}}, Notes: []string{msg}, Fixes: []Fix{{Message: msg, Edits: []Edit{{span, edit}}}}}}
		var b bytes.Buffer
		l.WriteText(&b, TextOptions{})
		for _, r := range b.String() {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("raw %U", r)
			}
		}
		b.Reset()
		if err := l.WriteJSON(&b, 0, nil); err != nil || !json.Valid(b.Bytes()) {
			t.Fatalf("JSON: %v", err)
		}
	})
}

// TestLongWords: a message shows the beginning of a word that nobody could read to its end, and stays a text.
func TestLongWords(t *testing.T) {
	long := strings.Repeat("é", 5_000_000)
	var l List
	d := l.Add("ZT1001", source.Span{}, "unknown workload %q in namespace %s", long, "shop").Note("%s", long).Advise("write `%s`", long)
	d.Relate(source.Span{}, "%s", "\x80"+strings.Repeat("\x80", 1000))
	for _, s := range []string{d.Message, d.Notes[0], d.Fixes[0].Message, d.Related[0].Message} {
		if len(s) > 600 || !strings.Contains(s, "…") {
			t.Errorf("%d bytes: %.80s", len(s), s)
		}
	}
	if !strings.HasSuffix(d.Message, "…\" in namespace shop") || !utf8.ValidString(d.Message) {
		t.Errorf("%s", d.Message)
	}
}
