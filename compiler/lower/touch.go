package lower

import (
	"net/netip"
	"slices"
	"strings"
)

// touch answers whether some value of a list may match what another value matches, as disjoint does for two, in time that
// does not grow with the list.
type touch struct {
	f      field
	all    bool // holds a value that is disjoint from nothing
	exact  map[string]bool
	starts literals // of prefixes
	ends   literals // of suffixes
	heads  []string // literal parts of all but suffixes, sorted
	tails  []string // literal parts of all but prefixes, back to front and sorted
	bare   bool     // holds a principal that is no suffix and has no trust domain to cut off
	blocks blocks
	addrs  []netip.Addr // where the blocks begin, sorted
}

// newTouch indexes a list that has a value.
func newTouch(f field, list []string) *touch {
	x := &touch{f: f, exact: make(map[string]bool, len(list)), all: f == requestPrincipals}
	for _, v := range list {
		if f == ipBlocks || f == remoteIPBlocks {
			p, ok := block(v)
			x.all = x.all || !ok
			x.blocks.add(p)
			x.addrs = append(x.addrs, p.Addr())
			continue
		}
		s, lit := split(f, v)
		if s == anyValue || s == template {
			x.all = true
			continue
		}
		if s != prefix {
			x.tails = append(x.tails, reversed(lit))
		}
		if s == suffix {
			x.ends.add(lit)
			continue
		}
		head, ok := telling(f, lit)
		x.bare = x.bare || !ok
		x.heads = append(x.heads, head)
		if s == prefix {
			x.starts.add(head)
		} else {
			x.exact[head] = true
		}
	}
	slices.Sort(x.heads)
	slices.Sort(x.tails)
	slices.SortFunc(x.addrs, netip.Addr.Compare)
	x.starts.measure()
	x.ends.measure()
	x.blocks.measure()
	return x
}

// meets reports whether some value of the list is not disjoint from v.
func (x *touch) meets(v string) bool {
	if x.all {
		return true
	}
	if x.f == ipBlocks || x.f == remoteIPBlocks {
		p, ok := block(v)
		if !ok || x.blocks.hold(p) {
			return true
		}
		i, _ := slices.BinarySearchFunc(x.addrs, p.Addr(), netip.Addr.Compare)
		return i < len(x.addrs) && p.Contains(x.addrs[i])
	}
	s, lit := split(x.f, v)
	head, ok := telling(x.f, lit)
	switch s {
	case exact:
		return x.ends.end(lit) || x.bare || !ok && len(x.heads) > 0 || x.exact[head] || x.starts.start(head)
	case prefix:
		return len(x.ends.set) > 0 || x.bare || !ok && len(x.heads) > 0 || begins(x.heads, head) || x.starts.start(head)
	case suffix:
		return len(x.starts.set) > 0 || x.ends.end(lit) || begins(x.tails, reversed(lit))
	}
	return true
}

// begins reports whether a string of a sorted list has a prefix.
func begins(list []string, head string) bool {
	i, _ := slices.BinarySearch(list, head)
	return i < len(list) && strings.HasPrefix(list[i], head)
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}
