package sem

import (
	"cmp"
	"slices"
)

// lists gives the atoms of lists. A matcher holds for a list if it holds for an element, so that what a list can be told apart
// by is every union of what its elements can be told apart by; the absent list is the union of none.
func (t *tree) lists(class []int32) (*atoms, error) {
	type list struct {
		last    int32 // its last element, a leaf; the others are those of list prev
		prev    int32
		length  int
		cost    int
		ordinal int // in the order in which they were found
	}
	limit := min(t.limit, listAtoms)
	elements := make([]int32, 0, len(t.leaves)-1)
	for i := 1; i < len(t.leaves); i++ { // the first is the absent list, and the element that no matcher holds for
		elements = append(elements, int32(i))
	}
	slices.SortFunc(elements, func(x, y int32) int { return compareLeaves(&t.leaves[x], &t.leaves[y]) })
	unions := sets{}
	unions.id(nil)
	lists := []list{{}}
	var union []int32
	for i := 0; i < len(lists); i++ {
		for _, e := range elements {
			union = merge(union[:0], unions.get(int32(i)), t.hits.get(e))
			l := list{last: e, prev: int32(i), length: lists[i].length + 1, cost: lists[i].cost + t.leaves[e].cost, ordinal: len(lists)}
			switch at, old := unions.id(union); {
			case !old:
				lists = append(lists, l)
			case lists[at].length == l.length && l.cost < lists[at].cost:
				l.ordinal = lists[at].ordinal
				lists[at] = l
			}
		}
		if len(lists) > limit {
			return nil, ErrBudget
		}
	}
	order := make([]int32, len(lists))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int {
		return cmp.Or(cmp.Compare(lists[x].cost, lists[y].cost), cmp.Compare(lists[x].ordinal, lists[y].ordinal))
	})
	n := len(lists)
	out := &atoms{values: make([]Value, n), costs: make([]int, n)}
	has := bitsOf(t.distinct, n)
	for i, o := range order {
		l := &lists[o]
		out.costs[i] = l.cost
		v := Value{Absent: l.length == 0}
		if l.length > 0 {
			v.Parts = make([]string, l.length)
			for at := o; at > 0; at = lists[at].prev {
				v.Parts[lists[at].length-1] = t.leaves[lists[at].last].text[0]
			}
		}
		out.values[i] = v
		for _, m := range unions.get(o) {
			has[m].set(i)
		}
	}
	out.has = spread(has, class, n)
	return out, nil
}

// merge appends the union of two sorted lists.
func merge(to, a, b []int32) []int32 {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			to, a = append(to, a[0]), a[1:]
		case a[0] > b[0]:
			to, b = append(to, b[0]), b[1:]
		default:
			to, a, b = append(to, a[0]), a[1:], b[1:]
		}
	}
	return append(append(to, a...), b...)
}

// switches are the atoms of a list attribute whose matchers are too many for the unions of its elements: one dimension of two
// atoms (it holds for no element, it holds for one) for each distinct matcher or union. Not every combination of them occurs.
type switches struct {
	of     []int32   // matcher -> its switch, or -1 if it holds for no list
	atoms  []*atoms  // switch -> its two atoms; has is by its matchers
	own    [][]int32 // switch -> its matchers
	never  [][]state // combinations that do not occur: together with any states of the other switches
	leaves []leaf    // the classes of elements, the cheapest first
	hits   [][]int32 // class -> the switches that are on by it
}

// state is one switch, on or off.
type state struct {
	at int32
	on bool
}

// partitionSwitches splits the lists of an attribute as partition does, but by each matcher or union alone.
func partitionSwitches(a Attr, ms []Matcher, union []int32, named []Value, limit int) (*switches, error) {
	t, class, err := plant(a, ms, union, named, limit)
	if err != nil {
		return nil, err
	}
	n := t.distinct
	s := &switches{of: class, atoms: make([]*atoms, n), own: make([][]int32, n)}
	order := make([]int32, 0, len(t.leaves))
	for i := 1; i < len(t.leaves); i++ { // the first is of no element, and holds for no matcher
		order = append(order, int32(i))
	}
	slices.SortFunc(order, func(x, y int32) int { return compareLeaves(&t.leaves[x], &t.leaves[y]) })
	with := make([][]int32, n) // switch -> the classes that it is on by
	for i, o := range order {
		s.leaves = append(s.leaves, t.leaves[o])
		s.hits = append(s.hits, t.hits.get(o))
		for _, m := range t.hits.get(o) {
			with[m] = append(with[m], int32(i))
		}
	}
	for i, m := range class {
		if m >= 0 {
			s.own[m] = append(s.own[m], int32(i))
		}
	}
	on := newBits(2)
	on.set(1)
	for m := range n {
		l := &s.leaves[with[m][0]]
		x := &atoms{
			values: []Value{{Absent: true}, {Parts: []string{l.text[0]}}},
			costs:  []int{0, l.cost},
			has:    slices.Repeat([]bits{on}, len(s.own[m])),
		}
		s.atoms[m] = x
		if err := s.exclude(int32(m), with[m], limit); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// exclude finds what does not occur with a switch on: each class of elements that turns it on turns another one on that is off.
func (s *switches) exclude(m int32, classes []int32, limit int) error {
	todo := [][]state{{{m, true}}}
	for _, c := range s.least(classes) {
		var next [][]state
		for _, never := range todo {
			others := s.hits[c]
			if slices.ContainsFunc(never, func(x state) bool { return !x.on && slices.Contains(others, x.at) }) {
				next = append(next, never)
				continue
			}
			for _, o := range others {
				if o != m {
					next = append(next, append(slices.Clip(never), state{o, false}))
				}
			}
			if len(next)+len(s.never) > limit {
				return ErrBudget
			}
		}
		if todo = next; len(todo) == 0 {
			return nil
		}
	}
	s.never = append(s.never, todo...)
	return nil
}

// least are the classes that turn no more on than they must: those that turn on all that another one does are left out.
func (s *switches) least(classes []int32) []int32 {
	out := slices.Clone(classes)
	slices.SortStableFunc(out, func(x, y int32) int { return len(s.hits[x]) - len(s.hits[y]) })
	n := 0
	for _, c := range out {
		if len(s.hits[c]) == 1 {
			return out[:copy(out, []int32{c})]
		}
		if !slices.ContainsFunc(out[:n], func(x int32) bool { return subset(s.hits[x], s.hits[c]) }) {
			out[n] = c
			n++
		}
	}
	return out[:n]
}

// value is a list that turns just these switches on, given that they occur together.
func (s *switches) value(on []int32) Value {
	v := Value{Absent: true}
	var done []int32
	for _, m := range on {
		if slices.Contains(done, m) {
			continue
		}
		for i, hits := range s.hits {
			if slices.Contains(hits, m) && subset(hits, on) {
				v = Value{Parts: append(v.Parts, s.leaves[i].text[0])}
				done = append(done, hits...)
				break
			}
		}
	}
	return v
}

// subset tells if each number of a, which is sorted, is one of b.
func subset(a, b []int32) bool {
	return !slices.ContainsFunc(a, func(x int32) bool { _, ok := slices.BinarySearch(b, x); return !ok })
}
