package yaml

import "strings"

// timestamp matches a date, or a date and a time. No number is held to its range: 2001-13-45 is a date to PyYAML, which then
// fails on it.
//
//	[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}
//	the date, then ([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}([.,][0-9]*)?
//	both, then [ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{1,2})?)
func timestamp(s string) bool {
	n, s := digits(s)
	if n != 4 {
		return false
	}
	for range 2 {
		if s, n = part(s, '-'); n == 0 {
			return false
		}
	}
	if s == "" {
		return true
	}
	switch s[0] {
	case 'T', 't':
		s = s[1:]
	case ' ', '\t':
		s = strings.TrimLeft(s, " \t")
	default:
		return false
	}
	return clock(s)
}

// part cuts c and the one or two digits behind it: n are 0 where those are not there.
func part(s string, c byte) (rest string, n int) {
	if s == "" || s[0] != c {
		return s, 0
	}
	n, rest = digits(s[1:])
	if n > 2 {
		return s, 0
	}
	return rest, n
}

// clock matches a time of day, with its zone if it has one.
func clock(s string) bool {
	n, s := digits(s)
	if n < 1 || n > 2 {
		return false
	}
	for range 2 {
		if s, n = part(s, ':'); n == 0 {
			return false
		}
	}
	if s != "" && (s[0] == '.' || s[0] == ',') {
		_, s = digits(s[1:])
	}
	if s == "" {
		return true
	}
	s = strings.TrimLeft(s, " \t")
	if s == "Z" {
		return true
	}
	rest, n := part(s, '+')
	if n == 0 {
		rest, n = part(s, '-')
	}
	if n > 0 && rest != "" {
		rest, n = part(rest, ':')
	}
	return n > 0 && rest == ""
}
