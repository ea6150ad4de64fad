package sem

import "slices"

// Tests of a list that stand together wherever one of them stands ask one thing: whether an element passes one of them. Nothing
// need tell apart by which. A thousand values of one header in one Or are then two classes of values, and not a thousand
// switches.
//
// Tests stand together as members of one Or, or negated as members of one And. A test in a union has the atoms of the whole
// union: of what a node says, that leaves nothing out and adds nothing, since the others are its members, too.

// unions finds the unions.
type unions struct {
	together [][]int32 // tests that stand together, by number
	tests    int       // in all of them
}

// members adds what stands together in a node.
func (u *unions) members(s *Space, x *Expr) {
	var list []int32
	for _, y := range x.list {
		negated := y.op == opNot
		if negated {
			y = y.list[0]
		}
		if y.op != opTest || x.op == opNot && !negated || !shapeOf(y.test.Attr.Kind).list {
			continue // of a negated test the node around it tells
		}
		id := s.ids[y.test]
		if x.op == opNot || negated != (x.op == opAnd) {
			u.alone(id)
		} else {
			list = append(list, id)
		}
	}
	u.add(list)
}

// root adds a test that stands for itself.
func (u *unions) root(s *Space, x *Expr) {
	if x.op == opNot {
		x = x.list[0]
	}
	if x.op == opTest && shapeOf(x.test.Attr.Kind).list {
		u.alone(s.ids[x.test])
	}
}

func (u *unions) alone(id int32) { u.add([]int32{id}) }

func (u *unions) add(list []int32) {
	if len(list) > 0 {
		u.together = append(u.together, list)
		u.tests += len(list)
	}
}

// find numbers the unions of n tests: test -> union. It is nil if no union has two.
func (u *unions) find(n int) []int32 {
	if len(u.together) == u.tests { // each stands alone
		return nil
	}
	of := make([]int32, n)
	seen := make([]int32, n)  // test -> the last place where it was seen, + 1
	size := []int32{int32(n)} // of each union
	count, to := []int32{0}, []int32{0}
	var here, unions []int32
	for at, list := range u.together {
		here, unions = here[:0], unions[:0]
		for _, id := range list {
			if seen[id] == int32(at)+1 {
				continue
			}
			seen[id] = int32(at) + 1
			here = append(here, id)
			if count[of[id]]++; count[of[id]] == 1 {
				unions = append(unions, of[id])
			}
		}
		// Those of which something is here, and not all, are divided.
		for _, from := range unions {
			if to[from] = from; count[from] < size[from] {
				to[from] = int32(len(size))
				size[from] -= count[from]
				size, count, to = append(size, count[from]), append(count, 0), append(to, 0)
			}
			count[from] = 0
		}
		for _, id := range here {
			of[id] = to[of[id]]
		}
	}
	first := make([]bool, len(size))
	for id, n := range of {
		if seen[id] == 0 { // of no list
			continue
		}
		if first[n] {
			return of
		}
		first[n] = true
	}
	return nil
}

// unite makes of the leaves, which tell all matchers apart, those that tell unions apart. union is that of each matcher; class
// is the distinct matcher that each is, and then the distinct union: -1 if it holds for no value.
func (t *tree) unite(class, union []int32) {
	number := map[int32]int32{} // union -> its number among those that hold for something
	in := make([][]int32, len(t.of[0]))
	for i, d := range class {
		if d < 0 {
			continue
		}
		n, known := number[union[i]]
		if !known {
			n = int32(len(number))
			number[union[i]] = n
		}
		in[d] = append(in[d], n)
		class[i] = n
	}
	leaves, hits := t.leaves, t.hits
	t.leaves, t.hits, t.distinct = leaves[:0:0], sets{}, len(number)
	var on []int32
	for i := range leaves {
		on = on[:0]
		for _, d := range hits.get(int32(i)) {
			on = append(on, in[d]...)
		}
		slices.Sort(on)
		on = slices.Compact(on)
		t.add(leaves[i], on)
	}
}
