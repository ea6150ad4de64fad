package sem

import (
	"encoding/binary"
	"slices"
)

// Same reports whether two expressions are one in normal form: negation driven inwards to the tests, And in And and Or in Or
// made one, and members in one order, each once; or else the same union of products (see sameProducts). It needs no Space;
// that they are not the same proves nothing.
func Same(a, b *Expr) bool {
	if a == b {
		return true
	}
	f := forms{numbers: map[string]int32{}, tests: map[Matcher]int32{}, known: map[signed]int32{}}
	x, y := f.number(signed{a, false}), f.number(signed{b, false})
	return x == y || f.sameProducts(x, y)
}

// signed is an expression, or its complement.
type signed struct {
	x   *Expr
	not bool
}

// forms numbers normal forms.
type forms struct {
	numbers  map[string]int32 // of the form that a text stands for
	tests    map[Matcher]int32
	matchers []*Matcher // of the tests
	known    map[signed]int32
	members  [][]int32 // by number: of an And or an Or, or the one test
	ops      []exprOp  // likewise
}

func (f *forms) number(s signed) int32 {
	if n, ok := f.known[s]; ok {
		return n
	}
	var n int32
	switch s.x.op {
	case opTest:
		t, ok := f.tests[s.x.test]
		if !ok {
			t = int32(len(f.tests))
			f.tests[s.x.test] = t
			f.matchers = append(f.matchers, &s.x.test)
		}
		op := opTest
		if s.not {
			op = opNot
		}
		n = f.form(op, []int32{t})
	case opNot:
		n = f.number(signed{s.x.list[0], !s.not})
	default:
		n = f.list(s)
	}
	f.known[s] = n
	return n
}

// list numbers an And, an Or or the complement of one.
func (f *forms) list(s signed) int32 {
	op := s.x.op
	if s.not {
		op = opAnd + opOr - op
	}
	var members []int32
	for _, y := range s.x.list {
		n := f.number(signed{y, s.not})
		switch {
		case f.ops[n] == op:
			members = append(members, f.members[n]...)
		case f.ops[n] == opAnd+opOr-op && len(f.members[n]) == 0: // one that decides
			return n
		default:
			members = append(members, n)
		}
	}
	slices.Sort(members)
	if members = slices.Compact(members); len(members) == 1 {
		return members[0]
	}
	return f.form(op, members)
}

func (f *forms) form(op exprOp, members []int32) int32 {
	text := make([]byte, 1, 1+4*len(members))
	text[0] = byte(op)
	for _, m := range members {
		text = binary.LittleEndian.AppendUint32(text, uint32(m))
	}
	n, ok := f.numbers[string(text)]
	if !ok {
		n = int32(len(f.ops))
		f.numbers[string(text)] = n
		f.ops, f.members = append(f.ops, op), append(f.members, members)
	}
	return n
}
