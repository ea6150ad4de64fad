package lang_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zt-lang/ztc/internal/linetest"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
)

// Limits, and hostile texts: bounded in time, in diagnostics and in what is kept of them.
func TestLimits(t *testing.T) {
	many := func(s string, n int) string { return strings.Repeat(s, n) }
	for _, c := range []struct {
		name, text string
		want       string // the last code, or the only one
		n          int    // of diagnostics
	}{
		{"largest", "# " + many("x", lang.MaxBytes-2), "", 0},
		{"too large", many("x", lang.MaxBytes+1), "ZT0091", 1},
		{"depth", "allow a -> b when " + many("(", 100) + `sni == "x"` + many(")", 100), "", 0},
		{"too deep", "allow a -> b when " + many("(", 101) + `sni == "x"` + many(")", 101) + "\nallow a -> b", "ZT0092", 1},
		{"parentheses", "allow a -> b when " + many("(", 8<<20), "ZT0092", 1},
		{"brackets", many("[", 8<<20), "ZT0002", 1},
		{"braces", many("{", 8<<20), "ZT0002", 1},
		{"closing braces", many("}", 8<<20), "ZT0028", 1},
		{"lines of braces", many("}\n", 1<<20), "ZT0028", 1},
		{"long list", "group g = a" + many(", a", 49_997), "", 0},
		{"too long", "group g = a" + many(", a", 49_999) + "\nallow a -> b", "ZT0093", 1},
		{"longer", "allow a" + many(" a", 4<<20), "ZT0093", 1},
		{"long sources", "allow (a" + many(", a", 40_000) + ") -> b", "", 0},
		{"long condition", `allow a -> b when sni == "x"` + many(` and sni == "x"`, 20_000), "", 0},
		{"long operations", `allow a -> b { GET` + many(`; GET "/x"`, 20_000) + "}", "", 0},
		{"one line", many("allow a -> b;", 100_000), "", 0},
		{"errors", many("x\n", 1<<20), "ZT0094", 101},
		{"words of errors", many("allow a b GET\n", 1<<18), "ZT0094", 101},
		{"open strings", many("allow a -> b \"x\n", 1<<18), "ZT0094", 101},
		{"open blocks", many("policy p() {\n", 1<<18), "ZT0094", 101},
		{"open braces", many("workload w {\n", 1<<18), "ZT0094", 101},
		{"one open block", "policy p() {\n" + many("allow a -> b\n", 50_000), "ZT0006", 1},
		{"statements in the wrong place", "policy p() {" + many("workload x;", 1<<18) + "}", "ZT0094", 101},
		{"clauses", "allow a -> b\n" + many("when x\n", 1<<18), "ZT0094", 101},
		{"hidden", many("\x00", 4<<20), "ZT0003", 21},
		{"hidden in a string", "allow a -> b \"" + many("\u200b", 1<<20) + "\"", "ZT0003", 21},
		{"hidden on lines", many("# \u200b\n", 1<<20), "ZT0003", 21},
		{"commas", "allow a -> b" + many("\n,", 1<<20), "ZT0005", 1},
		{"spaces", many(" ", 8<<20) + "allow a -> b" + many("\n", 8<<20), "", 0},
		{"a long word", "allow " + many("a", 8<<20) + " -> b", "", 0},
		{"a long wrong word", many("a", 8<<20) + " -> b", "ZT0002", 1},
		{"hyphens", "allow a" + many("-", 8<<20) + " -> b", "ZT0001", 1},
		{"a long path", "allow a -> b " + many("/a", 4<<20), "ZT0009", 1},
	} {
		if testing.Short() && !strings.Contains(c.text, "\nallow ") {
			continue // is read by one parser, whatever its size
		}
		start := time.Now()
		tree, diags := parse(c.text)
		took := time.Since(start)
		last := ""
		if len(diags) > 0 {
			last = string(diags[len(diags)-1].Code)
		}
		if len(diags) != c.n || last != c.want {
			t.Errorf("%s: %d diagnostics, the last %s, want %d and %s: %.300q", c.name, len(diags), last, c.n, c.want, messages(diags[:min(2, len(diags))]))
		}
		if took > time.Minute { // a hang, not a speed: the race detector and a busy machine are slow
			t.Errorf("%s: %v", c.name, took)
		}
		if testing.Verbose() && took > 200*time.Millisecond {
			t.Log(c.name, took)
		}
		for _, d := range diags {
			if len(d.Message) > 400 {
				t.Errorf("%s: a message of %d bytes", c.name, len(d.Message))
			}
			for _, f := range d.Fixes {
				if len(f.Message) > 400 {
					t.Errorf("%s: a fix of %d bytes", c.name, len(f.Message))
				}
			}
		}
		if strings.HasPrefix(c.name, "too ") && c.name != "too large" {
			if _, ok := tree.Stmts[len(tree.Stmts)-1].(*ast.Rule); !ok {
				t.Errorf("%s: the next statement is lost", c.name)
			}
		}
	}
}

// check holds what is true of any text: a tree, diagnostics in order and inside the text, bad statements where there are
// errors, and edits that stay inside the text.
func check(t *testing.T, text string) {
	t.Helper()
	tree, diags := parse(text)
	if tree == nil {
		t.Fatalf("no tree of %q", text)
	}
	bad := false
	var at int32
	for _, s := range tree.Stmts {
		r := s.Pos()
		if r.Start < at || r.End < r.Start || int(r.End) > len(text) {
			t.Fatalf("a statement at %d-%d after %d in %q", r.Start, r.End, at, text)
		}
		at = r.End
		bad = bad || hasBad(s)
	}
	if bad && !diags.HasErrors() {
		t.Fatalf("a bad statement without an error: %q", text)
	}
	for i, d := range diags {
		if i > 0 && diags[i-1].Span.Compare(d.Span) > 0 {
			t.Fatalf("diagnostics out of order: %q", text)
		}
		if _, ok := diag.Lookup(d.Code); !ok {
			t.Fatalf("code %s is not in the catalogue: %q", d.Code, text)
		}
		spans := []source.Span{d.Span}
		for _, r := range d.Related {
			spans = append(spans, r.Span)
		}
		for _, f := range d.Fixes {
			for _, e := range f.Edits {
				spans = append(spans, e.Span)
			}
			if len(f.Edits) > 0 {
				parse(apply(text, f))
			}
		}
		for _, s := range spans {
			if s.File == nil || s.Start < 0 || s.End < s.Start || int(s.End) > len(text) {
				t.Fatalf("%s at %d-%d of %q", d.Code, s.Start, s.End, text)
			}
		}
		if strings.ContainsAny(d.Message, "\n<>@") && !strings.ContainsAny(text, "<>@") && strings.ContainsAny(strings.ReplaceAll(d.Message, "->", ""), "\n<>@") {
			t.Fatalf("message %q of %q", d.Message, text)
		}
	}
}

func TestMutated(t *testing.T) {
	g := gen{rand.New(rand.NewPCG(3, 4)), true}
	errors := 0
	for range 3000 {
		text := g.mutate(g.statement()) + "\n"
		check(t, text)
		if _, diags := parse(text); diags.HasErrors() {
			errors++
		}
	}
	if errors < 1000 {
		t.Errorf("only %d errors", errors)
	}
	for range 300 {
		if text := g.program(4); true {
			if _, diags := parse(text); len(diags) > 0 {
				t.Fatalf("%q in\n%s", messages(diags), text)
			}
		}
	}
}

// A bad statement does not touch its neighbours: those before and after it read as they do alone.
func TestNeighbours(t *testing.T) {
	g := gen{rand.New(rand.NewPCG(5, 6)), false}
	kept := 0
	for i := range 3000 {
		text := g.mutate(g.rule())
		if strings.ContainsAny(text, "{}\n;") {
			continue // braces may take in a neighbour, with an error
		}
		before, after := fmt.Sprintf("allow b%d -> x", i), fmt.Sprintf("deny a%d -> y", i)
		tree, _ := parse(before + "\n" + text + "\n" + after + "\n")
		n := len(tree.Stmts)
		if n < 2 || linetest.Show(tree.Stmts[0]) != show(ruleOf(t, before)) || linetest.Show(tree.Stmts[n-1]) != show(ruleOf(t, after)) {
			t.Fatalf("%q changes its neighbours", text)
		}
		kept++
	}
	if kept < 1500 {
		t.Error(kept)
	}
}

func FuzzParse(f *testing.F) {
	g := gen{rand.New(rand.NewPCG(1, 2)), true}
	for range 40 {
		f.Add(g.statement() + "\n" + g.mutate(g.statement()) + "\n")
	}
	for _, c := range slips {
		f.Add(c.text)
	}
	for _, c := range spellings {
		f.Add(c.text)
	}
	for _, c := range foreign {
		f.Add(c.text)
	}
	f.Add("enY a->a when not a is") // was read past its end
	f.Fuzz(check)
}

// TestSlipsCut reads what is known to be wrong with its end cut off anywhere, and with a token dropped, doubled or changed for the
// next one.
func TestSlipsCut(t *testing.T) {
	for _, c := range slices.Concat(slips, foreign) {
		var ends []int
		sc := scan.New(c.text)
		for tok := sc.Next(); tok.Kind != scan.EOF; tok = sc.Next() {
			ends = append(ends, int(tok.Start), int(tok.End))
		}
		for i := 0; i+1 < len(ends); i += 2 {
			from, to := ends[i], ends[i+1]
			check(t, c.text[:to])
			check(t, c.text[:from]+c.text[to:])
			check(t, c.text[:to]+" "+c.text[from:])
			if i+3 < len(ends) {
				check(t, c.text[:from]+c.text[ends[i+2]:ends[i+3]]+" "+c.text[from:to]+c.text[ends[i+3]:])
			}
		}
	}
}
