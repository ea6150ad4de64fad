package proof

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// shownCases is how many cases are written in full.
const shownCases = 20

// Text writes an answer for people.
func (a *Answer) Text() string {
	var b strings.Builder
	for i := range a.Cases[:min(len(a.Cases), shownCases)] {
		if i > 0 {
			b.WriteByte('\n')
		}
		a.Cases[i].write(&b)
	}
	if n := len(a.Cases) - shownCases; n > 0 {
		b.WriteByte('\n')
		for i := range a.Cases[shownCases:] {
			c := &a.Cases[shownCases+i]
			for j := range c.Told {
				line(&b, 0, word(c.Told[j].Verdict.Passes), c.Told[j].Words)
			}
			c.without(&b)
		}
	}
	if a.More {
		fmt.Fprintf(&b, "\nthe question has more than %d parts, and the others were not asked\n", maxCases)
	}
	return b.String()
}

func word(passes bool) string {
	if passes {
		return "passes"
	}
	return "refused"
}

// line writes a line with its first word in a column of its own.
func line(b *strings.Builder, indent int, first, rest string) {
	fmt.Fprintf(b, "%s%s\n", strings.Repeat(" ", indent), strings.TrimRight(fmt.Sprintf("%-8s %s", first, diag.Clean(rest)), " "))
}

// below writes a line below what is in the second column.
func below(b *strings.Builder, text string) {
	fmt.Fprintf(b, "%s%s\n", strings.Repeat(" ", column), diag.Clean(text))
}

const column = 13 // of what stands below the second column

// without writes a case that has no request, or none that is known.
func (c *Case) without(b *strings.Builder) {
	switch {
	case c.Unknown != nil:
		line(b, 0, "unknown", fmt.Sprintf("%s -> %s: not proven: %v", c.Caller, c.Destination.Name, c.Unknown))
	case c.Unclear != "":
		line(b, 0, "never", fmt.Sprintf("%s -> %s: no such request comes there: %s", c.Caller, c.Destination.Name, c.Unclear))
	}
}

func (c *Case) write(b *strings.Builder) {
	c.without(b)
	for i := range c.Told {
		t := &c.Told[i]
		line(b, 0, word(t.Verdict.Passes), t.Words)
		if c.Destination.Remark != "" {
			line(b, 2, "pod", c.Destination.Remark)
		}
		so := ""
		if chosen := t.chosen(); chosen != "" {
			line(b, 2, "chosen", chosen+": the question does not say")
			so = " (with what is chosen)"
		}
		switch {
		case len(c.Told) == 2 && i == 0:
			line(b, 2, "some", "this is the smallest request of the question that is refused, and there are others that pass")
		case len(c.Told) == 2:
			line(b, 2, "some", "this is the smallest request of the question that passes")
		case c.Several && t.Verdict.Passes:
			line(b, 2, "all", "every other request of the question passes, too"+so)
		case c.Several:
			line(b, 2, "all", "every other request of the question is refused, too"+so)
		}
		for j := range t.Ladder {
			t.rung(b, c.Destination, &t.Ladder[j])
		}
	}
}

// chosen says what was chosen. A port that no policy names is not spoken of.
func (t *Told) chosen() string {
	r := maps.Clone(t.Request)
	maps.DeleteFunc(r, func(a sem.Attr, v sem.Value) bool { return !t.Chosen[a] || a.Kind == sem.Port && v.Absent })
	if len(r) == 0 {
		return ""
	}
	return Words(r)
}

// Attribute names an attribute.
func Attribute(a sem.Attr) string { return noun(a) }

// rung writes a step of the ladder.
func (t *Told) rung(b *strings.Builder, d *Destination, g *Rung) {
	v := &t.Verdict
	if g.Step == ByDefault {
		switch v.Step {
		case ByDefault:
			line(b, 2, "default", "refused: no ALLOW rule matches, and there are ALLOW policies")
			for _, x := range g.Baselines {
				statement(b, column, x.Span, x.Via)
			}
		case Open:
			line(b, 2, "default", "passes: no ALLOW policy reaches "+d.Name+", so nothing closes it")
		}
		return
	}
	name := stepActions[g.Step].istio.String()
	switch {
	case len(g.Policies) == 0 && g.Step == ByCustom && slices.ContainsFunc(d.policies, func(o *istio.Object) bool { return o.Authorization.Action == stepActions[ByCustom].istio }):
		line(b, 2, name, "nobody is asked: the authorizer is one for HTTP")
		return
	case len(g.Policies) == 0:
		line(b, 2, name, "no policy")
		return
	case len(g.Rules) == 0:
		line(b, 2, name, "no rule of "+policyNames(g.Policies)+" matches")
	case g.Step == ByCustom && v.confused():
		line(b, 2, name, "refused: "+severalProviders)
	case g.Step == ByCustom:
		line(b, 2, name, "an external authorizer is asked, and taken to consent")
	case g.Step == ByDeny:
		line(b, 2, name, "refused: a rule matches, and nothing overrides it")
	case v.Step == ByAllow:
		line(b, 2, name, "passes: a rule matches")
	default:
		line(b, 2, name, "a rule matches, and DENY comes before it")
	}
	for _, m := range g.Rules {
		below(b, m.String())
	}
	for _, s := range g.Statements {
		statement(b, column, s.Span, s.Via)
	}
	for i := range g.Misses {
		m := &g.Misses[i]
		below(b, "nearest: "+m.String())
		for _, f := range m.Fields {
			below(b, "  "+f.Field+": "+f.Why)
		}
		for _, s := range m.Statements {
			statement(b, column, s.Span, s.Via)
		}
	}
}

// policyNames names a few policies.
func policyNames(list []*istio.Object) string {
	const most = 3
	var out []string
	for _, o := range list[:min(len(list), most)] {
		out = append(out, o.Namespace+"/"+o.Name)
	}
	if n := len(list) - most; n > 0 {
		out = append(out, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(out, ", ")
}

// String names the rule, and the place of one that somebody else wrote.
func (m Match) String() string {
	out := fmt.Sprintf("rule[%d] of %s/%s", m.Index, m.Policy.Namespace, m.Policy.Name)
	if m.Span.File != nil {
		out += " (" + m.Span.String() + ")"
	}
	return out
}

// WriteStatement writes the place and the text of a statement, and of the uses that it came from.
func WriteStatement(b *strings.Builder, at source.Span, via *ir.Use) { statement(b, 2, at, via) }

func statement(b *strings.Builder, indent int, at source.Span, via *ir.Use) {
	pad := strings.Repeat(" ", indent)
	fmt.Fprintf(b, "%s%s\n", pad, diag.Clean(at.String()+"  "+Quote(at)))
	for ; via != nil; via = via.Outer {
		fmt.Fprintf(b, "%s  %s\n", pad, diag.Clean(ir.UsedHere+": "+via.Span.String()+"  "+Quote(via.Span)))
	}
}

// Quote is the text of a statement on one line, which may be cut.
func Quote(at source.Span) string {
	const most = 120
	text := strings.Join(strings.Fields(at.Text()), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-3]) + "..."
	}
	return text
}

// Attributes returns the attributes of a request in the order in which they are said.
func Attributes(r sem.Request) []sem.Attr {
	return slices.SortedFunc(maps.Keys(r), compareAttrs)
}

func compareAttrs(a, b sem.Attr) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
}
