package proof

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// shown is how many destinations of one trial are spoken of.
const shown = 5

// Report says what does not hold.
func (t *Trial) Report() (diags diag.List) {
	switch {
	case t.Unknown != nil:
		diags.Add(diag.NotProven, t.Span(), "whether this holds is not proven: %v", t.Unknown)
	case t.Unclear != "":
		diags.Add(diag.Unanswerable, t.Span(), "%s", t.Unclear)
	}
	for i := range t.Failures[:min(len(t.Failures), shown)] {
		f := &t.Failures[i]
		var d *diag.Diagnostic
		if t.Expect != nil {
			d = t.expected(&diags, f)
		} else {
			d = t.proven(&diags, f)
		}
		if i == shown-1 && len(t.Failures) > shown {
			d.Note("and likewise for %d more destinations", len(t.Failures)-shown)
		}
	}
	return diags
}

func (t *Trial) expected(diags *diag.List, f *Failure) *diag.Diagnostic {
	at := t.Expect.Span
	switch {
	case f.Nothing:
		return diags.Add(diag.ExpectFailed, at, "no such request comes to %s: %s", f.Destination.Name, why(f, t.Expect.Sources))
	case t.Expect.Allow:
		return f.explain(diags.Add(diag.ExpectFailed, at, "%s refuses a request that should pass: %s", f.Destination.Name, Words(f.Request)))
	}
	return f.explain(diags.Add(diag.ExpectFailed, at, "%s lets a request pass that should be refused: %s", f.Destination.Name, Words(f.Request)))
}

// why guesses at what rules out a request before any policy is asked.
func why(f *Failure, s *ir.Sources) string {
	switch {
	case slices.ContainsFunc(s.Any, func(x ir.Source) bool { return x.Kind == ir.Plaintext }):
		return "it accepts mTLS alone"
	case len(s.As) > 0:
		return "no `jwt` there verifies such a token"
	}
	return "its ports, its `mtls` or its `jwt` statements rule it out"
}

func (t *Trial) proven(diags *diag.List, f *Failure) *diag.Diagnostic {
	said := "lets a request pass that is none of these"
	switch t.Proof.Mode {
	case ir.Never:
		said = "lets such a request pass"
	case ir.Always:
		said = "refuses such a request"
	}
	smallest := ""
	if f.Smallest {
		smallest = "the smallest is "
	}
	d := diags.Add(diag.ProofFailed, t.Proof.Span, "%s %s: %s%s", f.Destination.Name, said, smallest, Words(f.Request))
	if text := box(f.Box); text != "" {
		d.Note("it is the same with %s", text)
	}
	return f.explain(d)
}

// explain says which statements and which rules decide.
func (f *Failure) explain(d *diag.Diagnostic) *diag.Diagnostic {
	v := &f.Verdict
	switch v.Step {
	case ByCustom:
		d.Note("an external authorizer is asked, and its consent is not taken for granted")
	case ByDeny:
		d.Note("a deny matches it, and nothing overrides that")
	case ByAllow:
		d.Note("an allow matches it, and no deny does")
	case ByDefault:
		d.Note("no allow matches it, and what no allow names is refused")
	case Open:
		d.Note("nothing closes %s: there is no ALLOW policy, so whatever no deny names passes", f.Destination.Name)
	}
	decides := map[Step]ast.Action{ByCustom: ast.Delegate, ByDeny: ast.Deny, ByAllow: ast.Allow}
	if action, some := decides[v.Step]; some {
		for _, r := range v.Statements {
			if r.Action == action && !r.DryRun {
				d.Relate(r.Span, "this statement decides")
			}
		}
		for _, m := range v.Rules {
			if m.Policy.Authorization.Action.String() == actionNames[action] {
				d.Note("in the YAML it is rule %d of %s/%s", m.Index, m.Policy.Namespace, m.Policy.Name)
			}
		}
	}
	if v.Step == ByDefault {
		for _, b := range v.Baselines {
			if !b.DryRun {
				d.Relate(b.Span, "this closes it")
			}
		}
	}
	return d
}

var actionNames = map[ast.Action]string{ast.Allow: "ALLOW", ast.Deny: "DENY", ast.Audit: "AUDIT", ast.Delegate: "CUSTOM"}

// box says what may differ in a request.
func box(sides []sem.Side) string {
	var out []string
	for _, s := range sides {
		if text := side(&s); text != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, ", ")
}

var plural = map[sem.Kind]string{
	sem.Peer: "caller", sem.SourceIP: "address", sem.RemoteIP: "client address", sem.DestIP: "destination address", sem.Port: "port",
	sem.SNI: "sni", sem.Method: "method", sem.Host: "host", sem.Path: "path", sem.Token: "token", sem.Answer: "answer",
}

func side(s *sem.Side) string {
	what, named := plural[s.Attr.Kind]
	if !named {
		what = Value(s.Attr, sem.Value{Absent: true})
		what = strings.TrimPrefix(what, "no ")
	}
	if s.All {
		return "any " + what
	}
	if len(s.Values) == 1 && len(s.Is) <= 1 && !open(s.Is) {
		return "" // the request says it
	}
	var words []string
	switch {
	case s.Said && len(s.Is) > 0:
		words = append(words, what+" "+matchers(s.Is))
	case s.Said:
		words = append(words, "any "+what)
	default:
		return fmt.Sprintf("one of %d kinds of %s", len(s.Values), what)
	}
	if len(s.Not) > 0 {
		words = append(words, "but "+matchers(s.Not))
	}
	if s.Absent {
		words = append(words, "or none")
	}
	return strings.Join(words, " ")
}

// open reports whether one of some matchers has more than one value.
func open(list []sem.Matcher) bool {
	return slices.ContainsFunc(list, func(m sem.Matcher) bool {
		return slices.ContainsFunc(m.Parts[:], func(p sem.Pattern) bool { return p.Op != sem.Exact })
	})
}

// matchers lists patterns as the language writes them.
func matchers(list []sem.Matcher) string {
	const most = 4
	var out []string
	for _, m := range list[:min(len(list), most)] {
		out = append(out, matcher(m))
	}
	if len(list) > most {
		out = append(out, fmt.Sprintf("and %d more", len(list)-most))
	}
	return strings.Join(out, ", ")
}

func matcher(m sem.Matcher) string {
	switch m.Attr.Kind {
	case sem.Peer:
		return pattern(m.Parts[0]) + "/ns/" + pattern(m.Parts[1]) + "/sa/" + pattern(m.Parts[2])
	case sem.Token:
		return pattern(m.Parts[0]) + " with subject " + pattern(m.Parts[1])
	}
	return pattern(m.Parts[0])
}

func pattern(p sem.Pattern) string {
	switch p.Op {
	case sem.Prefix:
		return p.Text + "*"
	case sem.Suffix:
		return "*" + p.Text
	case sem.Range:
		if p.Lo == p.Hi {
			return fmt.Sprint(p.Lo)
		}
		return fmt.Sprintf("%d to %d", p.Lo, p.Hi)
	case sem.Any, sem.Present, sem.NonEmpty:
		return "*"
	case sem.Never:
		return "nothing"
	}
	return p.Text
}

// Coverage tells which statements no trial has a request for, in the order of the program, and how many the others are: the
// former may be deleted without a test that fails. Those without consequence count as neither.
func Coverage(p *ir.Program, trials []*Trial) (open []source.Span, covered int) {
	seen := map[source.Span]bool{}
	for _, t := range trials {
		for _, r := range t.Decided {
			seen[r.Span] = true
		}
	}
	covered = len(seen)
	for _, r := range p.Rules {
		if r.Action != ast.Audit && !r.DryRun && !seen[r.Span] {
			seen[r.Span] = true
			open = append(open, r.Span)
		}
	}
	slices.SortFunc(open, source.Span.Compare)
	return open, covered
}

// Assumptions are what answers rest on; others is how many policies of others were asked, too.
func Assumptions(others int) []string {
	policies := "no policies are in force but those of this program"
	switch {
	case others == 1:
		policies += " and the one of others that is given"
	case others > 1:
		policies += fmt.Sprintf(" and the %d of others that are given", others)
	}
	out := []string{
		policies,
		"a request takes one hop: what a callee does with it is not followed",
		"a sidecar guards each pod, and sees all of its traffic",
		"a caller's identity is TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT",
	}
	return out
}
