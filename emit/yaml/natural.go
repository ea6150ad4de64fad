package yaml

import "unicode"

// sortNatural orders keys, sorted already, as go.yaml.in/yaml/v2 does: numbers inside by value, letters after the rest.
// The order is no strict one for odd keys; an insertion into a sorted list makes the outcome depend on the keys alone.
func sortNatural(keys []string) {
	for i := 1; i < len(keys); i++ {
		k := keys[i]
		j := i
		for ; j > 0 && naturalLess(k, keys[j-1]); j-- {
			keys[j] = keys[j-1]
		}
		keys[j] = k
	}
}

func naturalLess(a, b string) bool {
	if !ascii(a) || !ascii(b) {
		return naturalRunes([]rune(a), []rune(b))
	}
	n := min(len(a), len(b))
	i := 0
	for i < n && a[i] == b[i] {
		i++
	}
	if i == n {
		return len(a) < len(b)
	}
	if letter(a[i]) && letter(b[i]) {
		return a[i] < b[i]
	}
	return naturalRunes([]rune(a), []rune(b))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func naturalRunes(a, b []rune) bool {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) || i == len(b) {
		return len(a) < len(b)
	}
	if la, lb := unicode.IsLetter(a[i]), unicode.IsLetter(b[i]); la && lb {
		return a[i] < b[i]
	} else if la || lb {
		return lb
	}
	var na, nb int64
	if a[i] == '0' || b[i] == '0' { // a zero after a digit is a part of the number, one at its start is padding
		for j := i - 1; j >= 0 && unicode.IsDigit(a[j]); j-- {
			if a[j] != '0' {
				na, nb = 1, 1
				break
			}
		}
	}
	ia, ib := i, i
	for ; ia < len(a) && unicode.IsDigit(a[ia]); ia++ {
		na = na*10 + int64(a[ia]-'0')
	}
	for ; ib < len(b) && unicode.IsDigit(b[ib]); ib++ {
		nb = nb*10 + int64(b[ib]-'0')
	}
	switch {
	case na != nb:
		return na < nb
	case ia != ib:
		return ia < ib
	}
	return a[i] < b[i]
}
