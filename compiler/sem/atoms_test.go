package sem

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// words are all strings over an alphabet up to a length.
func words(alphabet string, length int) []string {
	out := []string{""}
	for from := 0; length > 0; length-- {
		to := len(out)
		for _, w := range out[from:to] {
			for i := range len(alphabet) {
				out = append(out, w+alphabet[i:i+1])
			}
		}
		from = to
	}
	return out
}

// universeOf are the values of a kind over a small alphabet.
func universeOf(k Kind) []Value {
	single := func(list []string) (out []Value) {
		for _, s := range list {
			out = append(out, Value{Parts: []string{s}})
		}
		return out
	}
	switch k {
	case Peer:
		out := []Value{{Absent: true}}
		parts := words("abx", 2)[1:]
		for _, td := range parts {
			for _, ns := range parts {
				for _, sa := range parts {
					out = append(out, Value{Parts: []string{td, ns, sa}})
				}
			}
		}
		return out
	case Token:
		out := []Value{{Absent: true}}
		parts := words("ab/x", 2)
		for i := -1; i < len(parts); i++ {
			for j := -1; j < len(parts); j++ {
				v := Value{Parts: []string{"", ""}, Missing: [2]bool{i < 0, j < 0}}
				if i >= 0 {
					v.Parts[0] = parts[i]
				}
				if j >= 0 {
					v.Parts[1] = parts[j]
				}
				out = append(out, v)
			}
		}
		return out
	case Header, Claim, MetadataList:
		out := []Value{{Absent: true}}
		parts := words("abx", 2)
		for i, a := range parts {
			out = append(out, Value{Parts: []string{a}})
			for j, b := range parts[i:] {
				out = append(out, Value{Parts: []string{a, b}})
				for _, c := range parts[i+j:] {
					out = append(out, Value{Parts: []string{a, b, c}})
				}
			}
		}
		return out
	case Method:
		return single(words("abx", 6))
	case Host:
		return single(words("aAbBx", 5))
	case SNI:
		return append(single(words("abx", 6)[1:]), Value{Absent: true})
	case Path:
		var out []string
		for _, w := range words("ab/[", 5) {
			out = append(out, "/"+w)
		}
		return single(out)
	case Port:
		var out []string
		for p := range 65536 {
			out = append(out, strconv.Itoa(p))
		}
		return single(out)
	case Answer:
		return single([]string{"yes", "no"})
	}
	var out []string
	for _, a := range []string{"0.0.0.0", "9.255.255.255", "10.0.0.0", "10.0.0.1", "10.0.0.127", "::ffff:9.255.255.255", "::ffff:11.0.0.0", "10.0.0.128", "10.0.1.0", "10.255.255.255", "11.0.0.0", "255.255.255.255",
		"::", "::1", "::ffff:10.0.0.1", "2001:db8::", "2001:db8::1", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"} {
		at := netip.MustParseAddr(a)
		for _, x := range []netip.Addr{at.Prev(), at, at.Next()} {
			if x.IsValid() {
				out = append(out, x.String())
			}
		}
	}
	return single(out)
}

// randomMatcher is a matcher of few bytes, so that many of them interact.
func randomMatcher(r *rand.Rand, a Attr) Matcher {
	m := Matcher{Attr: a}
	text := func(alphabet string, most int) string {
		b := make([]byte, r.IntN(most+1))
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
	simple := func(alphabet string, most int, ops ...Op) Pattern {
		p := Pattern{Op: ops[r.IntN(len(ops))]}
		switch p.Op {
		case Exact, Prefix, Suffix:
			p.Text = text(alphabet, most)
		case Glob:
			p.Text = text(alphabet+"**", most+2)
		}
		return p
	}
	plain := []Op{Any, Exact, Exact, Prefix, Suffix, NonEmpty, Present, Never}
	switch a.Kind {
	case Peer:
		for i := range 3 {
			m.Parts[i] = simple("abababa/", 2, append(plain, Any, Any, Exact, Glob)...)
		}
	case Token:
		for i := range 2 {
			m.Parts[i] = simple("ab/", 2, append(plain, Any, Glob)...)
		}
	case SourceIP, RemoteIP, DestIP:
		blocks := []string{"10.0.0.0/8", "10.0.0.1", "10.0.0.77/25", "10.0.0.128/25", "10.0.1.0/24", "0.0.0.0/0", "255.255.255.255", "::/0", "::1", "::ffff:10.0.0.1", "::ffff:10.0.0.0/104", "2001:db8::/32", "2001:db8::7/64",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "0.0.0.0"}
		m.Parts[0] = Pattern{Op: Block, Text: blocks[r.IntN(len(blocks))]}
	case Port:
		m.Parts[0] = Pattern{Op: Range, Lo: r.IntN(12), Hi: r.IntN(12)}
		if r.IntN(4) == 0 {
			m.Parts[0] = Pattern{Op: Range, Lo: 65530 + r.IntN(6), Hi: 65530 + r.IntN(9)}
		}
	case Answer:
		m.Parts[0] = Pattern{Op: Exact, Text: "yes"}
	case Path:
		m.Parts[0] = simple("ab/ab/ab/?", 3, append(plain, Prefix, Glob)...)
		switch r.IntN(3) {
		case 0:
			if p := &m.Parts[0]; p.Op == Exact || p.Op == Prefix {
				p.Text = "/" + p.Text
			}
		case 1:
			segments := []string{""}
			deep := false
			for range 1 + r.IntN(3) {
				s := []string{"a", "b", "{*}", "{*}", "{**}", "ab"}[r.IntN(6)]
				if deep && s[0] == '{' {
					s = "b"
				}
				deep = deep || s == "{**}"
				segments = append(segments, s)
			}
			m.Parts[0] = Pattern{Op: Template, Text: strings.Join(segments, "/")}
		}
	case Host:
		m.Parts[0] = simple("abAB", 3, append(plain, Glob)...)
		m.Parts[0].Fold = r.IntN(2) == 0
	default:
		m.Parts[0] = simple("ab", 3, append(plain, Glob)...)
	}
	return m
}

// check holds a partition to the definition of matching, over many values.
func check(t *testing.T, a Attr, ms []Matcher, values, named []Value) *atoms {
	t.Helper()
	got, err := partition(a, ms, nil, named, 100_000)
	if err != nil {
		t.Fatalf("%v: %v", ms, err)
	}
	signature := func(v Value) string {
		b := make([]byte, len(ms))
		for i, m := range ms {
			if matches(m, v) {
				b[i] = 1
			}
		}
		return string(b)
	}
	atom := map[string]int{}
	for i, v := range got.values {
		b := make([]byte, len(ms))
		for j := range ms {
			if got.has[j].get(i) {
				b[j] = 1
			}
		}
		if s := signature(v); s != string(b) {
			t.Fatalf("%v\natom %d is %v, but its value %q has %v", ms, i, b, v.Parts, []byte(s))
		}
		if before, twice := atom[string(b)]; twice {
			t.Fatalf("%v\natoms %d and %d are told apart by nothing: %v %v", ms, before, i, got.values[before], v)
		}
		atom[string(b)] = i
		if u := shapeOf(a.Kind).of; !v.Absent && shapeOf(a.Kind).parts == 1 && u != (universe{}) {
			for _, p := range v.Parts {
				if !u.contains(p) {
					t.Fatalf("%v\n%q is outside the universe", ms, p)
				}
			}
		}
		if i > 0 && got.costs[i] < got.costs[i-1] || i == 0 && got.costs[i] != 0 {
			t.Fatalf("%v\ncosts %v", ms, got.costs)
		}
	}
	shortest := len(named) == 0
	switch a.Kind {
	case SourceIP, Port, Answer:
		shortest = false
	case Path, Host: // beside exact strings, an automaton finds a short one
		shortest = shortest && !slices.ContainsFunc(ms, func(m Matcher) bool {
			return m.Parts[0].Op == Exact || m.Parts[0].Op == Glob || m.Parts[0].Op == Template
		})
	}
	for _, v := range values {
		i, ok := atom[signature(v)]
		if !ok {
			t.Fatalf("%v\n%+v is in no atom", ms, v)
		}
		w := got.values[i]
		if shortest && (v.Absent && !w.Absent || !slices.Contains(v.Parts, "") && length(w) > length(v)) {
			t.Fatalf("%v\n%+v stands for its atom, though %+v is shorter", ms, w, v)
		}
	}
	return got
}

// length orders values of one attribute: elements first, then bytes.
func length(v Value) int {
	n := 0
	for i, p := range v.Parts {
		n += len(p)
		if i >= 2 || !v.Missing[i] {
			n += 1000
		}
	}
	return n
}

func TestAtoms(t *testing.T) {
	for _, k := range []Kind{Peer, SourceIP, Port, SNI, Method, Host, Path, Header, Token, Answer} {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			values := universeOf(k)
			a := Attr{Kind: k}
			rounds := max(20, 1_000_000/len(values))
			for round := range min(rounds, 400) {
				r := rand.New(rand.NewPCG(uint64(k), uint64(round)))
				ms := make([]Matcher, r.IntN(9))
				for i := range ms {
					ms[i] = randomMatcher(r, a)
				}
				check(t, a, ms, values, nil)
			}
		})
	}
}

func TestAtomsNamed(t *testing.T) {
	for _, k := range []Kind{Peer, SourceIP, Port, SNI, Method, Host, Path, Header, Token} {
		values := universeOf(k)
		a := Attr{Kind: k}
		for round := range 60 {
			r := rand.New(rand.NewPCG(100+uint64(k), uint64(round)))
			ms := make([]Matcher, r.IntN(9))
			for i := range ms {
				ms[i] = randomMatcher(r, a)
			}
			var named []Value
			for range r.IntN(4) {
				if v := values[r.IntN(len(values))]; !v.Absent && len(v.Parts) == shapeOf(k).parts && v.Missing == [2]bool{} {
					named = append(named, v)
				}
			}
			got := check(t, a, ms, nil, named)
			// A named value stands for its atom, unless it may be absent, or another named one is before it.
			for i, v := range named {
				at := -1
				for j := range got.values {
					if sameAtom(ms, got.values[j], v) {
						at = j
					}
				}
				w := got.values[at]
				if !w.Absent && w.Missing == [2]bool{} && !slices.ContainsFunc(named[:i+1], func(n Value) bool { return slices.Equal(n.Parts, w.Parts) }) && !(shapeOf(k).list) {
					t.Fatalf("%v\n%+v stands for the atom of %+v", ms, w, v)
				}
			}
		}
	}
}

func sameAtom(ms []Matcher, v, w Value) bool {
	return !slices.ContainsFunc(ms, func(m Matcher) bool { return matches(m, v) != matches(m, w) })
}

// TestAtomsNoFreeByte: what is exact in the closed form stays exact where every byte occurs.
func TestAtomsNoFreeByte(t *testing.T) {
	a := Attr{Kind: Method}
	is := func(op Op, text string) Matcher {
		return Matcher{Attr: a, Parts: [3]Pattern{{Op: op, Text: text}}}
	}
	var ms []Matcher
	for b := range 256 {
		ms = append(ms, is(Prefix, string([]byte{byte(b)})))
	}
	got := check(t, a, ms, universeOf(Method), nil)
	if len(got.values) != 257 {
		t.Errorf("%d atoms of 256 first bytes and the empty string", len(got.values))
	}
	ms = append(ms, is(Exact, ""))
	for _, v := range check(t, a, ms, universeOf(Method), nil).values {
		if len(v.Parts[0]) > 1 {
			t.Errorf("%q stands for an atom", v.Parts)
		}
	}
	// A template and the prefixes that leave nothing of it.
	a = Attr{Kind: Path}
	ms = []Matcher{{Attr: a, Parts: [3]Pattern{{Op: Template, Text: "/{*}"}}}}
	for i := range PathClass {
		ms = append(ms, is(Prefix, "/"+PathClass[i:i+1]))
		ms[i+1].Attr = a
	}
	for i, v := range check(t, a, ms, universeOf(Path), nil).values {
		if matches(ms[0], v) && !slices.ContainsFunc(ms[1:], func(m Matcher) bool { return matches(m, v) }) {
			t.Errorf("atom %d is %q", i, v.Parts)
		}
	}
	// Exact strings that are all of a class, and all of it but one.
	ms = []Matcher{is(Glob, "*a*a"), is(Exact, "/"), is(Prefix, "/"+"x")}
	for b := range 256 {
		if b != 'x' && b != 'q' {
			ms = append(ms, is(Prefix, "/"+string([]byte{byte(b)})))
		}
	}
	for i := range ms {
		ms[i].Attr = a
	}
	check(t, a, ms, universeOf(Path), nil)
	ms = append(ms, is(Prefix, "/q"))
	ms[len(ms)-1].Attr = a
	check(t, a, ms, universeOf(Path), nil)
}

func TestAtomsRefused(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		p    Pattern
	}{
		{SourceIP, Pattern{Op: Exact, Text: "10.0.0.1"}}, {SourceIP, Pattern{Op: Block, Text: "10.0.0.1/33"}}, {DestIP, Pattern{Op: Block, Text: "x"}},
		{Port, Pattern{Op: Prefix, Text: "8"}}, {Path, Pattern{Op: Block, Text: "10.0.0.0/8"}}, {Method, Pattern{Op: Range, Hi: 1}},
		{Path, Pattern{Op: Template, Text: "/a{*}"}}, {Path, Pattern{Op: Template, Text: "/{**}/{*}"}}, {Path, Pattern{Op: Template, Text: "/{x}"}},
	} {
		a := Attr{Kind: c.kind}
		if _, err := partition(a, []Matcher{{Attr: a, Parts: [3]Pattern{c.p}}}, nil, nil, 1000); err == nil || errors.Is(err, ErrBudget) {
			t.Errorf("%v %v: %v", c.kind, c.p, err)
		}
	}
	// Past the budget there is no answer.
	var many []Matcher
	a := Attr{Kind: Method}
	for i := range 40 {
		many = append(many, Matcher{Attr: a, Parts: [3]Pattern{{Op: Prefix, Text: fmt.Sprintf("a%d", i)}}}, Matcher{Attr: a, Parts: [3]Pattern{{Op: Suffix, Text: fmt.Sprintf("%db", i)}}})
	}
	if _, err := partition(a, many, nil, nil, 1000); !errors.Is(err, ErrBudget) {
		t.Errorf("41 prefixes and 41 suffixes: %v", err)
	}
	many = nil
	a = Attr{Kind: Peer}
	for i := range 300 { // few atoms, of many parts
		ns, sa := Pattern{Op: Exact, Text: fmt.Sprint("n", i)}, Pattern{Op: Exact, Text: fmt.Sprint("s", i)}
		many = append(many, Matcher{Attr: a, Parts: [3]Pattern{{}, ns, {Op: Exact, Text: "x"}}}, Matcher{Attr: a, Parts: [3]Pattern{{}, {}, sa}})
	}
	if got, err := partition(a, many, nil, nil, 2000); err != nil || len(got.values) != 601 {
		t.Errorf("600 matchers of namespaces and accounts: %v", err)
	}
	if _, err := partition(a, many, nil, nil, 1000); !errors.Is(err, ErrBudget) {
		t.Errorf("600 matchers of namespaces and accounts, within a budget: %v", err)
	}
	many = nil
	a = Attr{Kind: Claim, Name: "groups"}
	for i := range 40 {
		many = append(many, Matcher{Attr: a, Parts: [3]Pattern{{Op: Exact, Text: fmt.Sprint(i)}}})
	}
	if _, err := partition(a, many, nil, nil, 100_000); !errors.Is(err, ErrBudget) {
		t.Errorf("lists of 40 groups: %v", err)
	}
}

// workload is a destination of many exact identities and paths.
func workload(identities, paths, templates int) (peers, of []Matcher) {
	for i := range identities {
		peers = append(peers, Matcher{Attr: Attr{Kind: Peer}, Parts: [3]Pattern{{Op: Exact, Text: "cluster.local"}, {Op: Exact, Text: fmt.Sprintf("team-%d", i%50)}, {Op: Exact, Text: fmt.Sprintf("service-%d", i)}}})
	}
	for i := range paths {
		p := Pattern{Op: Exact, Text: fmt.Sprintf("/api/v1/items-%d/list", i)}
		switch {
		case i < templates:
			p = Pattern{Op: Template, Text: fmt.Sprintf("/api/v1/things-%d/{*}/parts", i)}
		case i%7 == 0:
			p = Pattern{Op: Prefix, Text: fmt.Sprintf("/api/v1/items-%d/", i)}
		case i%21 == 1:
			p = Pattern{Op: Suffix, Text: fmt.Sprintf(".ext%d", i)}
		}
		of = append(of, Matcher{Attr: Attr{Kind: Path}, Parts: [3]Pattern{p}})
	}
	return peers, of
}

func BenchmarkAtoms(b *testing.B) {
	for _, size := range []struct{ identities, paths, templates int }{{20, 10, 0}, {20, 10, 3}, {2000, 200, 0}, {2000, 400, 40}} {
		peers, paths := workload(size.identities, size.paths, size.templates)
		for _, ms := range [][]Matcher{peers, paths} {
			b.Run(fmt.Sprintf("%d-%d-%d-kind%d", size.identities, size.paths, size.templates, ms[0].Attr.Kind), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					got, err := partition(ms[0].Attr, ms, nil, nil, 100_000)
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(len(got.values)), "atoms")
				}
			})
		}
	}
}

// FuzzAutomaton holds the automaton and the closed form to the definition, for paths and hosts of a program's making.
func FuzzAutomaton(f *testing.F) {
	f.Add("/a/{*}\n/a*\n*b\n/{**}/b\na*b", "/a/b\n/a\n/xb")
	f.Add("~Ab\nab*\n~*B\n*b*", "AB\nab\naB")
	f.Fuzz(func(t *testing.T, patterns, values string) {
		for _, k := range []Kind{Path, Host, SNI, Claim} {
			a := Attr{Kind: k}
			var ms []Matcher
			for i, s := range strings.Split(patterns, "\n") {
				fold := strings.HasPrefix(s, "~")
				p := Pattern{Op: Glob, Text: strings.TrimPrefix(s, "~"), Fold: fold}
				if strings.Contains(s, "{") && checkTemplate(s) && !strings.Contains(s, "*}*") {
					p = Pattern{Op: Template, Text: s}
				}
				if i < 8 && len(s) < 40 {
					ms = append(ms, Matcher{Attr: a, Parts: [3]Pattern{p}})
				}
			}
			var vs []Value
			for s := range strings.SplitSeq(values, "\n") {
				if u := shapeOf(k).of; u.contains(s) {
					vs = append(vs, Value{Parts: []string{s}})
				}
			}
			if _, err := partition(a, ms, nil, nil, 100_000); errors.Is(err, ErrBudget) {
				continue
			}
			check(t, a, ms, vs, nil)
		}
	})
}

// TestAtomsOrder: the atoms do not depend on the order of the matchers.
func TestAtomsOrder(t *testing.T) {
	for _, k := range []Kind{Peer, SourceIP, Port, SNI, Method, Host, Path, Header, Token} {
		a := Attr{Kind: k}
		for round := range 60 {
			r := rand.New(rand.NewPCG(200+uint64(k), uint64(round)))
			ms := make([]Matcher, r.IntN(9))
			for i := range ms {
				ms[i] = randomMatcher(r, a)
			}
			order := r.Perm(len(ms))
			shuffled := make([]Matcher, len(ms))
			for i, o := range order {
				shuffled[i] = ms[o]
			}
			want, err := partition(a, ms, nil, nil, 100_000)
			if err != nil {
				t.Fatal(err)
			}
			got, err := partition(a, shuffled, nil, nil, 100_000)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.costs, want.costs) || !slices.EqualFunc(got.values, want.values, func(v, w Value) bool {
				return v.Absent == w.Absent && v.Missing == w.Missing && slices.Equal(v.Parts, w.Parts)
			}) {
				t.Fatalf("%v\n%v\n%v", ms, want.values, got.values)
			}
			for i, o := range order {
				if !slices.Equal(got.has[i], want.has[o]) {
					t.Fatalf("%v: matcher %d", ms, o)
				}
			}
		}
	}
}
