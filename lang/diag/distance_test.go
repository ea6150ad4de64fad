package diag

import (
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b        string
		limit, want int
	}{
		{"kitten", "sitting", 9, 3}, {"kitten", "sitting", 3, 3}, {"kitten", "sitting", 2, 2}, {"abcd", "abdc", 9, 1}, {"", "ab", 9, 2}, {"ab", "", 9, 2},
		{"same", "same", 1, 0}, {strings.Repeat("a", 301), "a", 5, 5},
	} {
		if got := Distance(c.a, c.b, c.limit); got != c.want {
			t.Errorf("%.20q to %.20q below %d: %d, want %d", c.a, c.b, c.limit, got, c.want)
		}
	}
}
