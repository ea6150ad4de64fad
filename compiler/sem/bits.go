package sem

import mathbits "math/bits"

// bits is a set of small numbers. Sets that meet in one operation have the same width.
type bits []uint64

func newBits(n int) bits      { return make(bits, (n+63)/64) }
func (b bits) set(i int)      { b[i>>6] |= 1 << (uint(i) & 63) }
func (b bits) get(i int) bool { return b[i>>6]&(1<<(uint(i)&63)) != 0 }
func (b bits) clone() bits    { return append(make(bits, 0, len(b)), b...) }

func (b bits) next(from int) int { return nextBit(b, from) }

func (b bits) or(o bits) {
	for i, w := range o {
		b[i] |= w
	}
}

func (b bits) and(o bits) {
	for i, w := range o {
		b[i] &= w
	}
}

func (b bits) andNot(o bits) {
	for i, w := range o {
		b[i] &^= w
	}
}

func (b bits) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

func (b bits) count() int {
	n := 0
	for _, w := range b {
		n += mathbits.OnesCount64(w)
	}
	return n
}

// inside tells if every member of b is one of o.
func (b bits) inside(o bits) bool {
	for i, w := range b {
		if w&^o[i] != 0 {
			return false
		}
	}
	return true
}

// meets tells if b and o have a member in common.
func (b bits) meets(o bits) bool {
	for i, w := range b {
		if w&o[i] != 0 {
			return true
		}
	}
	return false
}

// fill puts the numbers below n into b and no others.
func (b bits) fill(n int) {
	for i := range b {
		b[i] = ^uint64(0)
	}
	if n&63 != 0 {
		b[len(b)-1] = 1<<(uint(n)&63) - 1
	}
}

// nextBit is the smallest member of b that is at least from, or -1.
func nextBit(b []uint64, from int) int {
	i := from >> 6
	if i >= len(b) {
		return -1
	}
	w := b[i] &^ (1<<(uint(from)&63) - 1)
	for w == 0 {
		if i++; i == len(b) {
			return -1
		}
		w = b[i]
	}
	return i<<6 + mathbits.TrailingZeros64(w)
}

// arena hands out words that live until they are released, last first.
type arena struct {
	chunks [][]uint64
	at     mark
}

// mark is a place in an arena.
type mark struct{ chunk, used int }

// take gives n words of any content.
func (a *arena) take(n int) bits {
	for a.at.chunk < len(a.chunks) {
		c := a.chunks[a.at.chunk]
		if a.at.used+n <= len(c) {
			b := c[a.at.used : a.at.used+n : a.at.used+n]
			a.at.used += n
			return b
		}
		a.at = mark{chunk: a.at.chunk + 1}
	}
	size := max(n, 256<<min(len(a.chunks), 8))
	a.chunks = append(a.chunks, make([]uint64, size))
	a.at.used = n
	return a.chunks[a.at.chunk][:n:n]
}

func (a *arena) release(m mark) { a.at = m }
