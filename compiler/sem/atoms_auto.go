package sem

import (
	"slices"
	"strings"
)

// automatonSteps bounds the work of an automaton.
const automatonSteps = 20_000_000

// Groups of bytes that only classes tell apart: those of a template's segment, the slash, and the others.
const (
	groupSegment = iota
	groupSlash
	groupOther
	groups
)

// groupOf is the group of each byte. groupBytes are the bytes of each, those that read best first.
var groupOf, groupBytes = func() (of [256]uint8, list [groups][]byte) {
	for i := range of {
		of[i] = groupOther
		if strings.IndexByte(PathClass, byte(i)) >= 0 {
			of[i] = groupSegment
		}
	}
	of['/'] = groupSlash
	var done [256]bool
	put := func(b byte) {
		if !done[b] {
			done[b] = true
			list[of[b]] = append(list[of[b]], b)
		}
	}
	for i := range len(pads) {
		put(pads[i])
	}
	for b := '!'; b <= '~'; b++ {
		put(byte(b))
	}
	for b := range of {
		put(byte(b))
	}
	return of, list
}()

// item is a step of a pattern: one byte of a class, or any number of them, or the pattern's end.
type item struct {
	kind   itemKind
	star   bool
	byte   byte
	other  byte // the other case of it
	accept int32
}

type itemKind uint8

const (
	itemByte itemKind = iota
	itemSegment
	itemPath
	itemAny
	itemEnd
	itemStart // takes nothing: no string comes back to the state that it is in
)

func (it *item) takes(b byte) bool {
	switch it.kind {
	case itemByte:
		return b == it.byte || b == it.other
	case itemSegment:
		return groupOf[b] == groupSegment
	case itemPath:
		return groupOf[b] != groupOther
	}
	return it.kind == itemAny
}

// automaton is the product of patterns: a state is the set of items where they may be, found as it is reached, breadth first,
// so that the first string that reaches a class is a shortest one of it.
type automaton struct {
	pats   []Pattern
	of     universe
	limit  int
	listed affixes // strings that are classes by themselves
	always []int32
	items  []item
	starts []int32

	states sets
	parent []int32
	by     []byte
	class  []int32 // state -> class

	classes sets // by the patterns that hold
	found   []bool
	text    []string
	lacking int

	explicit [256]bool
	scratch  []int32
	steps    int
}

// splitAutomaton splits strings by any patterns. Exact strings are classes by themselves and stay out of the automaton, unless
// some class may hold nothing else.
func splitAutomaton(at *level, of universe, limit int) (*cells, error) {
	pats := at.pats
	for apart := true; ; apart = false {
		a := &automaton{pats: pats, of: of, limit: limit}
		for i := range pats {
			a.add(int32(i), apart)
		}
		a.listed.link()
		a.starts = append(a.starts, int32(len(a.items)))
		a.items = append(a.items, item{kind: itemStart})
		if err := a.run(); err != nil {
			return nil, err
		}
		if a.lacking == 0 {
			return a.cells()
		}
	}
}

// add adds a pattern's items.
func (a *automaton) add(i int32, apart bool) {
	p := a.pats[i]
	switch {
	case p.Op == Any || p.Op == Present:
		a.always = append(a.always, i)
		return
	case p.Op == Exact && !p.Fold && apart:
		a.listed.add(p.Text, int(i), len(a.pats)-int(i))
		return
	}
	a.starts = append(a.starts, int32(len(a.items)))
	literal := func(s string) {
		for j := range len(s) {
			it := item{byte: s[j], other: s[j]}
			if p.Fold && 'a' <= s[j] && s[j] <= 'z' {
				it.other -= 'a' - 'A'
			}
			a.items = append(a.items, it)
		}
	}
	any := item{kind: itemAny, star: true}
	switch p.Op {
	case Exact:
		literal(p.Text)
	case Prefix:
		literal(p.Text)
		a.items = append(a.items, any)
	case Suffix:
		a.items = append(a.items, any)
		literal(p.Text)
	case NonEmpty:
		a.items = append(a.items, item{kind: itemAny}, any)
	case Glob:
		for j, s := range strings.Split(p.Text, "*") {
			if j > 0 {
				a.items = append(a.items, any)
			}
			literal(s)
		}
	case Template:
		for j, s := range strings.Split(p.Text, "/") {
			if j > 0 {
				literal("/")
			}
			switch s {
			case "{*}":
				a.items = append(a.items, item{kind: itemSegment}, item{kind: itemSegment, star: true})
			case "{**}":
				a.items = append(a.items, item{kind: itemPath, star: true})
			default:
				literal(s)
			}
		}
	}
	a.items = append(a.items, item{kind: itemEnd, accept: i})
}

// state numbers a set of items, with what follows from items that may be passed over.
func (a *automaton) state(set []int32, parent int32, by byte) int32 {
	for i := 0; i < len(set); i++ {
		if a.items[set[i]].star {
			set = append(set, set[i]+1)
		}
	}
	slices.Sort(set)
	set = slices.Compact(set)
	a.scratch = set
	i, old := a.states.id(set)
	if !old {
		a.parent, a.by, a.class = append(a.parent, parent), append(a.by, by), append(a.class, -1)
	}
	return i
}

// reach says that a string ends in a state: it stands for the state's class, if no string does and it is not listed.
func (a *automaton) reach(state, parent int32, by byte, empty bool) {
	if a.class[state] < 0 {
		hits := slices.Clone(a.always)
		for _, it := range a.states.get(state) {
			if a.items[it].kind == itemEnd {
				hits = append(hits, a.items[it].accept)
			}
		}
		slices.Sort(hits)
		c, old := a.classes.id(hits)
		if !old {
			a.found, a.text = append(a.found, false), append(a.text, "")
			a.lacking++
		}
		a.class[state] = c
	}
	c := a.class[state]
	if a.found[c] {
		return
	}
	text := ""
	if !empty {
		text = a.path(parent) + string([]byte{by})
	}
	if _, listed := slices.BinarySearch(a.listed.text, text); !listed {
		a.found[c], a.text[c] = true, text
		a.lacking--
	}
}

// path is the string that led to a state first.
func (a *automaton) path(state int32) string {
	var b []byte
	for ; a.parent[state] >= 0; state = a.parent[state] {
		b = append(b, a.by[state])
	}
	slices.Reverse(b)
	return string(b)
}

// step is the state that a byte leads to.
func (a *automaton) step(from int32, b byte) int32 {
	set := a.scratch[:0]
	for _, i := range a.states.get(from) {
		if it := &a.items[i]; it.takes(b) {
			if it.star {
				set = append(set, i)
			} else {
				set = append(set, i+1)
			}
		}
	}
	return a.state(set, from, b)
}

func (a *automaton) run() error {
	a.state(slices.Clone(a.starts), -1, 0)
	if a.of.empty {
		a.reach(0, -1, 0, true)
	}
	var bytes []byte
	for at := int32(0); int(at) < len(a.parent); at++ {
		bytes = bytes[:0]
		for _, i := range a.states.get(at) {
			if it := &a.items[i]; it.kind == itemByte {
				for _, b := range [2]byte{it.byte, it.other} {
					if !a.explicit[b] && a.may(b, at) {
						a.explicit[b] = true
						bytes = append(bytes, b)
					}
				}
			}
		}
		slices.Sort(bytes)
		for _, b := range bytes {
			a.reach(a.step(at, b), at, b, false)
		}
		for g := range groupBytes {
			to := int32(-1)
			for _, b := range groupBytes[g] {
				if a.explicit[b] || !a.may(b, at) {
					continue
				}
				if to < 0 {
					to = a.step(at, b)
				}
				a.reach(to, at, b, false)
				if a.found[a.class[to]] {
					break
				}
			}
		}
		for _, b := range bytes {
			a.explicit[b] = false
		}
		a.steps += len(a.states.get(at)) * (len(bytes) + groups)
		if a.steps > automatonSteps || len(a.found) > a.limit {
			return ErrBudget
		}
	}
	return nil
}

// may reports whether a string of the universe may go on with a byte in a state.
func (a *automaton) may(b byte, at int32) bool {
	return (at > 0 || a.of.first == 0 || b == a.of.first) && strings.IndexByte(a.of.without, b) < 0
}

// cells makes the classes cells: those of the automaton, and the listed strings.
func (a *automaton) cells() (*cells, error) {
	n := len(a.found)
	out := &cells{list: make([]cell, 0, n+len(a.listed.text)+1), finder: a}
	if n+len(a.listed.text) > a.limit {
		return nil, ErrBudget
	}
	for c := range n {
		out.list = append(out.list, cell{text: a.text[c], cost: 1 + len(a.text[c]), hits: a.classes.get(int32(c))})
	}
	for i, text := range a.listed.text {
		out.list = append(out.list, cell{text: text, cost: 1 + len(text), hits: append(a.hits(text), a.listed.hit[i])})
	}
	if a.of.missing {
		var any []int32
		if len(a.pats) > 0 && a.pats[0].Op == Any {
			any = []int32{0}
		}
		out.list = append(out.list, cell{missing: true, hits: any})
	}
	return out, nil
}

func (a *automaton) find(s string) int {
	if !a.of.contains(s) {
		return -1
	}
	if i, listed := slices.BinarySearch(a.listed.text, s); listed {
		return len(a.found) + i
	}
	c, _ := a.classes.id(a.hits(s))
	return int(c)
}

// hits are the patterns that hold for a string, but for listed ones.
func (a *automaton) hits(s string) []int32 {
	var hits []int32
	for i := range a.pats {
		p := &a.pats[i]
		if p.Op == Exact && !p.Fold && len(a.listed.text) > 0 {
			continue
		}
		if matchPart(*p, s) {
			hits = append(hits, int32(i))
		}
	}
	return hits
}
