package intent

import "github.com/zt-lang/ztc/compiler/sem"

// The functions here build expressions and leave out what is certain: True and False are the values of sem, by their addresses.

func is(a sem.Attr, parts ...sem.Pattern) *sem.Expr {
	m := sem.Matcher{Attr: a}
	copy(m.Parts[:], parts)
	return sem.Is(m)
}

func isPort(list []int) *sem.Expr {
	out := make([]*sem.Expr, len(list))
	for i, n := range list {
		out[i] = is(sem.Attr{Kind: sem.Port}, sem.Pattern{Op: sem.Range, Lo: n, Hi: n})
	}
	return or(out...)
}

func and(list ...*sem.Expr) *sem.Expr {
	kept, decided := without(list, sem.True, sem.False)
	switch {
	case decided:
		return sem.False
	case len(kept) == 0:
		return sem.True
	}
	return sem.And(kept...)
}

func or(list ...*sem.Expr) *sem.Expr {
	kept, decided := without(list, sem.False, sem.True)
	switch {
	case decided:
		return sem.True
	case len(kept) == 0:
		return sem.False
	}
	return sem.Or(kept...)
}

// without leaves out what changes nothing, and reports whether one member decides.
func without(list []*sem.Expr, neutral, deciding *sem.Expr) (kept []*sem.Expr, decided bool) {
	kept = make([]*sem.Expr, 0, len(list))
	for _, x := range list {
		switch x {
		case deciding:
			return nil, true
		case neutral:
		default:
			kept = append(kept, x)
		}
	}
	return kept, false
}

func not(x *sem.Expr) *sem.Expr {
	switch x {
	case sem.True:
		return sem.False
	case sem.False:
		return sem.True
	}
	return sem.Not(x)
}
