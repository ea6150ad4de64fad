package lang

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/internal/grammar"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
)

// TestLean holds the lean reader to the grammar: what it takes the grammar takes as well, as the same tree with the same
// places, and both stop at the same token.
func TestLean(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	taken, total := 0, 100_000
	if testing.Short() {
		total = 10_000
	}
	for range total {
		text := nearlyPlain(r)
		f := source.New("x.zt", text)
		p := &parser{file: f, text: text, sc: scan.New(text)}
		p.next()
		lean := p.plain()
		if lean == nil {
			if p.tok.Start != 0 || p.prev.End != 0 {
				t.Fatalf("%q: the reader gave up and kept its place", text)
			}
			continue
		}
		taken++
		at := p.tok
		q := &parser{file: f, text: text, sc: scan.New(text)}
		q.next()
		var want ast.Stmt
		if q.collect(false, true) {
			want = grammar.Read(f, q.toks, nil, &q.diags)
		}
		if len(q.diags) > 0 || !reflect.DeepEqual(lean, want) {
			t.Fatalf("%q\n lean %#v\n grammar %#v\n %v", text, lean, want, q.diags)
		}
		if at != q.tok {
			t.Fatalf("%q: the lean reader stops at %v, the grammar at %v", text, at, q.tok)
		}
	}
	if taken < total/20 {
		t.Errorf("only %d of %d statements were plain", taken, total)
	}
}

// nearlyPlain makes a statement that is plain, or just not, and what may follow it.
func nearlyPlain(r *rand.Rand) string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	list := func(one func() string) string {
		s := one()
		for r.IntN(3) == 0 {
			s += pick(",", ", ", ",\n ", " ,") + one()
		}
		return s
	}
	name := func() string {
		return pick("a", "shop/web", "checkout-v2", "shop/*", "common.edge", "3scale", "inventory", "test", "ns-003/svc-007", "read", "all", "7", "gateway", "Word", "mesh")
	}
	str := func() string {
		return pick(`"/a"`, `"/carts/*"`, `"a\"b"`, `"\u00e9"`, `"bad \x"`, `"when"`, `"unclosed`, `"GET"`)
	}
	text := pick("allow ", "allow ", "deny ")
	if r.IntN(6) == 0 {
		text += "all " + pick("in ", "in ", "on ") + list(func() string { return pick("shop", "mesh", "shop/*", "7", "ns-001") })
	} else {
		text += list(name) + pick(" -> ", "->", " ->\n ", " ") + list(func() string { return name() + pick("", "", ":80", ":http", ":on", ": 9") })
		text += pick("", " "+list(func() string { return pick("GET", "POST", "read", "M-SEARCH", "http.read", "a") }))
		text += pick("", " "+list(func() string { return pick(str(), str(), str(), str(), "admin", "shop/web", "GET") }))
	}
	text += pick("", "", "", "\n", "; deny all in x", "\n{ a }", " }", ` until 2027-01-01`, " # comment\n", "\nwhen x", "\n\nallow b -> c")
	return text
}

// TestSkim holds the reader that leaves plain allows unbuilt to the one that builds them: expanded, they are the same tree.
func TestSkim(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	plain, total := 0, 10_000
	var e Expander
	if testing.Short() {
		total = 1000
	}
	for range total {
		var b strings.Builder
		lines := []string{nearlyPlain(r)}
		for range 1 + r.IntN(12) {
			if r.IntN(2) == 0 {
				lines = append(lines, nearlyPlain(r))
			}
			b.WriteString(lines[r.IntN(len(lines))])
			b.WriteString([]string{"\n", "\n", "\n", "\r\n", ";", "\n\n", " # x\n", "  \n", "\npolicy p(a) {\n", "\n}\n", "\n{\n", "\n-> c\n", ""}[r.IntN(13)])
		}
		f := source.New("x.zt", b.String())
		want, wantDiags := Parse(f)
		got, gotDiags := Skim(f)
		for i, st := range got.Stmts {
			if s, ok := st.(*ast.Plain); ok {
				kept := new(Expander).Expand(got, s)
				if again := e.Expand(got, s); !reflect.DeepEqual(again, kept) {
					t.Fatalf("%q: an expander that was used makes another rule of statement %d", f.Text, i)
				}
				if ops := e.Ops(got, s); !reflect.DeepEqual(*ops, kept.Ops) {
					t.Fatalf("%q: other operations of statement %d", f.Text, i)
				}
				got.Stmts[i] = kept
				plain++
				for _, piece := range []ast.Piece{s.Sources, s.Targets, s.Ops} {
					if text := got.Pieces[piece.Text]; text != f.Text[piece.Start:int(piece.Start)+len(text)] {
						t.Fatalf("%q: the piece %q does not stand at %d", f.Text, text, piece.Start)
					}
				}
			}
		}
		if !reflect.DeepEqual(got.Stmts, want.Stmts) || !reflect.DeepEqual(gotDiags, wantDiags) {
			t.Fatalf("%q\n skimmed %v %v\n read %v %v", f.Text, got.Stmts, gotDiags, want.Stmts, wantDiags)
		}
	}
	if plain < total/4 {
		t.Errorf("only %d statements were skimmed", plain)
	}
}

// TestLeanAllocates holds the hot statements to a budget: one allocation a statement at most.
func TestLeanAllocates(t *testing.T) {
	const n = 2000
	for _, line := range []string{
		`allow ns-003/svc-007 -> ns-002/svc-005 GET,POST "/carts/*","/internal/svc-005/reports"`,
		`allow ns-003/svc-007 -> ns-002/svc-005 http.read admin`,
	} {
		f := source.New("x.zt", strings.Repeat(line+"\n", n))
		var diags diag.List
		got := testing.AllocsPerRun(3, func() { _, diags = Parse(f) })
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		if got > n {
			t.Errorf("%s: %.0f allocations for %d statements", line, got, n)
		}
		if got = testing.AllocsPerRun(3, func() { Skim(f) }); got > n/20 {
			t.Errorf("%s: %.0f allocations to skim %d statements", line, got, n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := strings.Repeat(`allow ns-003/svc-007 -> ns-002/svc-005 GET,POST "/carts/*","/internal/svc-005/reports"`+"\n", 1000)
	f := source.New("x.zt", text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(f)
	}
}

func BenchmarkSkim(b *testing.B) {
	text := strings.Repeat(`allow ns-003/svc-007 -> ns-002/svc-005 GET,POST "/carts/*","/internal/svc-005/reports"`+"\n", 1000)
	f := source.New("x.zt", text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Skim(f)
	}
}

// TestHalves holds two parsers side by side to one.
func TestHalves(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	var clean []string // statements of which there is nothing to be said
	for len(clean) < 1000 {
		s := nearlyPlain(r)
		if _, diags := Parse(source.New("x.zt", s)); len(diags) == 0 && !strings.ContainsAny(s, "{}") {
			clean = append(clean, s+"\n")
		}
	}
	halved := 0
	for _, skim := range []bool{false, true} {
		for round := range 6 {
			var b strings.Builder
			b.WriteString("group g = a, b\n")
			for b.Len() < worthHalves+1000*round {
				switch {
				case round < 3 && r.IntN(6) > 0:
					b.WriteString(clean[r.IntN(len(clean))])
				case round < 5:
					fmt.Fprintf(&b, "allow a, b -> c%d:80 GET \"/x\"\n\n# comment\ndeny d -> e\n", r.IntN(1000))
				default:
					b.WriteString("policy p(a) {\nallow a -> b\n}\n")
				}
			}
			if round == 4 {
				b.WriteString("allow a -> \n")
			}
			f := source.New("x.zt", b.String())
			one := newParser(f, skim, 0, len(f.Text), 0)
			one.run()
			if p := inHalves(f, skim); p != nil {
				halved++
			} else if round < 3 && runtime.GOMAXPROCS(0) > 1 {
				t.Errorf("round %d was not read in halves", round)
			}
			got, diags := parse(f, skim)
			if len(got.Stmts) != len(one.stmts) || len(diags) != len(one.diags) {
				t.Fatalf("%d statements and %d diagnostics, by one parser %d and %d", len(got.Stmts), len(diags), len(one.stmts), len(one.diags))
			}
			if skim && !slices.Equal(got.Pieces, one.skim.pieces.texts) {
				t.Fatal("other pieces")
			}
			if !reflect.DeepEqual(got.Stmts, one.stmts) {
				t.Fatal("other statements")
			}
		}
	}
	if halved < 4 && runtime.GOMAXPROCS(0) > 1 {
		t.Errorf("%d texts were read in halves", halved)
	}
}
