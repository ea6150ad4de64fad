package yaml

import (
	"strings"
	"unicode/utf8"
)

// style is how a scalar is written.
type style uint8

const (
	plain style = iota
	single
	double
	literal
)

// shape is what decides the style of a string.
type shape struct {
	breaks   bool // it has line breaks
	noPlain  bool // as it is it would be read as something else
	noSingle bool // single quotes cannot hold it
	noBlock  bool // a block cannot hold it
}

// safe are the characters that need no quotes anywhere in a string, but for what the string as a whole means.
var safe = func() (t [256]bool) {
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+=()$^~;<\\" {
		t[c] = true
	}
	return t
}()

// inner are those that need none after the first character, where none of space, tab and colon is.
var inner = func() (t [256]bool) {
	t = safe
	for _, c := range "-*,?[]{}&!|>'\"%@`" {
		t[c] = true
	}
	return t
}()

// quick reports whether s is of harmless characters only.
func quick(s string) bool {
	if s == "" || !safe[s[0]] || s[0] == '.' && strings.HasPrefix(s, "...") {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !inner[s[i]] {
			return false
		}
	}
	return true
}

// scalar writes a string in the style that go.yaml.in/yaml/v2 chooses. A key stays on its line.
func (w *writer) scalar(s string, key bool) {
	if quick(s) {
		w.gap()
		if implicit(s) { // none of which has a character to escape
			w.ascii(`"`)
			w.ascii(s)
			w.ascii(`"`)
			return
		}
		w.ascii(s)
		return
	}
	if !utf8.ValidString(s) {
		s = sanitise(s)
	}
	switch choose(s, key) {
	case plain:
		w.plain(s, key)
	case single:
		w.single(s, key)
	case double:
		w.double(s, key)
	case literal:
		w.literal(s)
	}
}

// sanitise replaces each byte that is not UTF-8, as encoding/json does.
func sanitise(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

func choose(s string, key bool) style {
	sh := analyse(s)
	want := plain
	switch {
	case strings.IndexByte(s, '\n') >= 0:
		want = literal
	case implicit(s):
		want = double
	}
	if key && sh.breaks || want == literal && (sh.noBlock || key) {
		return double
	}
	if want == plain && sh.noPlain {
		want = single
	}
	if want == single && sh.noSingle {
		want = double
	}
	return want
}

// simpleKey reports whether k can stand before a colon.
func simpleKey(k string) bool {
	if !utf8.ValidString(k) {
		k = sanitise(k)
	}
	return len(k) <= 128 && !analyse(k).breaks
}

// analyse looks for what a style cannot hold.
func analyse(s string) (sh shape) {
	if s == "" {
		sh.noBlock = true
		return sh
	}
	indicator := strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...")
	var breakSpace, spaceBreak, special, wasSpace, wasBreak bool
	wasBlank := true
	first, last := false, false // s begins or ends with a space or a break
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		end := i+n == len(s)
		willBlank := end || s[i+n] == ' ' || s[i+n] == '\t'
		switch r {
		case ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
			indicator = indicator || i == 0
		case '?', '-':
			indicator = indicator || i == 0 && willBlank
		case ':':
			indicator = indicator || willBlank
		case '#':
			indicator = indicator || wasBlank
		}
		special = special || !printable(r)
		space, brk := r == ' ', isBreak(r)
		if space || brk {
			first = first || i == 0
			last = last || end
		}
		if space && end {
			sh.noBlock = true
		}
		breakSpace = breakSpace || space && wasBreak
		spaceBreak = spaceBreak || brk && wasSpace
		sh.breaks = sh.breaks || brk
		wasSpace, wasBreak = space, brk
		wasBlank = space || brk || r == '\t' || r == 0
		i += n
	}
	sh.noPlain = indicator || first || last || breakSpace || spaceBreak || special || sh.breaks
	sh.noSingle = breakSpace || spaceBreak || special
	sh.noBlock = sh.noBlock || spaceBreak || special
	return sh
}

// printable tells the characters that YAML shows as they are; beyond the Basic Multilingual Plane yaml/v2 escapes them all.
func printable(r rune) bool {
	return r == '\n' || r >= ' ' && r <= '~' || r >= 0xA0 && r <= 0xFFFD && r != '\uFEFF'
}

// isBreak tells the line breaks of YAML 1.1.
func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// begin and end write the quotes of a scalar.
func (w *writer) begin(quote string) {
	w.gap()
	w.ascii(quote)
}

func (w *writer) rune(s string, n int) {
	w.dst = append(w.dst, s[:n]...)
	w.column++
}

// lineBreak copies a break as it is.
func (w *writer) lineBreak(s string, n int) {
	w.dst = append(w.dst, s[:n]...)
	w.column = 0
	w.margin = true
}

func (w *writer) plain(s string, key bool) {
	w.gap()
	w.folded(s, key, 0, len(s))
	w.blank, w.margin = false, false
}

func (w *writer) single(s string, key bool) {
	w.begin("'")
	w.folded(s, key, 1, len(s)-1)
	w.ascii("'")
}

// folded writes a plain scalar or the inside of single quotes. A line may break at spaces from lo to hi.
func (w *writer) folded(s string, key bool, lo, hi int) {
	spaces, breaks := false, false
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == ' ':
			if !key && !spaces && w.column > width && i >= lo && i < hi && !strings.HasPrefix(s[i+1:], " ") {
				w.line()
			} else {
				w.rune(s[i:], n)
			}
			spaces = true
		case isBreak(r):
			w.lineBreak(s[i:], n)
			breaks = true
		default:
			if breaks {
				w.line()
			}
			if r == '\'' && lo > 0 {
				w.rune("'", 1)
			}
			w.rune(s[i:], n)
			w.margin = false
			spaces, breaks = false, false
		}
		i += n
	}
}

func (w *writer) double(s string, key bool) {
	w.begin(`"`)
	spaces := false
	bom := strings.HasPrefix(s, "\uFEFF") // yaml/v2 then escapes every character
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case bom || !printable(r) || isBreak(r) || r == '"' || r == '\\':
			before := len(w.dst)
			w.dst = appendEscape(w.dst, r)
			w.column += len(w.dst) - before
			spaces = false
		case r == ' ':
			if !key && !spaces && w.column > width && i > 0 && i < len(s)-1 {
				w.line()
				if s[i+1] == ' ' {
					w.rune(`\`, 1)
				}
			} else {
				w.rune(s[i:], n)
			}
			spaces = true
		default:
			w.rune(s[i:], n)
			spaces = false
		}
		i += n
	}
	w.ascii(`"`)
}

const upper = "0123456789ABCDEF"

// appendEscape appends an escape sequence for r.
func appendEscape(dst []byte, r rune) []byte {
	dst = append(dst, '\\')
	switch r {
	case 0:
		return append(dst, '0')
	case '\a':
		return append(dst, 'a')
	case '\b':
		return append(dst, 'b')
	case '\t':
		return append(dst, 't')
	case '\n':
		return append(dst, 'n')
	case '\v':
		return append(dst, 'v')
	case '\f':
		return append(dst, 'f')
	case '\r':
		return append(dst, 'r')
	case 0x1B:
		return append(dst, 'e')
	case '"', '\\':
		return append(dst, byte(r))
	case 0x85:
		return append(dst, 'N')
	case 0xA0:
		return append(dst, '_')
	case 0x2028:
		return append(dst, 'L')
	case 0x2029:
		return append(dst, 'P')
	}
	digits := 8
	switch {
	case r <= 0xFF:
		dst, digits = append(dst, 'x'), 2
	case r <= 0xFFFF:
		dst, digits = append(dst, 'u'), 4
	default:
		dst = append(dst, 'U')
	}
	for k := (digits - 1) * 4; k >= 0; k -= 4 {
		dst = append(dst, upper[r>>k&15])
	}
	return dst
}

// literal writes lines as they are, below the key.
func (w *writer) literal(s string) {
	w.begin("|")
	if first, _ := utf8.DecodeRuneInString(s); first == ' ' || isBreak(first) {
		w.ascii("2")
	}
	last, n := utf8.DecodeLastRuneInString(s)
	if !isBreak(last) {
		w.ascii("-")
	} else if before, _ := utf8.DecodeLastRuneInString(s[:len(s)-n]); len(s) == n || isBreak(before) {
		w.ascii("+")
	}
	w.dst = append(w.dst, '\n')
	w.column = 0
	w.blank, w.margin = true, true
	breaks := true
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if isBreak(r) {
			w.lineBreak(s[i:], n)
			breaks = true
		} else {
			if breaks {
				w.line()
			}
			w.rune(s[i:], n)
			w.margin = false
			breaks = false
		}
		i += n
	}
}
