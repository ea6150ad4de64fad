package scan

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// StringError says what is wrong inside a string.
type StringError struct {
	Start, End int    // offsets in the raw string
	Message    string // in the style of diagnostics
	Fix        string // what to write there instead, or ""
}

func (e *StringError) Error() string { return e.Message }

// Unquote returns the value of a String token: JSON's rules, strictly. The value shares the text's memory when nothing is
// escaped. On error the value is what could be read.
func Unquote(raw string) (string, *StringError) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return "", &StringError{0, len(raw), "string is not closed", ""}
	}
	in := raw[1 : len(raw)-1]
	plain := true
	for i := 0; i < len(in); i++ {
		if c := in[i]; c < ' ' || c == '\\' || c == '"' || c >= 0x80 {
			plain = false
			break
		}
	}
	if plain {
		return in, nil
	}
	return unquote(raw, in)
}

func unquote(raw, in string) (string, *StringError) {
	var first *StringError
	fail := func(start, end int, fix, format string, args ...any) {
		if first == nil {
			first = &StringError{start + 1, end + 1, fmt.Sprintf(format, args...), fix}
		}
	}
	if strings.IndexByte(in, '\\') < 0 && strings.IndexByte(in, '\t') < 0 && utf8.ValidString(in) && printable(in) {
		return in, nil
	}
	var b strings.Builder
	for i := 0; i < len(in); {
		c := in[i]
		switch {
		case c == '"':
			fail(i, i+1, `\"`, "quote inside a string")
			i++
		case c < ' ':
			fail(i, i+1, escape(rune(c)), "control character in a string")
			b.WriteByte(c)
			i++
		case c >= 0x80:
			r, n := utf8.DecodeRuneInString(in[i:])
			if r == utf8.RuneError && n == 1 {
				fail(i, i+1, "", "byte that is not UTF-8")
			}
			b.WriteString(in[i : i+n])
			i += n
		case c != '\\':
			b.WriteByte(c)
			i++
		case i+1 == len(in):
			fail(i, i+1, `\\`, "string ends in a backslash")
			i++
		case in[i+1] == 'u':
			r, n := hex4(in[i:])
			if n == 0 {
				fail(i, min(len(in), i+6), "", `\u takes four hexadecimal digits`)
				i += 2
				continue
			}
			if r >= 0xd800 && r < 0xe000 {
				lo, m := hex4(in[i+n:])
				if r >= 0xdc00 || m == 0 || lo < 0xdc00 || lo >= 0xe000 {
					fail(i, i+n, "", "%q is half of a surrogate pair, which is no character", in[i:i+n])
					i += n
					continue
				}
				r = 0x10000 + (r-0xd800)<<10 + lo - 0xdc00
				n += m
			}
			b.WriteRune(r)
			i += n
		default:
			k := strings.IndexByte(`"\/bfnrt`, in[i+1])
			if k < 0 {
				_, n := utf8.DecodeRuneInString(in[i+1:])
				fail(i, i+1+n, `\\`+in[i+1:i+1+n], "%q is no escape of a string: those are %s", in[i:i+1+n], `\" \\ \/ \b \f \n \r \t \uXXXX`)
				i += 1 + n
				continue
			}
			b.WriteByte("\"\\/\b\f\n\r\t"[k])
			i += 2
		}
	}
	return b.String(), first
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == '"' {
			return false
		}
	}
	return true
}

// hex4 reads \uXXXX at the start of s; n is 0 where there is none.
func hex4(s string) (r rune, n int) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, 0
	}
	for i := 2; i < 6; i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, 0
		}
		r = r<<4 | rune(c)
	}
	return r, 6
}

// Quote returns a value as a string of the language. What a reader cannot see is escaped, and bytes that are not UTF-8
// become U+FFFD.
func Quote(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(value); {
		r, n := utf8.DecodeRuneInString(value[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || hidden(r) != "":
			b.WriteString(escape(r))
		default:
			b.WriteRune(r)
		}
		i += n
	}
	b.WriteByte('"')
	return b.String()
}

// escape returns the escape of a character in a string.
func escape(r rune) string {
	switch r {
	case '\b':
		return `\b`
	case '\f':
		return `\f`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	if r > 0xffff {
		r -= 0x10000
		return fmt.Sprintf(`\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// Hidden is something in a text that a reader cannot see.
type Hidden struct {
	Start, End int
	What       string // "byte order mark", "control character", ...
	Escape     string // how a string writes it; "" for bytes that are not UTF-8
}

// NextHidden returns the first thing at or after an offset that a reader cannot see; ok is false where there is none.
// Tabs, newlines and CRLF are seen.
func NextHidden(text string, from int) (h Hidden, ok bool) {
	for i := from; i < len(text); {
		for len(text)-i >= 8 && printable8(binary.LittleEndian.Uint64([]byte(text[i:i+8]))) {
			i += 8
		}
		if i == len(text) {
			break
		}
		c := text[i]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\t' {
			i++
			continue
		}
		if c == '\r' {
			if i+1 < len(text) && text[i+1] == '\n' {
				i += 2
				continue
			}
			return Hidden{i, i + 1, "carriage return without a newline", `\r`}, true
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			return Hidden{i, i + 1, "byte that is not UTF-8", ""}, true
		}
		if what := hidden(r); what != "" {
			return Hidden{i, i + n, what, escape(r)}, true
		}
		i += n
	}
	return Hidden{}, false
}

// printable8 reports whether eight bytes are printable ASCII and newlines, all at once.
func printable8(x uint64) bool {
	const ones, low, high = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f, 0x8080808080808080
	line := x ^ '\n'*ones
	line = ^((line&low + low) | line | low) // the high bit of each newline
	x |= line >> 2                          // which is taken for a character above the space
	below := (x - ' '*ones) &^ x            // the high bit is set in some byte, if one is less than a space
	return (x|(x+ones)|below)&high == 0
}

// hidden names a character that a reader cannot see; it is "" for all others, and for tab, newline and carriage return.
func hidden(r rune) string {
	switch {
	case r == '\t' || r == '\n' || r == '\r':
		return ""
	case r < ' ' || r >= 0x7f && r < 0xa0:
		if r == 0x85 {
			return "line end"
		}
		return "control character"
	case r < 0xad:
		return ""
	case r == 0xad:
		return "soft hyphen"
	case r == 0x2028 || r == 0x2029:
		return "line end"
	case r == 0x61c || r == 0x200e || r == 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
		return "direction mark"
	case r == 0xfeff:
		return "byte order mark"
	case r >= 0x200b && r <= 0x200d || r >= 0x2060 && r <= 0x2064 || r == 0x180e || r == 0x115f || r == 0x1160 || r == 0x3164 || r == 0xffa0:
		return "character of no width"
	case r >= 0xfff9 && r <= 0xfffb || r >= 0xe0000 && r <= 0xe0fff:
		return "invisible mark"
	}
	return ""
}
