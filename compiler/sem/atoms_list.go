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
	has := bitsOf(len(t.of[0]), n)
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
