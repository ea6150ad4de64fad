package sem

import (
	mathbits "math/bits"
	"slices"
)

// bits is a set of small numbers. Sets that meet in an operation are of one size.
type bits []uint64

func newBits(n int) bits         { return make(bits, (n+63)/64) }
func (b bits) set(i int)         { b[i>>6] |= 1 << (i & 63) }
func (b bits) get(i int) bool    { return b[i>>6]>>(i&63)&1 != 0 }
func (b bits) clone() bits       { return slices.Clone(b) }
func (b bits) equal(o bits) bool { return slices.Equal(b, o) }

func (b bits) or(o bits) {
	for i := range b {
		b[i] |= o[i]
	}
}

func (b bits) and(o bits) {
	for i := range b {
		b[i] &= o[i]
	}
}

func (b bits) andNot(o bits) {
	for i := range b {
		b[i] &^= o[i]
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
