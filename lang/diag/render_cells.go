package diag

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxColumns = 110 // of a source line that are shown; longer lines are cut around what is marked
	tabStop    = 4
)

// region is a half-open range of bytes of one line.
type region struct{ from, to int }

// window lays one line out for a terminal: tabs become spaces, what cannot be seen becomes an escape, and a line that is
// too long is cut around its first mark. under has the mark character below each marked column; an empty region is one
// column. The work is bounded by maxColumns, not by the length of the line.
func window(line string, marks []region, mark rune) (text, under string) {
	from, to := 0, len(line)
	if len(line) > maxColumns { // bytes are never fewer than columns, escapes and tabs aside
		from, to = cut(line, marks)
	}
	var t, u strings.Builder
	column := 0
	put := func(cell string, width int, marked bool) {
		t.WriteString(cell)
		column += width
		c := " "
		if marked {
			c = string(mark)
		}
		u.WriteString(strings.Repeat(c, width))
	}
	if from > 0 {
		put("…", 1, false)
	}
	i := from
	for i < to && column < maxColumns {
		cell, width, n := cellAt(line[i:], column)
		put(cell, width, marked(marks, i))
		i += n
	}
	if i < len(line) {
		put("…", 1, false)
	} else if slices.ContainsFunc(marks, func(r region) bool { return r.from == r.to && r.from >= len(line) }) {
		put(" ", 1, true) // after the end of the line
	}
	return t.String(), u.String()
}

// cut chooses the bytes of a long line to lay out: from a little before the first mark, on a rune boundary.
func cut(line string, marks []region) (from, to int) {
	if len(marks) > 0 {
		m := marks[0]
		before := maxColumns / 3
		if m.to < maxColumns-10 {
			before = m.from // all of it fits from the start
		}
		from = max(0, min(m.from, len(line))-before)
		for i := 0; i < utf8.UTFMax && from > 0 && !utf8.RuneStart(line[from:][0]); i++ {
			from--
		}
	}
	to = min(len(line), from+maxColumns*utf8.UTFMax)
	return from, to
}

func marked(marks []region, i int) bool {
	return slices.ContainsFunc(marks, func(r region) bool { return i >= r.from && (i < r.to || i == r.from && r.from == r.to) })
}

// cellAt returns what a terminal shows for the first character of s, its width in columns, and its length in bytes.
func cellAt(s string, column int) (cell string, width, n int) {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case r == '\t':
		width = tabStop - column%tabStop
		return strings.Repeat(" ", width), width, n
	case r == utf8.RuneError && n == 1:
		cell = fmt.Sprintf(`\x%02x`, s[0])
		return cell, len(cell), n
	case !unicode.IsPrint(r):
		cell = escape(r)
		return cell, len(cell), n
	case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
		return s[:n], 0, n
	case unicode.Is(wide, r):
		return s[:n], 2, n
	}
	return s[:n], 1, n
}

// escape spells a character that cannot be seen.
func escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// Clean returns a text with everything a reader cannot see spelt out: control characters, line ends, direction marks,
// zero-width characters and bytes that are not UTF-8. It is what may go to a terminal.
func Clean(s string) string {
	dirty := func(r rune, n int) bool { return r == utf8.RuneError && n == 1 || !unicode.IsPrint(r) }
	i := 0
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if dirty(r, n) {
			break
		}
		i += n
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:i])
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case dirty(r, n):
			b.WriteString(escape(r))
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// wide holds the characters that take two columns, to the precision that carets need (Unicode Standard Annex 11 has gaps
// inside these ranges that no program text uses).
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1}, {0x231a, 0x231b, 1}, {0x2329, 0x232a, 1}, {0x23e9, 0x23ec, 1}, {0x23f0, 0x23f3, 3},
		{0x25fd, 0x25fe, 1}, {0x2614, 0x2615, 1}, {0x2648, 0x2653, 1}, {0x26a1, 0x26a1, 1}, {0x26d4, 0x26d4, 1},
		{0x2705, 0x2705, 1}, {0x270a, 0x270b, 1}, {0x2728, 0x2728, 1}, {0x274c, 0x274e, 2}, {0x2753, 0x2755, 1},
		{0x2757, 0x2757, 1}, {0x2795, 0x2797, 1}, {0x2b50, 0x2b55, 5}, {0x2e80, 0x303e, 1}, {0x3041, 0xa4c6, 1},
		{0xa960, 0xa97c, 1}, {0xac00, 0xd7a3, 1}, {0xf900, 0xfaff, 1}, {0xfe10, 0xfe19, 1}, {0xfe30, 0xfe6b, 1},
		{0xff01, 0xff60, 1}, {0xffe0, 0xffe6, 1},
	},
	R32: []unicode.Range32{
		{0x16fe0, 0x18d08, 1}, {0x1aff0, 0x1b2fb, 1}, {0x1f18e, 0x1f18e, 1}, {0x1f191, 0x1f19a, 1}, {0x1f200, 0x1f265, 1},
		{0x1f300, 0x1f320, 1}, {0x1f32d, 0x1f335, 1}, {0x1f337, 0x1f37c, 1}, {0x1f37e, 0x1f393, 1}, {0x1f3a0, 0x1f3ca, 1},
		{0x1f3cf, 0x1f3d3, 1}, {0x1f3e0, 0x1f3f0, 1}, {0x1f3f4, 0x1f3f4, 1}, {0x1f3f8, 0x1f43e, 1}, {0x1f440, 0x1f440, 1},
		{0x1f442, 0x1f4fc, 1}, {0x1f4ff, 0x1f53d, 1}, {0x1f550, 0x1f567, 1}, {0x1f5fb, 0x1f64f, 1}, {0x1f680, 0x1f6c5, 1},
		{0x1f6d0, 0x1f6d7, 1}, {0x1f6eb, 0x1f6ec, 1}, {0x1f6f4, 0x1f6fc, 1}, {0x1f7e0, 0x1f7f0, 1}, {0x1f90c, 0x1f9ff, 1},
		{0x1fa70, 0x1faff, 1}, {0x20000, 0x3fffd, 1},
	},
}
