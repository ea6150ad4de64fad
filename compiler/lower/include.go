package lower

import "slices"

// inclusion decides whether one cube covers another, read off the text, and remembers for the next question what it has learnt
// of long lists. Sorted lists are merged; only a value that the other list does not hold is looked for among its patterns. So
// nothing here takes time with the product of two lists. The zero value is ready for use.
type inclusion struct {
	lists map[listID]*known
	steps int // values looked at, for tests
}

// listID names a list by its memory: lists are shared and never changed in place.
type listID struct {
	f     field
	first *string
	n     int
}

// known is what is known of a list; each part is made when one asks for it.
type known struct {
	indexed bool
	index   *index
	touch   *touch
}

// fewValues is the length of a list that is sooner searched than indexed.
const fewValues = 8

// includes reports whether a covers all of b, read off the text; the traffic they speak of is not compared. Operations come
// first: their lists are shorter.
func (x *inclusion) includes(a, b *cube) bool {
	for f := nFields; f > 0; f-- {
		if !x.set(f-1, a.f[f-1], b.f[f-1]) {
			return false
		}
	}
	return x.conds(a.conds, b.conds)
}

// conds reports whether b asks for everything that a does. Both are sorted.
func (x *inclusion) conds(a, b []when) bool {
	j := 0
	for i := range a {
		for j < len(b) && a[i].text != b[j].text {
			j++
			x.steps++
		}
		if j == len(b) {
			return false
		}
	}
	return true
}

// set reports whether s holds wherever t does.
func (x *inclusion) set(f field, s, t set) bool {
	if len(s.in) > 0 && (len(t.in) == 0 || !x.all(s.in, t.in, func(v string) bool { return x.covers(f, s.in, v) })) {
		return false
	}
	return len(s.out) == 0 || x.all(t.out, s.out, func(o string) bool {
		return x.covers(f, t.out, o) || len(t.in) > 0 && !x.meets(f, t.in, o)
	})
}

// all reports whether every value of a list stands in another one, or else is good.
func (x *inclusion) all(other, list []string, good func(string) bool) bool {
	if len(list) > 0 && len(other) == len(list) && &other[0] == &list[0] {
		return true
	}
	j := 0
	for _, v := range list {
		for j < len(other) && other[j] < v {
			j++
			x.steps++
		}
		x.steps++
		if (j == len(other) || other[j] != v) && !good(v) {
			return false
		}
	}
	return true
}

// covers reports whether a value of a list other than v itself covers v.
func (x *inclusion) covers(f field, list []string, v string) bool {
	if len(list) == 0 {
		return false
	}
	if len(list) <= fewValues {
		return slices.ContainsFunc(list, func(w string) bool { return covers(f, w, v) })
	}
	k := x.known(f, list)
	if !k.indexed {
		k.indexed, k.index = true, newIndex(f, list)
		x.steps += len(list)
	}
	x.steps++
	return k.index != nil && k.index.covers(v)
}

// meets reports whether a value of a list is not disjoint from v.
func (x *inclusion) meets(f field, list []string, v string) bool {
	if len(list) <= fewValues {
		return !allDisjoint(f, list, v)
	}
	k := x.known(f, list)
	if k.touch == nil {
		k.touch = newTouch(f, list)
		x.steps += len(list)
	}
	x.steps++
	return k.touch.meets(v)
}

func (x *inclusion) known(f field, list []string) *known {
	key := listID{f, &list[0], len(list)}
	k := x.lists[key]
	if k == nil {
		if x.lists == nil {
			x.lists = map[listID]*known{}
		}
		k = &known{}
		x.lists[key] = k
	}
	return k
}
