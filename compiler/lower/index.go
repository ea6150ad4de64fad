package lower

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// index answers whether a value of a list covers another value, as covers does, in time that does not grow with the list.
type index struct {
	f        field
	any      bool // holds "*"
	prefixes literals
	suffixes literals
	blocks   blocks
}

// literals are the literal parts of patterns, and the lengths that they have, ascending.
type literals struct {
	set     map[string]bool
	lengths []int
}

func (l *literals) add(s string) {
	if l.set == nil {
		l.set = map[string]bool{}
	}
	l.set[s] = true
}

func (l *literals) measure() {
	seen := map[int]bool{}
	for s := range l.set {
		seen[len(s)] = true
	}
	l.lengths = slices.Sorted(maps.Keys(seen))
}

// start reports whether one of them is a prefix of s, end whether one is a suffix.
func (l *literals) start(s string) bool { return l.startFrom(0, s, len(s)) }
func (l *literals) end(s string) bool   { return l.endUpTo(s, len(s)) }

func (l *literals) startFrom(least int, s string, most int) bool {
	for _, n := range l.lengths {
		if n > most {
			return false
		}
		if n >= least && l.set[s[:n]] {
			return true
		}
	}
	return false
}

func (l *literals) endUpTo(s string, most int) bool {
	for _, n := range l.lengths {
		if n > most {
			return false
		}
		if l.set[s[len(s)-n:]] {
			return true
		}
	}
	return false
}

// blocks are blocks of addresses, and the lengths of their prefixes, ascending.
type blocks struct {
	set  map[netip.Prefix]bool
	bits []int
}

func (b *blocks) add(p netip.Prefix) {
	if b.set == nil {
		b.set = map[netip.Prefix]bool{}
	}
	b.set[p] = true
}

func (b *blocks) measure() {
	seen := map[int]bool{}
	for p := range b.set {
		seen[p.Bits()] = true
	}
	b.bits = slices.Sorted(maps.Keys(seen))
}

// hold reports whether one of them holds all of p; wider asks for one that holds more.
func (b *blocks) hold(p netip.Prefix) bool { return b.set[p] || b.wider(p) }

func (b *blocks) wider(own netip.Prefix) bool {
	for _, n := range b.bits {
		if n >= own.Bits() {
			return false
		}
		if p, err := own.Addr().Prefix(n); err == nil && b.set[p] {
			return true
		}
	}
	return false
}

// newIndex indexes the values of a list that cover more than themselves; nil when there is none.
func newIndex(f field, list []string) *index {
	x := &index{f: f}
	wide := false
	for _, v := range list {
		switch s, lit := split(f, v); {
		case f == ports:
			continue
		case f == ipBlocks || f == remoteIPBlocks:
			if p, ok := block(v); ok {
				x.blocks.add(p)
			}
		case s == anyValue:
			x.any = true
		case f == requestPrincipals:
			if !strings.HasSuffix(v, "*") || !strings.Contains(v, "/") {
				continue
			}
			x.prefixes.add(strings.TrimSuffix(v, "*"))
		case s == prefix:
			x.prefixes.add(lit)
		case s == suffix:
			x.suffixes.add(lit)
		default:
			continue
		}
		wide = true
	}
	if !wide {
		return nil
	}
	x.prefixes.measure()
	x.suffixes.measure()
	x.blocks.measure()
	return x
}

// covers reports whether a value of the list other than v itself covers v.
func (x *index) covers(v string) bool {
	if x.f == ipBlocks || x.f == remoteIPBlocks {
		own, ok := block(v)
		return ok && x.blocks.wider(own)
	}
	s, lit := split(x.f, v)
	if x.any && s != anyValue {
		return true
	}
	from := 0 // how long a prefix must be
	head := lit
	switch {
	case x.f == requestPrincipals: // only of the same issuer
		from = strings.LastIndexByte(v, '/') + 1
		if from == 0 {
			return false
		}
		s, lit = exact, strings.TrimSuffix(v, "*")
		if head = lit; lit != v {
			s = prefix
		}
	case s == template:
		head = lit[:strings.IndexByte(lit, '{')]
	case s == suffix, s == anyValue:
		head = ""
		from = 1
	}
	most := len(head)
	if s == prefix && most == len(lit) {
		most-- // not itself
	}
	if x.prefixes.startFrom(from, head, most) {
		return true
	}
	if s != exact && s != suffix {
		return false
	}
	most = len(lit)
	if s == suffix {
		most--
	}
	return x.suffixes.endUpTo(lit, most)
}
