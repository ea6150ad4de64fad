package lang

import (
	"math/rand/v2"
	"reflect"
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
		return pick(`"/a"`, `"/carts/*"`, `"a\"b"`, `"\u00e9"`, `"bad \x"`, `"when"`, `"unclosed`)
	}
	taken, total := 0, 100_000
	if testing.Short() {
		total = 10_000
	}
	for range total {
		text := pick("allow ", "allow ", "deny ")
		if r.IntN(6) == 0 {
			text += "all " + pick("in ", "in ", "on ") + list(func() string { return pick("shop", "mesh", "shop/*", "7", "ns-001") })
		} else {
			text += list(name) + pick(" -> ", "->", " ->\n ", " ") + list(func() string { return name() + pick("", "", ":80", ":http", ":on", ": 9") })
			text += pick("", " "+list(func() string { return pick("GET", "POST", "read", "M-SEARCH") }))
			text += pick("", " "+list(str))
		}
		text += pick("", "", "", "\n", "; deny all in x", "\n{ a }", " }", ` until 2027-01-01`, " # comment\n", "\nwhen x", "\n\nallow b -> c")
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
			want = grammar.Read(f, q.toks, &q.diags)
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

// TestLeanAllocates holds the hot statements to a budget: one allocation a statement at most.
func TestLeanAllocates(t *testing.T) {
	const n = 2000
	text := strings.Repeat(`allow ns-003/svc-007 -> ns-002/svc-005 GET,POST "/carts/*","/internal/svc-005/reports"`+"\n", n)
	f := source.New("x.zt", text)
	var diags diag.List
	got := testing.AllocsPerRun(3, func() { _, diags = Parse(f) })
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if got > n {
		t.Errorf("%.0f allocations for %d statements", got, n)
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
