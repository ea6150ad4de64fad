package yaml

import "unicode/utf8"

// entryJSON begins an entry of a mapping or a list.
func (w *writer) entryJSON() {
	if !w.empty {
		w.dst = append(w.dst, ',')
	}
	w.empty = false
	w.lineJSON()
}

func (w *writer) closeJSON(bracket byte) {
	if !w.empty {
		w.lineJSON()
	}
	w.dst = append(w.dst, bracket)
}

func (w *writer) lineJSON() {
	w.dst = append(w.dst, '\n')
	for range w.indent {
		w.dst = append(w.dst, ' ')
	}
}

const hex = "0123456789abcdef"

// appendQuoted appends s as json.Marshal does, which is safe inside HTML too.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			i++
			switch {
			case c == '"' || c == '\\':
				dst = append(dst, '\\', c)
			case c == '\n':
				dst = append(dst, `\n`...)
			case c == '\r':
				dst = append(dst, `\r`...)
			case c == '\t':
				dst = append(dst, `\t`...)
			case c == '\b':
				dst = append(dst, `\b`...)
			case c == '\f':
				dst = append(dst, `\f`...)
			case c < ' ' || c == '<' || c == '>' || c == '&':
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			default:
				dst = append(dst, c)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, `\ufffd`...)
		case r == '\u2028' || r == '\u2029':
			dst = append(dst, '\\', 'u', '2', '0', '2', hex[r&15])
		default:
			dst = append(dst, s[i:i+n]...)
		}
		i += n
	}
	return append(dst, '"')
}
