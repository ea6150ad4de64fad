package sem

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// universe is which strings a part may be.
type universe struct {
	first   byte   // what it begins with, if not 0
	without string // bytes that it does not have
	empty   bool   // it may be the empty string
	missing bool   // it may be absent
}

func (u *universe) contains(s string) bool {
	if s == "" {
		return u.empty
	}
	return (u.first == 0 || s[0] == u.first) && !strings.ContainsAny(s, u.without)
}

// base is what every string begins with.
func (u *universe) base() string {
	if u.first == 0 {
		return ""
	}
	return string(rune(u.first))
}

// normal gives a pattern the one spelling of what it holds for among a kind's parts.
func (t *tree) normal(p Pattern) (Pattern, error) {
	u := &t.shape.of
	never := Pattern{Op: Never}
	address := false
	switch p.Op {
	case Any, Never:
		return Pattern{Op: p.Op}, nil
	case Several:
		return never, fmt.Errorf("an element has no pattern of operation %d", p.Op)
	}
	switch t.kind {
	case SourceIP, RemoteIP, DestIP:
		address = true
	case Port:
		if p.Op == Exact { // a number in its usual spelling
			n, err := strconv.Atoi(p.Text)
			if err != nil || strconv.Itoa(n) != p.Text {
				return never, nil
			}
			p = Pattern{Op: Range, Lo: n, Hi: n}
		}
		if p.Op != Range && p.Op != Present && p.Op != NonEmpty {
			return never, fmt.Errorf("a port has no pattern of operation %d", p.Op)
		}
	}
	if address && p.Op != Block && p.Op != Present && p.Op != NonEmpty {
		return never, fmt.Errorf("an address has no pattern of operation %d", p.Op)
	}
	if p.Op == Glob {
		p = plain(p)
	}
	if p.Fold {
		p.Text = lower(p.Text)
		p.Fold = strings.IndexFunc(p.Text, func(r rune) bool { return 'a' <= r && r <= 'z' }) >= 0
	}
	switch p.Op {
	case Template:
		switch {
		case !strings.Contains(p.Text, "{"):
			p = Pattern{Op: Exact, Text: p.Text}
		case !checkTemplate(p.Text):
			return never, fmt.Errorf("malformed path template %q", p.Text)
		default:
			return Pattern{Op: Template, Text: p.Text}, nil
		}
	case Prefix, Suffix:
		if p.Text == "" {
			p = Pattern{Op: Present}
		}
	case Block:
		b, err := parseBlock(p.Text)
		if !address || err != nil {
			return never, fmt.Errorf("%q is no block", p.Text)
		}
		return Pattern{Op: Block, Text: b.String()}, nil
	case Range:
		lo, hi := max(p.Lo, 0), min(p.Hi, 65535)
		if t.kind != Port {
			return never, errors.New("only a port has ranges")
		}
		if lo > hi {
			return never, nil
		}
		return Pattern{Op: Range, Lo: lo, Hi: hi}, nil
	}
	if t.kind == Answer {
		return p, nil
	}
	switch p.Op {
	case NonEmpty:
		if !u.empty {
			p = Pattern{Op: Present}
		}
	case Exact:
		if !u.contains(p.Text) {
			return never, nil
		}
	case Prefix:
		if p.Text == u.base() {
			p = Pattern{Op: Present}
		} else if !u.contains(p.Text) {
			return never, nil
		}
	case Suffix:
		if strings.ContainsAny(p.Text, u.without) {
			return never, nil
		}
	}
	if p.Op == Present && !u.missing {
		p = Pattern{Op: Any}
	}
	return p, nil
}

// plain is the simplest pattern that means the same as a glob.
func plain(p Pattern) Pattern {
	for strings.Contains(p.Text, "**") {
		p.Text = strings.ReplaceAll(p.Text, "**", "*")
	}
	switch i, n := strings.IndexByte(p.Text, '*'), strings.Count(p.Text, "*"); {
	case n == 0:
		p.Op = Exact
	case p.Text == "*":
		return Pattern{Op: Present}
	case n == 1 && i == 0:
		p.Op, p.Text = Suffix, p.Text[1:]
	case n == 1 && i == len(p.Text)-1:
		p.Op, p.Text = Prefix, p.Text[:i]
	}
	return p
}

// texts is the closed form (algebra 2.4): beside the strings that are listed, a string is told from another only by the longest
// prefix and the longest suffix of it that are patterns, and every such pair occurs, around a byte that no pattern has.
type texts struct {
	of       universe
	fold     bool // every pattern with letters ignores case: all strings are in lower case
	exact    affixes
	prefixes affixes
	suffixes affixes // reversed
	pad      byte
	empty    int // the cell of the empty string, or -1
}

// affixes are strings in order, each with its pattern and the longest other one that it begins with.
type affixes struct {
	text []string
	hit  []int32
	up   []int32 // index + 1
}

// longest returns the index + 1 of the longest of a that v begins with.
func (a *affixes) longest(v string) int32 {
	i, found := slices.BinarySearch(a.text, v)
	if found {
		return int32(i + 1)
	}
	at := int32(i)
	for at > 0 && !strings.HasPrefix(v, a.text[at-1]) {
		at = a.up[at-1]
	}
	return at
}

func (a *affixes) link() {
	if a.up = room(a.up, len(a.text)); len(a.up) > 0 {
		a.up[0] = 0
	}
	for i := 1; i < len(a.text); i++ {
		at := int32(i)
		for at > 0 && !strings.HasPrefix(a.text[i], a.text[at-1]) {
			at = a.up[at-1]
		}
		a.up[i] = at
	}
}

// none is no strings, in the same room.
func (a *affixes) none() affixes {
	return affixes{text: a.text[:0], hit: a.hit[:0], up: a.up[:0]}
}

// add adds one of at most as many as are left.
func (a *affixes) add(text string, hit, left int) {
	if cap(a.text) == 0 {
		a.text, a.hit = make([]string, 0, left), make([]int32, 0, left)
	}
	a.text, a.hit = append(a.text, text), append(a.hit, int32(hit))
}

func reverse(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// pads are the bytes that stand between a prefix and a suffix, the plainest first.
const pads = "xyzwvutsrqponmlkjihgfedcba0123456789_-~.XYZWVUTSRQPONMLKJIHGFEDCBA"

// splitText splits strings by patterns that are sorted and in their normal spelling.
func splitText(at *level, of universe, limit int) (*cells, error) {
	pats := at.pats
	t := &at.texts
	*t = texts{of: of, empty: -1, exact: t.exact.none(), prefixes: t.prefixes.none(), suffixes: t.suffixes.none()}
	folded, unfolded := 0, 0
	var used [256]bool
	var always []int32 // patterns that hold for every string
	anyHit, presentHit, nonEmptyHit := int32(-1), int32(-1), int32(-1)
	for i := range pats {
		p := &pats[i]
		switch p.Op {
		case Any:
			anyHit = int32(i)
			always = append(always, anyHit)
			continue
		case Present:
			presentHit = int32(i)
			always = append(always, presentHit)
			continue
		case NonEmpty:
			nonEmptyHit = int32(i)
			continue
		case Exact:
			t.exact.add(p.Text, i, len(pats)-i)
		case Prefix:
			t.prefixes.add(p.Text, i, len(pats)-i)
		case Suffix:
			t.suffixes.add(reverse(p.Text), i, len(pats)-i)
		case Template, Glob:
			return splitAutomaton(at, of, limit)
		}
		if p.Fold {
			folded++
		} else if hasLetter(p.Text) {
			unfolded++
		}
		for j := range len(p.Text) {
			used[p.Text[j]] = true
		}
	}
	t.fold = folded > 0
	for i := range len(pads) {
		if c := pads[i]; !used[c] && t.contains(string(rune(c))) {
			t.pad = c
			break
		}
	}
	for c := 1; t.pad == 0 && c < 256; c++ {
		if !used[c] && t.contains(string([]byte{byte(c)})) {
			t.pad = byte(c)
		}
	}
	if t.pad == 0 || t.fold && unfolded > 0 {
		return splitAutomaton(at, of, limit)
	}
	sortAffixes(&t.suffixes)
	t.prefixes.link()
	t.suffixes.link()
	e, p, s := len(t.exact.text), len(t.prefixes.text)+1, len(t.suffixes.text)+1
	if p*s+e > limit {
		return nil, ErrBudget
	}
	at.cells = cells{list: room(at.cells.list, e+p*s+2)[:e+p*s], finder: t}
	out := &at.cells
	hits := room(at.hits, (e+p*s)*(len(always)+2))[:0]
	at.hits = hits
	// hitsOf collects what holds for a string with these longest affixes (index + 1).
	hitsOf := func(exact int, prefix, suffix int32, text bool) []int32 {
		from := len(hits)
		hits = append(hits, always...)
		if text && nonEmptyHit >= 0 {
			hits = append(hits, nonEmptyHit)
		}
		if exact >= 0 {
			hits = append(hits, t.exact.hit[exact])
		}
		for ; prefix > 0; prefix = t.prefixes.up[prefix-1] {
			hits = append(hits, t.prefixes.hit[prefix-1])
		}
		for ; suffix > 0; suffix = t.suffixes.up[suffix-1] {
			hits = append(hits, t.suffixes.hit[suffix-1])
		}
		return hits[from:len(hits):len(hits)]
	}
	hasEmpty := false
	for i, text := range t.exact.text {
		prefix, suffix := t.affixesOf(text)
		out.list[i] = cell{text: text, cost: 1 + len(text), hits: hitsOf(i, prefix, suffix, text != "")}
		hasEmpty = hasEmpty || text == ""
	}
	for i := range p {
		for j := range s {
			c := e + i*s + j
			text := t.between(i, j, c)
			out.list[c] = cell{text: text, cost: 1 + len(text), hits: hitsOf(-1, int32(i), int32(j), true)}
		}
	}
	if of.empty && nonEmptyHit >= 0 && !hasEmpty {
		t.empty = len(out.list)
		out.list = append(out.list, cell{cost: 1, hits: hitsOf(-1, 0, 0, false)})
	}
	if of.missing {
		var any []int32
		if anyHit >= 0 {
			any = []int32{anyHit}
		}
		out.list = append(out.list, cell{missing: true, hits: any}) // where present strings have the same, leaves are made one
	}
	return out, nil
}

func hasLetter(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }) >= 0
}

// sortAffixes puts what was added in any order in order.
func sortAffixes(a *affixes) {
	if len(a.text) < 2 {
		return
	}
	order := make([]int, len(a.text))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(x, y int) int { return strings.Compare(a.text[x], a.text[y]) })
	old := *a
	*a = affixes{}
	for _, i := range order {
		a.add(old.text[i], int(old.hit[i]), len(order))
	}
}

func (t *texts) contains(c string) bool {
	return !strings.Contains(t.of.without, c) && !(t.fold && "A" <= c && c <= "Z")
}

func (t *texts) affixesOf(s string) (prefix, suffix int32) {
	if len(t.prefixes.text) > 0 {
		prefix = t.prefixes.longest(s)
	}
	if len(t.suffixes.text) > 0 {
		suffix = t.suffixes.longest(reverse(s))
	}
	return prefix, suffix
}

func (t *texts) find(s string) int {
	if !t.of.contains(s) {
		return -1
	}
	if t.fold {
		s = lower(s)
	}
	if i, ok := slices.BinarySearch(t.exact.text, s); ok {
		return i
	}
	if s == "" && t.empty >= 0 {
		return t.empty
	}
	p, q := t.affixesOf(s)
	return len(t.exact.text) + int(p)*(len(t.suffixes.text)+1) + int(q)
}

// between is the shortest string of cell c: of those with prefix i and suffix j (index + 1), overlapping as far as may be.
func (t *texts) between(i, j, c int) string {
	p, s := t.of.base(), ""
	if i > 0 {
		p = t.prefixes.text[i-1]
	}
	if j > 0 {
		s = reverse(t.suffixes.text[j-1])
	}
	for k := min(len(p), len(s)); k >= 0; k-- {
		if p[len(p)-k:] == s[:k] && len(p)+len(s) > k {
			if v := p + s[k:]; t.find(v) == c {
				return v
			}
		}
	}
	for _, pad := range "xyz" {
		if v := p + string(pad) + s; t.find(v) == c {
			return v
		}
	}
	return p + string([]byte{t.pad}) + s
}
