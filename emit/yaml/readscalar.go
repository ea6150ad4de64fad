package yaml

import (
	"strings"
	"unicode/utf8"
)

// scalar reads a string in any style, up to the end of its line; indent is where its further lines start.
func (r *reader) scalar(indent int) (s string) {
	if r.pos >= len(r.src) {
		r.fail("a string is expected at the end of the text")
		return ""
	}
	switch r.src[r.pos] {
	case '"':
		s = r.double(indent)
	case '\'':
		s = r.single(indent)
	case '|':
		return r.block(indent)
	default:
		return r.plain(indent)
	}
	if !r.literal("\n") {
		r.fail("the line does not end after the string in %s", r.here())
	}
	return s
}

// line cuts the rest of the line.
func (r *reader) line() string {
	n := strings.IndexByte(r.src[r.pos:], '\n')
	if n < 0 {
		r.fail("the last line has no end")
		return ""
	}
	s := r.src[r.pos : r.pos+n]
	r.pos += n + 1
	return s
}

func (r *reader) plain(indent int) string {
	s := r.line()
	if !r.indented(indent) || len(s) == 0 || r.err != nil {
		return s
	}
	var b strings.Builder
	b.WriteString(s)
	for r.err == nil && r.indented(indent) {
		r.pos += indent
		b.WriteByte(' ')
		b.WriteString(r.line())
	}
	return b.String()
}

// fold skips a line break in a quoted string, which stands for a space. A key has none: its indent is negative.
func (r *reader) fold(indent int) bool {
	if indent < 0 || !r.literal("\n") || !r.indented(indent) {
		r.fail("the string has no end")
		return false
	}
	r.pos += indent
	return true
}

// wideBreak is the length of one of the two line breaks that stay as they are, U+2028 and U+2029.
func wideBreak(s string) int {
	if strings.HasPrefix(s, "\u2028") || strings.HasPrefix(s, "\u2029") {
		return 3
	}
	return 0
}

func (r *reader) single(indent int) string {
	r.pos++
	if n := strings.IndexAny(r.src[r.pos:], "'\n\u2028\u2029"); n >= 0 && r.src[r.pos+n] == '\'' &&
		!strings.HasPrefix(r.src[r.pos+n+1:], "'") {
		s := r.src[r.pos : r.pos+n]
		r.pos += n + 1
		return s
	}
	var b strings.Builder
	for r.pos < len(r.src) {
		switch c := r.src[r.pos]; {
		case r.literal("''"):
			b.WriteByte('\'')
		case c == '\'':
			r.pos++
			return b.String()
		case c == '\n':
			if !r.fold(indent) {
				return ""
			}
			b.WriteByte(' ')
		case wideBreak(r.src[r.pos:]) > 0:
			b.WriteString(r.src[r.pos : r.pos+3])
			r.pos += 3
			if indent > 0 && r.indented(indent) {
				r.pos += indent
			}
		default:
			b.WriteByte(c)
			r.pos++
		}
	}
	r.fail("the string has no end")
	return ""
}

func (r *reader) double(indent int) string {
	r.pos++
	if n := strings.IndexAny(r.src[r.pos:], "\"\\\n"); n >= 0 && r.src[r.pos+n] == '"' {
		s := r.src[r.pos : r.pos+n]
		r.pos += n + 1
		return s
	}
	var b strings.Builder
	for r.pos < len(r.src) {
		switch c := r.src[r.pos]; c {
		case '"':
			r.pos++
			return b.String()
		case '\\':
			r.pos++
			v, ok := r.escape()
			if !ok {
				r.fail("no escape sequence that ztc writes in %s", r.here())
				return ""
			}
			b.WriteRune(v)
		case '\n':
			if !r.fold(indent) {
				return ""
			}
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
			r.pos++
		}
	}
	r.fail("the string has no end")
	return ""
}

var escapes = map[byte]rune{
	'0': 0, 'a': '\a', 'b': '\b', 't': '\t', 'n': '\n', 'v': '\v', 'f': '\f', 'r': '\r', 'e': 0x1B, '"': '"', '\\': '\\', ' ': ' ',
	'N': 0x85, '_': 0xA0, 'L': 0x2028, 'P': 0x2029,
}

// escape reads what follows a backslash.
func (r *reader) escape() (rune, bool) {
	if r.pos >= len(r.src) {
		return 0, false
	}
	c := r.src[r.pos]
	r.pos++
	if v, ok := escapes[c]; ok {
		return v, true
	}
	n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if n == 0 || len(r.src)-r.pos < n {
		return 0, false
	}
	var v uint32
	for _, d := range []byte(r.src[r.pos : r.pos+n]) {
		k := strings.IndexByte(upper, d)
		if k < 0 {
			return 0, false
		}
		v = v<<4 | uint32(k)
	}
	r.pos += n
	return rune(v), v <= utf8.MaxRune && utf8.ValidRune(rune(v))
}

// block reads a literal block scalar.
func (r *reader) block(indent int) string {
	r.pos++
	r.literal("2")
	strip := r.literal("-")
	if !strip {
		r.literal("+")
	}
	if !r.literal("\n") {
		r.fail("no block that ztc writes in %s", r.here())
		return ""
	}
	var b strings.Builder
	for r.pos < len(r.src) {
		rest := r.src[r.pos:]
		if n := max(wideBreak(rest), len(rest)-len(strings.TrimPrefix(rest, "\n"))); n > 0 {
			b.WriteString(rest[:n])
			r.pos += n
			continue
		}
		if !r.indented(indent) {
			break
		}
		r.pos += indent
		n := strings.IndexAny(r.src[r.pos:], "\n\u2028\u2029")
		if n < 0 {
			r.fail("the last line has no end")
			return ""
		}
		b.WriteString(r.src[r.pos : r.pos+n])
		r.pos += n
	}
	if strip {
		return strings.TrimSuffix(b.String(), "\n")
	}
	return b.String()
}
