package lang

import (
	"strings"
	"testing"
)

// The end of a line is looked for nearby alone: a program on one line takes time with its length.
func TestRestOfLine(t *testing.T) {
	long := strings.Repeat("a", longestRest)
	for _, c := range []struct {
		text string
		end  int
		near bool
	}{
		{"GET", 3, true},
		{"GET\nallow", 3, true},
		{"GET\r\nallow", 3, true},
		{long, longestRest, true},
		{long[1:] + "\nallow", longestRest - 1, true},
		{long + "\nallow", longestRest, false},
		{long + long + "\n", longestRest, false},
	} {
		if end, near := restOfLine("x "+c.text, 2); end != c.end+2 || near != c.near {
			t.Errorf("%.5q of %d: %d, %v, want %d, %v", c.text, len(c.text), end-2, near, c.end, c.near)
		}
	}
}
