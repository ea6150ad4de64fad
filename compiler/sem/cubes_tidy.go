package sem

import "slices"

// hash is of a cube; that of a cube with another set at d is hash ^ mix(d, old) ^ mix(d, new).
func hash(cube []int32) uint64 {
	h := uint64(0)
	for d, id := range cube {
		if id != full {
			h ^= mix(d, id)
		}
	}
	return h
}

func mix(d int, id int32) uint64 {
	if id == full {
		return 0
	}
	x := uint64(d+1)<<32 | uint64(uint32(id))
	x *= 0x9e3779b97f4a7c15
	x ^= x >> 31
	x *= 0xbf58476d1ce4e5b9
	return x ^ x>>29
}

// tidy is the same union in fewer cubes: cubes that differ in one attribute alone become one, and of few cubes those that lie
// in another one go.
func (s *Space) tidy(list []int32) []int32 {
	n := len(s.dims)
	if len(list) <= n {
		return list
	}
	s.work -= len(list) / n
	list = slices.Clone(list)
	hashes := s.hashes[:0]
	for i := 0; i < len(list); i += n {
		hashes = append(hashes, hash(list[i:i+n]))
	}
	s.hashes = hashes
	for d := -1; d < n && len(list) > n; d++ { // -1: equal ones
		list = s.fuse(list, hashes, d)
	}
	return s.absorb(list)
}

// fuse joins the cubes that differ in nothing but dimension d. It keeps their hashes.
func (s *Space) fuse(list []int32, hashes []uint64, d int) []int32 {
	n := len(s.dims)
	if d >= 0 {
		first, varied := list[d], false
		for i := d; i < len(list) && !varied; i += n {
			varied = list[i] != first
		}
		if !varied {
			return list
		}
	}
	size := 16
	for size < 2*len(list)/n {
		size *= 2
	}
	if len(s.table) < size {
		s.table = make([]int32, size)
	}
	table := s.table[:size]
	clear(table)
	others := func(h uint64, cube []int32) uint64 { // the hash of all dimensions but d
		if d >= 0 {
			h ^= mix(d, cube[d])
		}
		return h
	}
	to := 0
	for i := 0; i < len(list); i += n {
		cube := list[i : i+n]
		whole := hashes[i/n]
		h := others(whole, cube)
		for k := int(h) & (size - 1); ; k = (k + 1) & (size - 1) {
			if table[k] == 0 {
				copy(list[to:], cube)
				hashes[to/n] = whole
				to += n
				table[k] = int32(to)
				break
			}
			at := int(table[k]) - n
			if known := list[at : at+n]; others(hashes[at/n], known) == h && same(known, cube, d) {
				if d >= 0 {
					known[d] = s.join(d, known[d], cube[d])
					hashes[at/n] = h ^ mix(d, known[d])
				}
				break
			}
		}
	}
	return list[:to]
}

// same tells if two cubes differ in nothing but dimension d.
func same(a, b []int32, d int) bool {
	for i, id := range a {
		if id != b[i] && i != d {
			return false
		}
	}
	return true
}

// absorb takes out cubes that lie in another one, if there are few.
func (s *Space) absorb(list []int32) []int32 {
	n := len(s.dims)
	if len(list) > 64*n {
		return list
	}
	to := 0
next:
	for i := 0; i < len(list); i += n {
		for j := 0; j < len(list); j += n {
			if j != i && s.within(list[i:i+n], list[j:j+n], -1) {
				continue next
			}
		}
		copy(list[to:], list[i:i+n])
		to += n
	}
	return list[:to]
}

// within tells if cube a lies in cube b, whatever dimension but is.
func (s *Space) within(a, b []int32, but int) bool {
	for d, id := range b {
		if id != full && d != but && a[d] != id && !s.dims[d].sets[a[d]].inside(s.dims[d].sets[id]) {
			return false
		}
	}
	return true
}
