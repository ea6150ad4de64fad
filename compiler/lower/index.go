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
	values   map[string]bool // the list itself
	any      bool            // holds "*"
	prefixes literals
	suffixes literals
	blocks   map[netip.Prefix]bool
	bits     []int // lengths of blocks, ascending
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
				if x.blocks == nil {
					x.blocks = map[netip.Prefix]bool{}
				}
				x.blocks[p] = true
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
	x.values = make(map[string]bool, len(list))
	for _, v := range list {
		x.values[v] = true
	}
	x.prefixes.measure()
	x.suffixes.measure()
	seen := map[int]bool{}
	for p := range x.blocks {
		seen[p.Bits()] = true
	}
	x.bits = slices.Sorted(maps.Keys(seen))
	return x
}

// covers reports whether a value of the list other than v itself covers v.
func (x *index) covers(v string) bool {
	if x.f == ipBlocks || x.f == remoteIPBlocks {
		return x.coversBlock(v)
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
	for _, n := range x.prefixes.lengths {
		if n >= from && n <= len(head) && !(s == prefix && n == len(lit)) && x.prefixes.set[head[:n]] {
			return true
		}
	}
	if s != exact && s != suffix {
		return false
	}
	for _, n := range x.suffixes.lengths {
		if n <= len(lit) && !(s == suffix && n == len(lit)) && x.suffixes.set[lit[len(lit)-n:]] {
			return true
		}
	}
	return false
}

func (x *index) coversBlock(v string) bool {
	own, ok := block(v)
	if !ok {
		return false
	}
	for _, n := range x.bits {
		if n > own.Bits() {
			return false
		}
		if p, err := own.Addr().Prefix(n); err == nil && x.blocks[p] && p != own {
			return true
		}
	}
	return false
}
