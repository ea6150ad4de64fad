package sem

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// atoms are the classes of an attribute's values that no matcher tells apart, the cheapest first.
type atoms struct {
	values []Value // atom -> a value of it: a named one if there is one, or a short one
	costs  []int   // atom -> what its value adds to a request; the cheapest is 0
	has    []bits  // matcher -> the atoms it holds for; equal matchers share one set
}

// Costs of values: one that is there costs more than any length, and a named value has none.
const (
	costPresent = 1000 // of a peer, a server name, a header
	costClaim   = 500  // of a claim, a part of a token; of each element of a list
)

// listAtoms bounds the sets of elements that a list may be told apart by.
const listAtoms = 1 << 10

// nodeCells is how many cells of parts may be gone through for each atom that is allowed.
const nodeCells = 64

// shape is what the values of a kind of attribute are.
type shape struct {
	parts  int  // of one value, or of one element of a list
	absent bool // a value may be absent
	list   bool
	weight int // of one part that is there
	of     universe
	split  func(at *level, of universe, limit int) (*cells, error) // by the patterns of a node
}

func shapeOf(k Kind) shape {
	switch k {
	case Peer:
		return shape{parts: 3, absent: true, weight: costPresent / 3, of: universe{without: "/"}, split: splitText}
	case SourceIP, RemoteIP, DestIP:
		return shape{parts: 1, split: splitAddresses}
	case Port:
		return shape{parts: 1, split: splitPorts}
	case SNI:
		return shape{parts: 1, absent: true, weight: costPresent, split: splitText}
	case Path:
		return shape{parts: 1, of: universe{first: '/', without: "?#"}, split: splitText}
	case Header:
		return shape{parts: 1, absent: true, list: true, weight: costPresent, of: universe{empty: true}, split: splitText}
	case Token:
		return shape{parts: 2, absent: true, weight: costClaim, of: universe{empty: true, missing: true}, split: splitText}
	case Metadata:
		return shape{parts: 1, absent: true, weight: costClaim, of: universe{empty: true}, split: splitText}
	case Claim, MetadataList:
		return shape{parts: 1, absent: true, list: true, weight: costClaim, of: universe{empty: true}, split: splitText}
	case Answer:
		return shape{parts: 1, split: splitAnswer}
	}
	return shape{parts: 1, of: universe{empty: true}, split: splitText} // Method, Host
}

// cells are classes of one part that no pattern tells apart.
type cells struct {
	list []cell
	finder
}

// finder finds the cell of a part that is there: -1 outside the universe.
type finder interface{ find(part string) int }

// cell is a class of one part: its patterns (indexes into those that were split) and a part that stands for it.
type cell struct {
	text    string
	cost    int // of the part that stands for it
	missing bool
	hits    []int32
}

// leaf is a class of whole values, before those that differ in no matcher are made one.
type leaf struct {
	text    [3]string
	missing [2]bool
	absent  bool
	named   int32 // index of the named value that stands for it, or -1
	cost    int
}

// tree takes the parts of an attribute one after the other. Only the matchers that hold for the parts so far go down, so that
// exact identities cost as many leaves as there are of them, and not the product of their parts.
type tree struct {
	shape
	kind     Kind
	limit    int
	cells    int          // that were gone through
	pats     [3][]Pattern // of each part, sorted, each once
	of       [3][]int32   // distinct matcher -> its pattern
	named    []Value
	leaves   []leaf
	hits     sets    // leaf -> its matchers
	distinct int     // matchers, or unions of them
	local    []int32 // scratch: pattern -> its number among those of a node
	levels   [3]level
}

// level is the room of the node that is worked on at one part; there is never more than one.
type level struct {
	pats []Pattern // what is split by, sorted, each once

	ids, start, members []int32
	down, inside        []int32
	head, chain         []int32

	texts texts
	hits  []int32
	cells cells
}

// room is a slice of n elements of any content, in old's place if that is large enough.
func room[T any](old []T, n int) []T {
	if cap(old) < n {
		return make([]T, n, n+n/2)
	}
	return old[:n]
}

// partition splits the values of an attribute into atoms that no matcher tells apart. Named values are preferred to stand for
// their atoms, the first of them first. With unions (of each matcher its union; nil: it stands alone) matchers of one are not
// told apart.
func partition(a Attr, ms []Matcher, union []int32, named []Value, limit int) (*atoms, error) {
	t, class, err := plant(a, ms, union, named, limit)
	if err != nil {
		return nil, err
	}
	if t.list {
		return t.lists(class)
	}
	return t.atoms(class), nil
}

// plant makes the leaves. It returns, for each matcher, the distinct matcher or union that it is, or -1 if it holds for no
// value.
func plant(a Attr, ms []Matcher, union []int32, named []Value, limit int) (*tree, []int32, error) {
	t := &tree{kind: a.Kind, shape: shapeOf(a.Kind), limit: limit, named: named}
	if t.list { // their elements are what is told apart
		t.named = nil
		for _, v := range named {
			for i := range v.Parts {
				t.named = append(t.named, Value{Parts: v.Parts[i : i+1]})
			}
		}
	}
	n := len(ms)
	ids := make([]int32, t.parts*n) // part by part: matcher -> pattern
	pats := make([]Pattern, n)
	order := make([]int32, n)
	most := 0
	for k := range t.parts {
		for i := range ms {
			p, err := t.normal(ms[i].Parts[k])
			if err != nil {
				return nil, nil, fmt.Errorf("%v of attribute kind %d", err, a.Kind)
			}
			pats[i], order[i] = p, int32(i)
		}
		slices.SortFunc(order, func(x, y int32) int { return comparePatterns(&pats[x], &pats[y]) })
		all := make([]Pattern, 0, n)
		for j, i := range order {
			if j == 0 || pats[i] != all[len(all)-1] {
				all = append(all, pats[i])
			}
			ids[k*n+int(i)] = int32(len(all) - 1)
		}
		t.pats[k] = all
		most = max(most, len(all))
	}
	class := make([]int32, n)
	seen := make(map[[3]int32]int32, n)
	scratch := make([]int32, most+n*(t.parts+1))
	t.local, scratch = scratch[:most:most], scratch[most:]
	for k := range t.parts {
		t.of[k] = scratch[k*n : k*n : (k+1)*n]
	}
	live := scratch[t.parts*n : t.parts*n]
	for i := range ms {
		var key [3]int32
		never := false
		for k := range t.parts {
			key[k] = ids[k*n+i]
			never = never || t.pats[k][key[k]].Op == Never
		}
		if never {
			class[i] = -1
			continue
		}
		d, ok := seen[key]
		if !ok {
			d = int32(len(seen))
			seen[key] = d
			live = append(live, d)
			for k := range t.parts {
				t.of[k] = append(t.of[k], key[k])
			}
		}
		class[i] = d
	}
	t.leaves = make([]leaf, 0, len(live)+4)
	if t.absent {
		t.add(leaf{absent: true, named: -1}, nil)
	}
	var names []int32
	for i := range t.named {
		if len(t.named[i].Parts) >= t.parts && !t.named[i].Absent && t.named[i].Missing == [2]bool{} {
			names = append(names, int32(i))
		}
	}
	if err := t.grow(0, live, names, leaf{named: -1}); err != nil {
		return nil, nil, err
	}
	if t.distinct = len(t.of[0]); union != nil {
		t.unite(class, union)
	}
	return t, class, nil
}

// grow splits a part by the patterns of the matchers that are live, and goes on in each cell with those that hold there.
func (t *tree) grow(k int, live, names []int32, l leaf) error {
	if k == t.parts {
		if len(names) > 0 {
			l.named = names[0]
			l.cost = 0
			copy(l.text[:], t.named[names[0]].Parts[:t.parts])
		}
		for i := range t.parts {
			if i >= len(l.missing) || !l.missing[i] {
				l.cost += t.weight
			}
		}
		t.add(l, live)
		if len(t.leaves) > t.limit {
			return ErrBudget
		}
		return nil
	}
	// The patterns of this node, and the matchers of each.
	at := &t.levels[k]
	ids := room(at.ids, min(len(live), len(t.pats[k])))[:0]
	for _, m := range live {
		p := t.of[k][m]
		if t.local[p]++; t.local[p] == 1 {
			ids = append(ids, p)
		}
	}
	slices.Sort(ids)
	pats := at.pats[:0]
	start := room(at.start, len(ids)+1)
	start[0] = 0
	for i, p := range ids {
		pats = append(pats, t.pats[k][p])
		start[i+1] = start[i] + t.local[p]
		t.local[p] = start[i]
	}
	members := room(at.members, len(live))
	at.ids, at.pats, at.start, at.members = ids, pats, start, members
	for _, m := range live {
		p := t.of[k][m]
		members[t.local[p]] = m
		t.local[p]++
	}
	for _, p := range ids {
		t.local[p] = 0
	}
	cs, err := t.split(at, t.shape.of, t.limit)
	if err != nil {
		return err
	}
	// The named values of each cell, as chains in their order.
	var head, chain []int32
	if len(names) > 0 {
		at.head, at.chain = room(at.head, len(cs.list)), room(at.chain, len(names))
		head, chain = at.head, at.chain
		clear(head)
		for i := len(names) - 1; i >= 0; i-- {
			if c := cs.find(t.named[names[i]].Parts[k]); c >= 0 {
				chain[i], head[c] = head[c], int32(i+1)
			}
		}
	}
	at.down, at.inside = room(at.down, len(live)), room(at.inside, len(names))
	if t.cells += len(cs.list); t.cells/nodeCells > t.limit {
		return ErrBudget
	}
	for c := range cs.list {
		cell := &cs.list[c]
		down, inside := at.down[:0], at.inside[:0]
		for _, h := range cell.hits {
			down = append(down, members[start[h]:start[h+1]]...)
		}
		slices.Sort(down)
		if len(names) > 0 {
			for i := head[c]; i > 0; i = chain[i-1] {
				inside = append(inside, names[i-1])
			}
		}
		next := l
		next.text[k] = cell.text
		next.cost += cell.cost
		if k < len(next.missing) {
			next.missing[k] = cell.missing
		}
		if err := t.grow(k+1, down, inside, next); err != nil {
			return err
		}
	}
	return nil
}

// add adds a leaf with the matchers that hold for it, in order. Of leaves with the same matchers the cheapest stays.
func (t *tree) add(l leaf, live []int32) {
	i, old := t.hits.id(live)
	switch {
	case !old:
		t.leaves = append(t.leaves, l)
	case compareLeaves(&l, &t.leaves[i]) < 0:
		t.leaves[i] = l
	}
}

func compareLeaves(a, b *leaf) int {
	if c := cmp.Compare(a.cost, b.cost); c != 0 {
		return c
	}
	if c := cmp.Compare(uint32(a.named), uint32(b.named)); c != 0 { // none is the last
		return c
	}
	for k := range a.text {
		if c := strings.Compare(a.text[k], b.text[k]); c != 0 {
			return c
		}
	}
	return 0
}

// atoms puts the leaves in order and turns them round: for each matcher its leaves.
func (t *tree) atoms(class []int32) *atoms {
	n := len(t.leaves)
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return compareLeaves(&t.leaves[x], &t.leaves[y]) })
	out := &atoms{values: make([]Value, n), costs: make([]int, n)}
	has := bitsOf(t.distinct, n)
	parts := make([]string, 0, n*t.parts)
	for i, o := range order {
		l := &t.leaves[o]
		out.costs[i] = l.cost - t.leaves[order[0]].cost
		out.values[i] = Value{Absent: l.absent, Missing: l.missing}
		if !l.absent {
			parts = append(parts, l.text[:t.parts]...)
			out.values[i].Parts = parts[len(parts)-t.parts : len(parts) : len(parts)]
		}
		for _, m := range t.hits.get(o) {
			has[m].set(i)
		}
	}
	out.has = spread(has, class, n)
	return out
}

// bitsOf makes sets of atoms in one piece of memory.
func bitsOf(sets, n int) []bits {
	width := len(newBits(n))
	all := make(bits, sets*width)
	out := make([]bits, sets)
	for i := range out {
		out[i] = all[i*width : (i+1)*width : (i+1)*width]
	}
	return out
}

// spread gives each matcher the set of the distinct matcher that it is.
func spread(sets []bits, class []int32, n int) []bits {
	out := make([]bits, len(class))
	var none bits
	for i, d := range class {
		switch {
		case d >= 0:
			out[i] = sets[d]
		default:
			if none == nil {
				none = newBits(n)
			}
			out[i] = none
		}
	}
	return out
}

// sets numbers sets of small numbers, each a sorted list, in the order in which they come.
type sets struct {
	table []int32 // by hash, open: the number of a set + 1
	end   []int32
	all   []int32
}

func (s *sets) get(i int32) []int32 {
	from := int32(0)
	if i > 0 {
		from = s.end[i-1]
	}
	return s.all[from:s.end[i]:s.end[i]]
}

// id is the number of a set, and whether it was there.
func (s *sets) id(list []int32) (int32, bool) {
	if 2*len(s.end) >= len(s.table) {
		s.table = make([]int32, max(32, 2*len(s.table)))
		for i := range s.end {
			s.table[s.slot(s.get(int32(i)))] = int32(i + 1)
		}
	}
	slot := s.slot(list)
	if i := s.table[slot]; i > 0 {
		return i - 1, true
	}
	s.all = append(s.all, list...)
	s.end = append(s.end, int32(len(s.all)))
	s.table[slot] = int32(len(s.end))
	return int32(len(s.end) - 1), false
}

// slot is the place of a set in the table, or the free one where it belongs.
func (s *sets) slot(list []int32) int {
	hash := uint64(14695981039346656037)
	for _, m := range list {
		hash = (hash ^ uint64(m)) * 1099511628211
	}
	hash ^= hash >> 32
	mask := len(s.table) - 1
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		if n := s.table[i]; n == 0 || slices.Equal(s.get(n-1), list) {
			return i
		}
	}
}

func comparePatterns(a, b *Pattern) int {
	if a.Op != b.Op {
		return int(a.Op) - int(b.Op)
	}
	if c := strings.Compare(a.Text, b.Text); c != 0 {
		return c
	}
	if a.Fold != b.Fold {
		if b.Fold {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Lo, b.Lo), cmp.Compare(a.Hi, b.Hi))
}
