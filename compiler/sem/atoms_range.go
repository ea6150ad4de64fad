package sem

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
)

// point is an address or a port: addresses of four bytes come before those of sixteen.
type point struct {
	six    bool
	hi, lo uint64
}

func pointOf(a netip.Addr) point {
	b := a.As16()
	if a.Is4() {
		return point{lo: uint64(binary.BigEndian.Uint32(b[12:]))}
	}
	return point{six: true, hi: binary.BigEndian.Uint64(b[:8]), lo: binary.BigEndian.Uint64(b[8:])}
}

func (p point) addr() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], p.hi)
	binary.BigEndian.PutUint64(b[8:], p.lo)
	if !p.six {
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return netip.AddrFrom16(b)
}

func (p point) compare(q point) int {
	if p.six != q.six {
		if q.six {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(p.hi, q.hi), cmp.Compare(p.lo, q.lo))
}

// next is the point after p. After the last of a range of values it is one that is none.
func (p point) next() point {
	if p.lo++; p.lo == 0 {
		p.hi++
	}
	return p
}

// span is the points from one to another, both included.
type span struct {
	from, to point
	hit      int32
}

// line is the points there are.
type line struct {
	whole []span
	liked []string // the parts that stand for their classes, the first first
	text  func(point) string
	point func(string) (point, bool)
}

var addresses = line{
	whole: []span{{to: point{lo: 1<<32 - 1}}, {from: point{six: true}, to: point{six: true, hi: 1<<64 - 1, lo: 1<<64 - 1}}},
	liked: []string{"203.0.113.1", "198.51.100.1", "192.0.2.1", "2001:db8::1"},
	text:  func(p point) string { return p.addr().String() },
	point: func(s string) (point, bool) {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" { // no block has an address with a zone
			return point{}, false
		}
		return pointOf(a), true
	},
}

var ports = line{
	whole: []span{{to: point{lo: 65535}}},
	liked: []string{"8080", "80", "443"},
	text:  func(p point) string { return strconv.FormatUint(p.lo, 10) },
	point: func(s string) (point, bool) {
		n, err := strconv.ParseUint(s, 10, 16)
		return point{lo: n}, err == nil
	},
}

func splitAddresses(at *level, _ universe, limit int) (*cells, error) {
	return addresses.split(at.pats, limit, func(p Pattern) (span, error) {
		b, err := netip.ParsePrefix(p.Text)
		if err != nil {
			return span{}, err
		}
		s := span{from: pointOf(b.Addr())}
		s.to = s.from
		host := b.Addr().BitLen() - b.Bits()
		if host >= 64 {
			s.to.lo = 1<<64 - 1
			s.to.hi |= 1<<(host-64) - 1
		} else {
			s.to.lo |= 1<<host - 1
		}
		return s, nil
	})
}

func splitPorts(at *level, _ universe, limit int) (*cells, error) {
	return ports.split(at.pats, limit, func(p Pattern) (span, error) {
		return span{from: point{lo: uint64(p.Lo)}, to: point{lo: uint64(p.Hi)}}, nil
	})
}

// split cuts a line wherever a pattern begins or ends.
func (l *line) split(pats []Pattern, limit int, spanOf func(Pattern) (span, error)) (*cells, error) {
	var always []int32
	spans := make([]span, 0, len(pats))
	cuts := make([]point, 0, 2*len(pats)+2)
	for _, w := range l.whole {
		cuts = append(cuts, w.from)
	}
	for i, p := range pats {
		if p.Op == Any {
			always = append(always, int32(i))
			continue
		}
		s, err := spanOf(p)
		if err != nil {
			return nil, err
		}
		s.hit = int32(i)
		spans = append(spans, s)
		cuts = append(cuts, s.from)
		if !slices.ContainsFunc(l.whole, func(w span) bool { return w.to == s.to }) {
			cuts = append(cuts, s.to.next())
		}
	}
	slices.SortFunc(cuts, point.compare)
	cuts = slices.Compact(cuts)
	if len(cuts) > limit {
		return nil, ErrBudget
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from.compare(b.from) })
	out := &cells{list: make([]cell, len(cuts)), finder: intervals{l, cuts}}
	var open []span
	for i, cut := range cuts {
		open = slices.DeleteFunc(open, func(s span) bool { return s.to.compare(cut) < 0 })
		for len(spans) > 0 && spans[0].from == cut {
			open, spans = append(open, spans[0]), spans[1:]
		}
		c := &out.list[i]
		c.hits = slices.Clone(always)
		for _, s := range open {
			c.hits = append(c.hits, s.hit)
		}
	}
	for rank, text := range l.liked {
		if i := out.find(text); i >= 0 && out.list[i].text == "" {
			out.list[i].text, out.list[i].cost = text, 1+rank
		}
	}
	for i, cut := range cuts {
		if out.list[i].text == "" {
			text := l.text(cut)
			out.list[i].text, out.list[i].cost = text, 1+len(l.liked)+len(text)
		}
	}
	return out, nil
}

// intervals are a line that is cut at some points, the first of them its first.
type intervals struct {
	of   *line
	cuts []point
}

func (v intervals) find(s string) int {
	p, ok := v.of.point(s)
	if !ok {
		return -1
	}
	i, found := slices.BinarySearchFunc(v.cuts, p, point.compare)
	if !found {
		i--
	}
	return i
}

// answers are what an external authorizer may say.
type answers []string

func (a answers) find(s string) int { return slices.Index(a, s) }

// splitAnswer splits the two answers of an external authorizer.
func splitAnswer(at *level, _ universe, _ int) (*cells, error) {
	out := &cells{list: []cell{{text: "yes", cost: 1}, {text: "no", cost: 2}}, finder: answers{"yes", "no"}}
	for i := range out.list {
		for j, p := range at.pats {
			if matchPart(p, out.list[i].text) {
				out.list[i].hits = append(out.list[i].hits, int32(j))
			}
		}
	}
	return out, nil
}
