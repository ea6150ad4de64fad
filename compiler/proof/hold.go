package proof

import (
	"maps"
	"slices"
	"strconv"

	"github.com/zt-lang/ztc/compiler/sem"
)

// hold notes a failure where a request of a question is not in the set that is wanted. Most questions are answered by what
// single tests tell, without a space.
func (c *class) hold(out *outcome, d *Destination, chain int, fixed sem.Request, question, want *sem.Expr, attrs map[sem.Attr]bool) {
	fix := sem.Given(fixed)
	q := fix(question)
	q = both(q, sem.Assume(q)(fix(c.w.universe(d, chain, attrs))))
	in := sem.Assume(q)(fix(want))
	switch {
	case q == sem.False:
		return
	case in == sem.True:
		c.decided(out, chain, fixed, q)
		return
	}
	var named map[sem.Kind][]sem.Value
	if c.details {
		named = maps.Clone(c.w.names)
		if d.Workload != nil {
			for i := range d.Workload.Ports {
				named[sem.Port] = append(named[sem.Port], text(d.Workload.Ports[i].Number))
			}
		}
	}
	space, err := sem.NewSpace(limits, nil, named, q, in)
	defer func() { spent(c.spent, space) }()
	if err != nil {
		out.unknown = err
		return
	}
	set, err := space.Set(q)
	var goal *sem.Set
	if err == nil {
		goal, err = space.Set(in)
	}
	var diff *sem.Difference
	inside := false
	switch {
	case err != nil:
	case c.details:
		diff, err = space.Minus(set, goal)
		inside = diff == nil
	default:
		inside, err = space.Inside(set, goal)
	}
	if err != nil {
		out.unknown = err
		return
	}
	c.decided(out, chain, fixed, q)
	if inside {
		return
	}
	out.failure = &failure{Failure{Request: maps.Clone(fixed)}, chain}
	if diff != nil {
		maps.Copy(out.failure.Request, diff.Request)
		out.failure.Smallest, out.failure.Idle = diff.Smallest, map[sem.Attr]bool{}
		for _, side := range diff.Box {
			if side.All || !attrs[side.Attr] && !(side.Attr.Kind == sem.Port && d.tells(chain, diff.Request)) { // of the latter the universe alone speaks
				out.failure.Idle[side.Attr] = true
			} else {
				out.failure.Box = append(out.failure.Box, side)
			}
		}
	}
}

// tells reports whether the port of a request has to be said, where no policy and no question speaks of ports: one that nobody
// declared, or one that does not speak HTTP.
func (d *Destination) tells(chain int, r sem.Request) bool {
	v := r[sem.Attr{Kind: sem.Port}]
	if d.Workload == nil || v.Absent || len(v.Parts) == 0 {
		return false
	}
	n, err := strconv.Atoi(v.Parts[0])
	return err == nil && (chain != httpChain || d.Workload.Port(n) == nil)
}

// idle finds attributes of a request that is not in a set for which it makes no difference, all at once, what they are: of
// those that nobody stated, and that no question asks about.
func (w *World) idle(r, stated sem.Request, question, set, universe *sem.Expr) map[sem.Attr]bool {
	out, asked := map[sem.Attr]bool{}, map[sem.Attr]bool{}
	question.Attrs(asked)
	rest := maps.Clone(r)
	for _, absent := range []bool{true, false} { // what is not there goes first
		for _, a := range slices.Backward(Attributes(r)) {
			v := r[a]
			if _, said := stated[a]; said || asked[a] || v.Absent != absent {
				continue
			}
			delete(rest, a)
			if none, err := empty(rest, set, universe); err == nil && none {
				out[a] = true
			} else {
				rest[a] = v
			}
		}
	}
	return out
}

// empty reports whether a set has no request of a universe.
func empty(fixed sem.Request, set, universe *sem.Expr) (bool, error) {
	fix := sem.Given(fixed)
	x := fix(set)
	x = both(x, sem.Assume(x)(fix(universe)))
	if x == sem.False {
		return true, nil
	}
	space, err := sem.NewSpace(limits, nil, nil, x)
	if err != nil {
		return false, err
	}
	s, err := space.Set(x)
	if err != nil {
		return false, err
	}
	return space.Inside(s, &sem.Set{})
}

// both is the requests of two sets, of which the second is simplified where the first holds.
func both(a, b *sem.Expr) *sem.Expr {
	switch {
	case a == sem.False || b == sem.False:
		return sem.False
	case b == sem.True:
		return a
	}
	return sem.And(a, b)
}

// some notes that a proof speaks of some request of a universe, if it does.
func (c *class) some(t *Trial, out *outcome, fixed sem.Request, set, universe *sem.Expr) {
	if c.found.of[t].Load() {
		return
	}
	none, err := empty(fixed, set, universe)
	switch {
	case err == nil && !none:
		c.found.of[t].Store(true)
	case err != nil && out.unsure == nil:
		out.unsure = err
	}
}
