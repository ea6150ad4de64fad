package grammar

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/participle/v2/ebnf"

	"github.com/zt-lang/ztc/lang/scan"
)

// TestLL1 computes FIRST and FOLLOW of the grammar as participle prints it: one token always decides.
func TestLL1(t *testing.T) {
	for _, c := range conflicts(build().String(), "Statement") {
		t.Error(c)
	}
	for _, bad := range []string{ // the computation must be able to fail
		"A = <name> <name> | <name> .", `A = "x"? B . B = "x" .`, `A = B* "x" . B = "x" .`, `A = ("all" | <key>) .`, `A = B "," . B = "x" ("," "x")* .`,
		`A = "allow" | <name> .`, `A = "x"? | <name> . B = A "x" .`,
	} {
		if len(conflicts(bad, "A")) == 0 {
			t.Errorf("no conflict in %s", bad)
		}
	}
	for _, good := range []string{`A = "x" B . B = "y"? .`, `A = <name> ("," <name>)* ";" .`, `A = ("x" <name> | "y")? <string> .`} {
		if c := conflicts(good, "A"); len(c) > 0 {
			t.Errorf("%s: %v", good, c)
		}
	}
}

type tokenSet map[string]bool

func (s tokenSet) add(o tokenSet) bool {
	n := len(s)
	maps.Copy(s, o)
	return len(s) != n
}

// classes are the token kinds that a literal's text may have.
func classes(literal string) []string {
	switch {
	case scan.IsReserved(literal):
		return []string{"<key>"}
	case scan.IsStatementWord(literal):
		return []string{"<start>", "<name>"}
	case literal[0] >= 'a' && literal[0] <= 'z':
		return []string{"<name>"}
	}
	return []string{"<punct>"}
}

func overlap(a, b tokenSet) []string {
	var out []string
	for x := range a {
		for y := range b {
			hit := x == y
			if x[0] != '<' && y[0] == '<' {
				hit = slices.Contains(classes(x), y)
			} else if y[0] != '<' && x[0] == '<' {
				hit = slices.Contains(classes(y), x)
			}
			if hit {
				out = append(out, x+"~"+y)
			}
		}
	}
	slices.Sort(out)
	return out
}

type ll1 struct {
	first, follow map[string]tokenSet
	empty         map[string]bool
	report        bool
	found         []string
}

func (g *ll1) term(t *ebnf.Term) (f tokenSet, empty bool) {
	switch {
	case t.Name != "":
		f, empty = g.first[t.Name], g.empty[t.Name]
	case t.Literal != "":
		f = tokenSet{strings.Trim(t.Literal, `"`): true}
	case t.Token != "":
		f = tokenSet{"<" + t.Token + ">": true}
	case t.Group != nil:
		f, empty = g.expression(t.Group.Expr)
	}
	return f, empty || t.Repetition == "?" || t.Repetition == "*"
}

func (g *ll1) sequence(terms []*ebnf.Term) (tokenSet, bool) {
	out := tokenSet{}
	for _, t := range terms {
		f, empty := g.term(t)
		out.add(f)
		if !empty {
			return out, false
		}
	}
	return out, true
}

func (g *ll1) expression(e *ebnf.Expression) (tokenSet, bool) {
	out, empty := tokenSet{}, false
	for _, a := range e.Alternatives {
		f, n := g.sequence(a.Terms)
		out.add(f)
		empty = empty || n
	}
	return out, empty
}

func (g *ll1) say(where string, both []string) {
	if g.report && len(both) > 0 {
		g.found = append(g.found, fmt.Sprintf("%s: %v", where, both))
	}
}

// walk adds to FOLLOW, and with report set looks for conflicts.
func (g *ll1) walk(name string, e *ebnf.Expression, follow tokenSet) (changed bool) {
	for i, a := range e.Alternatives {
		first, empty := g.sequence(a.Terms)
		if empty {
			g.say(name+": an empty alternative, or what follows", overlap(first, follow))
		}
		for _, b := range e.Alternatives[i+1:] {
			other, _ := g.sequence(b.Terms)
			g.say(fmt.Sprintf("%s: %q and %q", name, a, b), overlap(first, other))
		}
		for k, t := range a.Terms {
			next, empty := g.sequence(a.Terms[k+1:])
			if empty {
				next.add(follow)
			}
			own, _ := g.term(t)
			if t.Repetition != "" {
				g.say(fmt.Sprintf("%s: %s or what follows", name, t), overlap(own, next))
			}
			if t.Repetition == "*" || t.Repetition == "+" {
				next.add(own)
			}
			if t.Name != "" {
				changed = g.follow[t.Name].add(next) || changed
			}
			if t.Group != nil {
				changed = g.walk(name, t.Group.Expr, next) || changed
			}
		}
	}
	return changed
}

// conflicts returns the places of a grammar where one token does not decide.
func conflicts(text, root string) []string {
	e, err := ebnf.ParseString(text)
	if err != nil {
		return []string{err.Error()}
	}
	g := &ll1{first: map[string]tokenSet{}, follow: map[string]tokenSet{}, empty: map[string]bool{}}
	for _, p := range e.Productions {
		g.first[p.Production], g.follow[p.Production] = tokenSet{}, tokenSet{}
	}
	for changed := true; changed; {
		changed = false
		for _, p := range e.Productions {
			f, empty := g.expression(p.Expression)
			if g.first[p.Production].add(f) || empty != g.empty[p.Production] {
				changed = true
			}
			g.empty[p.Production] = empty
		}
	}
	if g.follow[root] == nil {
		return []string{"no " + root}
	}
	g.follow[root].add(tokenSet{"<eof>": true, "<term>": true, "}": true})
	for changed := true; changed; {
		changed = false
		for _, p := range e.Productions {
			changed = g.walk(p.Production, p.Expression, g.follow[p.Production]) || changed
		}
	}
	g.report = true
	for _, p := range e.Productions {
		g.walk(p.Production, p.Expression, g.follow[p.Production])
	}
	return g.found
}

func TestNearest(t *testing.T) {
	words := []string{"allow", "deny", "use", "jwt", "in"}
	for in, want := range map[string]string{"alow": "allow", "allwo": "allow", "ALLOW": "allow", "deyn": "deny", "dany": "deny", "us": "", "us3": "use", "x": "", "workload": "", "an": "", "jtw": "jwt", strings.Repeat("a", 99): ""} {
		if got := nearest(in, words); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestFirsts(t *testing.T) {
	for in, want := range map[string]string{
		`"->" Target ("," Target)*`: "->", `Sources "->"`: "Sources", `("in" A | "on" B)`: "in on", `<name>? <int>`: "<name> <int>", `(A | B)? "x"`: "A B x",
		`("a" ("b" | "c"))* <string>`: "a <string>", `A+ B`: "A", "": "", `(`: "", `"(" ")"`: "(",
	} {
		f := firsts{text: in}
		f.alternatives(true)
		if got := strings.Join(f.out, " "); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
