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
	if d.mixed(attrs) { // then the token is part of what shows it
		attrs = maps.Clone(attrs)
		attrs[sem.Attr{Kind: sem.Token}] = true
	}
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
	inside, diff, err := c.compare(q, in, named, mostSplits)
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

// mostSplits is how often a question that is too much is asked part by part.
const mostSplits = 2

// smallerSteps are those that it may take to find a request once a part is too much, or a smaller one once there is one.
const smallerSteps = sharedSteps / 16

// compare finds out whether one set is inside another. Where it is not, the smallest difference is there if details are asked for.
func (c *class) compare(set, goal *sem.Expr, named map[sem.Kind][]sem.Value, splits int) (inside bool, diff *sem.Difference, err error) {
	parts := sem.Cases(set)
	if len(parts) == 1 {
		inside, diff, err = c.whole(set, goal, named)
		if err != sem.ErrBudget || splits == 0 {
			return inside, diff, err
		}
		parts, goal, splits = sem.Split(sem.And(set, sem.Not(goal))), sem.False, splits-1
	}
	inside, err = true, nil
	smallest, until := true, sharedSteps // it is known of all parts
	for _, part := range parts {
		switch {
		case *c.spent >= until:
			err = sem.ErrBudget
			continue
		case sem.Assume(part)(part) == sem.False:
			continue
		}
		in, d, errPart := c.compare(part, goal, named, splits)
		if errPart != nil || !in { // it does not hold, or is not known to: the others may show a smaller request, or one
			until = min(until, *c.spent+smallerSteps)
		}
		switch {
		case errPart != nil:
			err = errPart
		case in:
		case d == nil: // nobody asks which request it is
			return false, nil, nil
		default:
			inside, smallest = false, smallest && d.Smallest
			if diff == nil || d.Compare(diff) < 0 {
				diff = d
			}
		}
	}
	if diff == nil {
		return inside && err == nil, nil, err
	}
	diff.Smallest = smallest && err == nil
	return false, diff, nil
}

// whole compares two sets in one space.
func (c *class) whole(set, goal *sem.Expr, named map[sem.Kind][]sem.Value) (inside bool, diff *sem.Difference, err error) {
	space, err := sem.NewSpace(limits, sem.Alone(set), named, set, goal)
	defer func() { spent(c.spent, space) }()
	if err != nil {
		return false, nil, err
	}
	a, err := space.Set(set)
	if err != nil {
		return false, nil, err
	}
	b, err := space.Set(goal)
	if err != nil {
		return false, nil, err
	}
	if !c.details {
		inside, err = space.Inside(a, b)
		return inside, nil, err
	}
	diff, err = space.Minus(a, b)
	return diff == nil, diff, err
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
	return nothing(x, mostSplits)
}

// nothing reports whether a set is empty. One that is too much is asked part by part.
func nothing(x *sem.Expr, splits int) (bool, error) {
	if parts := sem.Cases(x); len(parts) > 1 {
		return nowhere(parts, splits)
	}
	space, err := sem.NewSpace(limits, sem.Alone(x), nil, x)
	if err == nil {
		var s *sem.Set
		if s, err = space.Set(x); err == nil {
			var none bool
			if none, err = space.Inside(s, &sem.Set{}); err == nil {
				return none, nil
			}
		}
	}
	if err != sem.ErrBudget || splits == 0 {
		return false, err
	}
	return nowhere(sem.Split(x), splits-1)
}

// nowhere reports whether all of some sets are empty.
func nowhere(parts []*sem.Expr, splits int) (bool, error) {
	for _, part := range parts {
		if none, err := nothing(part, splits); err != nil || !none {
			return false, err
		}
	}
	return true, nil
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
		out.speaks = true
	case err != nil && out.unsure == nil:
		out.unsure = err
	}
}
