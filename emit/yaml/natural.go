package yaml

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// sortNatural orders keys, sorted already, as go.yaml.in/yaml/v2 does: numbers inside by value, letters after the rest.
// The order is no strict one for odd keys; a stable sort of a sorted list makes the outcome depend on the keys alone.
func sortNatural(keys []string) {
	slices.SortStableFunc(keys, func(a, b string) int {
		switch {
		case naturalLess(a, b):
			return -1
		case naturalLess(b, a):
			return 1
		}
		return 0
	})
}

func naturalLess(a, b string) bool {
	i, j := 0, 0
	var x, y rune
	for {
		for i < len(a) && j < len(b) && a[i] == b[j] && a[i] < utf8.RuneSelf {
			i, j = i+1, j+1
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j < len(b)
		}
		var m, n int
		x, m = utf8.DecodeRuneInString(a[i:])
		y, n = utf8.DecodeRuneInString(b[j:])
		if x != y {
			break
		}
		i, j = i+m, j+n
	}
	if s, t := unicode.IsLetter(x), unicode.IsLetter(y); s && t {
		return x < y
	} else if s || t {
		return t
	}
	var first int64
	if (x == '0' || y == '0') && counts(a[:i]) {
		first = 1
	}
	m, v := numeral(a[i:], first)
	n, w := numeral(b[j:], first)
	switch {
	case v != w:
		return v < w
	case m != n:
		return m < n
	}
	return x < y
}

// counts reports whether s ends with a number other than zero, so that a zero after it is a part of it and no padding.
func counts(s string) bool {
	for s != "" {
		r, n := utf8.DecodeLastRuneInString(s)
		if !unicode.IsDigit(r) {
			return false
		}
		if r != '0' {
			return true
		}
		s = s[:len(s)-n]
	}
	return false
}

// numeral reads the digits at the start of s: how many they are, and their value behind that of first.
func numeral(s string, first int64) (n int, v int64) {
	v = first
	for _, r := range s {
		if !unicode.IsDigit(r) {
			break
		}
		n++
		v = v*10 + int64(r-'0')
	}
	return n, v
}
