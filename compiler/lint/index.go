package lint

import "iter"

// few is a number of rules for which looking at all is the quickest.
const few = 24

// index finds the rules that may have a sample, by a caller and a path: -1 are callers that are not single principals.
type index struct {
	n     int // rules, where there are few
	paths map[place][]int
	broad map[int32][]int // by caller: rules whose paths are not a few literal ones
}

type place struct {
	caller int32
	path   string
}

func newIndex(n int) *index {
	if n <= few {
		return &index{n: n}
	}
	return &index{paths: map[place][]int{}, broad: map[int32][]int{}}
}

var anybody = []int32{-1}

func (x *index) add(items []item, i int) {
	if x.paths == nil {
		return
	}
	callers := items[i].callers
	if callers == nil {
		callers = anybody
	}
	for _, c := range callers {
		if op := items[i].op; op.literal {
			for _, p := range op.entries[0].Op.Paths {
				x.paths[place{c, p}] = append(x.paths[place{c, p}], i)
			}
		} else {
			x.broad[c] = append(x.broad[c], i)
		}
	}
}

// near are the rules that may have a sample of one of them.
func (x *index) near(items []item, i int, last bool) iter.Seq[int] {
	return func(yield func(int) bool) {
		if x.paths == nil {
			for j := range items {
				if !yield(j) {
					return
				}
			}
			return
		}
		_, number, op := items[i].sample(last)
		callers := [2]int32{-1, number}
		for _, c := range callers[:min(2, 2+number)] {
			for _, list := range [][]int{x.paths[place{c, op.path}], x.broad[c]} {
				for _, j := range list {
					if !yield(j) {
						return
					}
				}
			}
		}
	}
}

// covered reports whether other rules may have both samples of one, and are in force as long.
func (x *index) covered(l *linter, items []item, i int) bool {
	for _, last := range [...]bool{false, true} {
		found := false
		for j := range x.near(items, i, last) {
			if j == i {
				continue
			}
			if !l.look(1) {
				return false
			}
			if found = items[j].may(&items[i], last) && outlives(items[j].r.Until, items[i].r.Until); found {
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}
