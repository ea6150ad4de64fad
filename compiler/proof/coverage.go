package proof

import (
	"slices"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

// Voice is what may have a say in a trial: a statement of the program, or a rule of a policy that was emitted for it. Exactly
// one of the two is set.
type Voice struct {
	Statement *ir.Rule
	Rule      Match
}

// voices are the statements of a destination's scopes, and the rules of the program's policies that reach it.
func (w *World) voices(d *Destination) []Voice {
	out := []Voice{}
	for _, s := range d.scopes {
		for _, r := range s.Rules {
			if consequent(r) {
				out = append(out, Voice{Statement: r})
			}
		}
	}
	for _, o := range d.policies {
		if w.others[o] == nil {
			out = append(out, w.rules(o)...)
		}
	}
	return out
}

// rules are the rules of a policy that decide about requests.
func (w *World) rules(o *istio.Object) (out []Voice) {
	if inForce(o) && o.Authorization.Action != security.AuthorizationPolicy_AUDIT {
		for i := range o.Authorization.Rules {
			out = append(out, Voice{Rule: w.Rule(o, i)})
		}
	}
	return out
}

// consequent reports whether a statement decides about requests.
func consequent(r *ir.Rule) bool { return r.Action != ast.Audit && !r.DryRun }

// meaning is what each voice of a class speaks of on a chain. What cannot be told is nothing.
func (c *class) meaning(chain int) []*sem.Expr {
	if c.meant[chain] != nil {
		return c.meant[chain]
	}
	var of *istio.Object
	var rules []plane.Rule
	out := make([]*sem.Expr, len(c.voices))
	for i, v := range c.voices {
		out[i] = sem.False
		if v.Statement != nil {
			if x, err := c.reader.Rule(v.Statement, chains[chain].intent); err == nil {
				out[i] = x
			}
			continue
		}
		if v.Rule.Policy != of {
			of = v.Rule.Policy
			rules, _ = c.w.mesh.Rules(of, chains[chain].plane)
		}
		if v.Rule.Index < len(rules) {
			out[i] = rules[v.Rule.Index].Holds()
		}
	}
	c.meant[chain] = out
	return out
}

// decided notes the statements and rules that speak of some request of a question, where coverage is asked for. What cannot be
// told is not noted.
func (c *class) decided(out *outcome, chain int, fixed sem.Request, q *sem.Expr) {
	if len(c.voices) == 0 || c.details {
		return
	}
	parts := sem.Cases(q)
	if len(parts) > 1 {
		for _, part := range parts {
			c.decided(out, chain, fixed, part)
		}
		return
	}
	fix, assume := sem.Given(fixed), sem.Assume(q)
	seen := map[Voice]bool{}
	for _, v := range out.decided {
		seen[v] = true
	}
	var list []Voice
	var sets []*sem.Expr
	for i, means := range c.meaning(chain) {
		if x := assume(fix(means)); x != sem.False && !seen[c.voices[i]] {
			list, sets = append(list, c.voices[i]), append(sets, both(q, x))
		}
	}
	if len(list) == 0 {
		return
	}
	space, err := sem.NewSpace(limits, sem.Alone(q), nil, sets...)
	defer func() { spent(c.spent, space) }()
	if err != nil {
		return
	}
	for i, v := range list {
		set, err := space.Set(sets[i])
		if err != nil {
			continue
		}
		if none, err := space.Inside(set, &sem.Set{}); err == nil && !none { // which request it is does not matter
			out.decided = append(out.decided, v)
		}
	}
}

// Coverage is what trials speak of: the statements and rules that have a request in some question. What has none may be deleted
// without a test that fails. What has no consequence counts as neither.
type Coverage struct {
	Statements int           // of which some trial speaks
	Open       []source.Span // the others, in the order of their places
	Rules      int           // of the policies that were emitted of which some trial speaks
	OpenRules  []Match       // the others, in the order of the policies

	world *World
}

// In are the statements that are in a rule of which no trial speaks. To find them takes time.
func (c *Coverage) In(m Match) []*ir.Rule { return c.world.In(m.Policy, m.Index) }

// Coverage tells what trials speak of that were run with coverage.
func (w *World) Coverage(trials []*Trial) Coverage {
	c := Coverage{world: w}
	said, heard := map[source.Span]bool{}, map[Match]bool{}
	for _, t := range trials {
		for _, v := range t.Decided {
			if v.Statement != nil {
				said[v.Statement.Span] = true
			} else {
				heard[v.Rule] = true
			}
		}
	}
	c.Statements, c.Rules = len(said), len(heard)
	for _, r := range w.p.Rules {
		if consequent(r) && !said[r.Span] {
			said[r.Span] = true
			c.Open = append(c.Open, r.Span)
		}
	}
	slices.SortFunc(c.Open, source.Span.Compare)
	for _, o := range w.own {
		for _, v := range w.rules(o) {
			if !heard[v.Rule] {
				c.OpenRules = append(c.OpenRules, v.Rule)
			}
		}
	}
	return c
}
