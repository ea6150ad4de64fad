package sem

// Forget holds where x holds for some values of the attributes that forgotten names: what is left of a set of requests for who
// cannot read these attributes. It is for attributes that no universe ties to others.
func Forget(limits Limits, forgotten func(Attr) bool, x *Expr) (*Expr, error) {
	f := forgetting{limits: limits, forgotten: forgotten, reads: map[*Expr]reading{}, left: limits.withDefaults().Cubes}
	return f.some([]term{{x: x}})
}

// reading is which attributes an expression reads.
type reading uint8

const (
	kept reading = 1 << iota
	lost
)

// term is an expression or its complement.
type term struct {
	x   *Expr
	not bool
}

func (t term) expr() *Expr {
	if t.not {
		return Not(t.x)
	}
	return t.x
}

type forgetting struct {
	limits    Limits
	forgotten func(Attr) bool
	reads     map[*Expr]reading
	left      int // conjunctions to look at
}

// some works out a conjunction. What reads both kinds of attributes is taken apart, until the two are independent: then what is
// to be forgotten holds for some values, or for none.
func (f *forgetting) some(all []term) (*Expr, error) {
	if f.left--; f.left < 0 {
		return nil, ErrBudget
	}
	var stay, inner []*Expr
	var apart []term   // Or of several, which read both
	var forgets []term // inner, as terms
	for len(all) > 0 {
		t := all[len(all)-1]
		all = all[:len(all)-1]
		switch {
		case f.of(t.x)&lost == 0:
			stay = append(stay, t.expr())
		case f.of(t.x)&kept == 0:
			inner, forgets = append(inner, t.expr()), append(forgets, t)
		case t.x.op == opNot:
			all = append(all, term{t.x.list[0], !t.not})
		case (t.x.op == opAnd) != t.not:
			for _, y := range t.x.list {
				all = append(all, term{y, t.not})
			}
		default:
			apart = append(apart, t)
		}
	}
	if len(inner) > 0 {
		switch empty, err := Empty(f.limits, And(inner...)); {
		case err != nil:
			return nil, err
		case empty:
			return False, nil
		}
	}
	if len(apart) == 0 {
		return And(stay...), nil
	}
	last := apart[len(apart)-1]
	rest := append(forgets, apart[:len(apart)-1]...)
	var out []*Expr
	for _, y := range last.x.list {
		x, err := f.some(append(rest[:len(rest):len(rest)], term{y, last.not}))
		switch {
		case err != nil:
			return nil, err
		case !x.constant(false):
			out = append(out, x)
		}
	}
	if len(out) == 0 {
		return False, nil
	}
	return And(append(stay, Or(out...))...), nil
}

func (f *forgetting) of(x *Expr) reading {
	r, known := f.reads[x]
	if known {
		return r
	}
	if x.op == opTest {
		r = kept
		if f.forgotten(x.test.Attr) {
			r = lost
		}
	}
	for _, y := range x.list {
		r |= f.of(y)
	}
	f.reads[x] = r
	return r
}

// Empty reports whether an expression holds for no request.
func Empty(limits Limits, x *Expr) (bool, error) {
	space, err := NewSpace(limits, nil, nil, x)
	if err != nil {
		return false, err
	}
	set, err := space.Set(x)
	if err != nil {
		return false, err
	}
	return space.Inside(set, &Set{})
}
