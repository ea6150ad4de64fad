package sem

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// load is one destination of random rules, as algebra.md measures them: sources, operations and now and then a condition.
type load struct {
	rules                  int
	namespaces, accounts   int
	paths                  []*Expr
	claims, headers, hosts bool
	ports, negation        bool
}

func field(k Kind, name string, op Op, text string) *Expr {
	return Is(Matcher{Attr: Attr{k, name}, Parts: [3]Pattern{{Op: op, Text: text, Fold: k == Host}}})
}

func pathsOf(exact, prefix, suffix, template int) (list []*Expr) {
	add := func(op Op, format string, args ...any) {
		list = append(list, field(Path, "", op, fmt.Sprintf(format, args...)))
	}
	for i := range exact {
		add(Exact, "/api/v%d/res%d/item%d", i%3, i%37, i)
	}
	for i := range prefix {
		add(Prefix, "/api/v%d/res%d/", i%3, i)
	}
	for i := range suffix {
		add(Suffix, "/item%d", i*3)
	}
	for i := range template {
		switch i % 3 {
		case 0:
			add(Template, "/api/*/res%d", i)
		case 1:
			add(Template, "/api/v1/*/item%d", i)
		default:
			add(Template, "/files%d/**", i)
		}
	}
	return list
}

// statement is one source and one operation of a rule.
type statement struct{ source, operation, condition *Expr }

// make makes the statements of each rule.
func (l load) make(r *rand.Rand) [][]statement {
	identity := func(ns, sa string) *Expr {
		m := Matcher{Parts: [3]Pattern{{Op: Exact, Text: "cluster.local"}, {Op: Exact, Text: ns}, {Op: Exact, Text: sa}}}
		if sa == "" {
			m.Parts[0], m.Parts[2] = Pattern{}, Pattern{}
		}
		return Is(m)
	}
	ns := func() string { return fmt.Sprintf("n%d", r.IntN(l.namespaces)) }
	sa := func() string { return fmt.Sprintf("s%d", r.IntN(l.accounts)) }
	var out [][]statement
	for range l.rules {
		var sources, operations []*Expr
		for range 1 + r.IntN(2) {
			var x *Expr
			switch k := r.IntN(10); {
			case k < 7:
				var list []*Expr
				for range 1 + r.IntN(4) {
					list = append(list, identity(ns(), sa()))
				}
				x = Or(list...)
			case k < 9:
				n := ns()
				x = identity(n, "")
				if l.negation && r.IntN(2) == 0 {
					x = And(x, Not(identity(n, sa())))
				}
			default:
				x = Is(Matcher{})
			}
			sources = append(sources, x)
		}
		for range 1 + r.IntN(2) {
			var list []*Expr
			for range 1 + r.IntN(4) {
				list = append(list, l.paths[r.IntN(len(l.paths))])
			}
			parts := []*Expr{Or(list...)}
			if names := [][]string{{"GET"}, {"GET", "HEAD"}, {"POST"}, {"PUT", "PATCH"}, nil}[r.IntN(5)]; names != nil {
				var list []*Expr
				for _, name := range names {
					list = append(list, field(Method, "", Exact, name))
				}
				parts = append(parts, Or(list...))
			}
			if l.hosts && r.IntN(6) == 0 {
				parts = append(parts, field(Host, "", Suffix, fmt.Sprintf(".svc%d.example.com", r.IntN(8))))
			}
			if l.ports && r.IntN(4) == 0 {
				p := 8080 + r.IntN(6)
				parts = append(parts, Is(Matcher{Attr: Attr{Kind: Port}, Parts: [3]Pattern{{Op: Range, Lo: p, Hi: p}}}))
			}
			if l.negation && r.IntN(10) == 0 {
				parts = append(parts, Not(l.paths[r.IntN(len(l.paths))]))
			}
			operations = append(operations, And(parts...))
		}
		when := True
		if l.claims && r.IntN(5) == 0 {
			when = field(Claim, "groups", Exact, fmt.Sprintf("g%d", r.IntN(8)))
		} else if l.headers && r.IntN(10) == 0 {
			when = field(Header, "x-env", Exact, fmt.Sprintf("e%d", r.IntN(5)))
		}
		var rule []statement
		for _, s := range sources {
			for _, o := range operations {
				rule = append(rule, statement{s, o, when})
			}
		}
		out = append(out, rule)
	}
	return out
}

// asWritten and regrouped are two ladders of the same meaning: rules, and statements gathered by operation.
func asWritten(rules [][]statement) *Ladder {
	var list []*Expr
	for _, rule := range rules {
		for _, st := range rule {
			list = append(list, And(st.source, st.operation, st.condition))
		}
	}
	return &Ladder{Allow: Or(list...), Deny: field(Path, "", Prefix, "/admin"), Audit: False, Closed: true}
}

func regrouped(r *rand.Rand, rules [][]statement) *Ladder {
	type key struct{ operation, condition *Expr }
	sources := map[key][]*Expr{}
	var order []key
	for _, rule := range rules {
		for _, st := range rule {
			k := key{st.operation, st.condition}
			if sources[k] == nil {
				order = append(order, k)
			}
			sources[k] = append(sources[k], st.source)
		}
	}
	var list []*Expr
	for _, i := range r.Perm(len(order)) {
		k := order[i]
		list = append(list, And(Or(sources[k]...), k.condition, copyOf(k.operation)))
	}
	return &Ladder{Allow: Or(list...), Deny: field(Path, "", Prefix, "/admin"), Audit: False, Closed: true}
}

// copyOf shares no node with its original.
func copyOf(x *Expr) *Expr {
	y := *x
	y.list = nil
	for _, z := range x.list {
		y.list = append(y.list, copyOf(z))
	}
	return &y
}

func benchmarkEqual(b *testing.B, loads []load) {
	type pair struct{ a, b *Ladder }
	var pairs []pair
	for i, l := range loads {
		r := rand.New(rand.NewPCG(uint64(i), 3))
		rules := l.make(r)
		pairs = append(pairs, pair{asWritten(rules), regrouped(r, rules)})
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		p := pairs[i%len(pairs)]
		i++
		s, err := NewSpace(Limits{}, nil, nil, p.a.Deny, p.a.Allow, p.b.Deny, p.b.Allow)
		if err != nil {
			b.Fatal(err)
		}
		for _, part := range [2][2]*Expr{{p.a.Deny, p.b.Deny}, {p.a.Allow, p.b.Allow}} {
			x, err := s.Set(part[0])
			if err != nil {
				b.Fatal(err)
			}
			y, err := s.Set(part[1])
			if err != nil {
				b.Fatal(err)
			}
			if d, _, err := s.Equal(x, y); d != nil || err != nil {
				b.Fatal(d, err)
			}
		}
	}
}

// fleet is destinations of ten rules among 1,000 namespaces.
func fleet(templates int) (list []load) {
	for i := range 200 {
		list = append(list, load{rules: 10, namespaces: 1000, accounts: 10, paths: pathsOf(12, 4, 1, templates),
			claims: i%4 == 0, headers: i%8 == 0, hosts: i%8 == 1, ports: i%4 == 2, negation: i%4 == 3})
	}
	return list
}

func large(rules, templates int) []load {
	return []load{{rules: rules, namespaces: 100, accounts: 10, paths: pathsOf(300, 60, 20, templates),
		claims: true, headers: true, hosts: true, ports: true, negation: true}}
}

func BenchmarkFleetEqual(b *testing.B)          { benchmarkEqual(b, fleet(0)) }
func BenchmarkFleetEqualTemplates(b *testing.B) { benchmarkEqual(b, fleet(1)) }
func BenchmarkLargeEqual(b *testing.B)          { benchmarkEqual(b, large(2000, 0)) }
func BenchmarkLargeEqualTemplates(b *testing.B) { benchmarkEqual(b, large(2000, 40)) }

// An invariant: nobody but two callers passes. It does not hold, and the smallest request says so.
func BenchmarkFleetInvariant(b *testing.B) {
	var ladders []*Expr
	for i, l := range fleet(0) {
		ladders = append(ladders, asWritten(l.make(rand.New(rand.NewPCG(uint64(i), 3)))).Passes())
	}
	only := Or(exact(Peer, "", "cluster.local", "n1", "s1"), exact(Peer, "", "cluster.local", "n2", "s2"))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		x := ladders[i%len(ladders)]
		i++
		s, err := NewSpace(Limits{}, nil, nil, x, only)
		if err != nil {
			b.Fatal(err)
		}
		passes, err := s.Set(x)
		if err != nil {
			b.Fatal(err)
		}
		callers, err := s.Set(only)
		if err != nil {
			b.Fatal(err)
		}
		if d, err := s.Minus(passes, callers); err != nil || d == nil || !d.Smallest {
			b.Fatal(d, err)
		}
	}
}

func BenchmarkLargeRedundant(b *testing.B) {
	rules := large(2000, 0)[0].make(rand.New(rand.NewPCG(1, 3)))
	var list []*Expr
	for _, rule := range rules {
		var parts []*Expr
		for _, st := range rule {
			parts = append(parts, And(st.source, st.operation, st.condition))
		}
		list = append(list, Or(parts...))
	}
	b.ReportAllocs()
	for b.Loop() {
		s, err := NewSpace(Limits{}, nil, nil, list...)
		if err != nil {
			b.Fatal(err)
		}
		var sets []*Set
		for _, x := range list {
			set, err := s.Set(x)
			if err != nil {
				b.Fatal(err)
			}
			sets = append(sets, set)
		}
		found, err := s.Redundant(sets)
		if err != nil || len(found) != len(list) {
			b.Fatal(err)
		}
	}
}

// Each of 2,000 rules is asked whether a deny of 200 rules leaves something of it: one index answers all.
func BenchmarkLargeDenied(b *testing.B) {
	make := func(n int, seed uint64) (list []*Expr) {
		for _, rule := range large(n, 0)[0].make(rand.New(rand.NewPCG(seed, 3))) {
			var parts []*Expr
			for _, st := range rule {
				parts = append(parts, And(st.source, st.operation, st.condition))
			}
			list = append(list, Or(parts...))
		}
		return list
	}
	rules, deny := make(2000, 1), Or(make(200, 2)...)
	b.ReportAllocs()
	for b.Loop() {
		s, err := NewSpace(Limits{}, nil, nil, append(rules[:len(rules):len(rules)], deny)...)
		if err != nil {
			b.Fatal(err)
		}
		denied, err := s.Set(deny)
		if err != nil {
			b.Fatal(err)
		}
		for _, x := range rules {
			set, err := s.Set(x)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := s.Inside(set, denied); err != nil {
				b.Fatal(err)
			}
		}
	}
}
