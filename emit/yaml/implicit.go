package yaml

import "strings"

// implicit reports whether some reader of YAML 1.1 or 1.2 would take a plain s for something other than a string: null, a
// boolean, a number, a date, or one of the keys << and =. Kubernetes reads fewer strings so (as yaml/v2 does) than PyYAML and
// others, whose number may have underscores alone behind its 0x, and whose date may have any month.
func implicit(s string) bool {
	if s == "" {
		return true
	}
	switch c := s[0]; {
	case strings.IndexByte("yYnNtTfFoO~<=", c) >= 0:
		return word(s)
	case c == '.' || c == '+' || c == '-':
		return word(s) || number(s) || sexagesimal(s)
	case c >= '0' && c <= '9':
		return number(s) || sexagesimal(s) || timestamp(s)
	}
	return false
}

func word(s string) bool {
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
		"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
		"~", "null", "Null", "NULL", "<<", "=",
		".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
		return true
	}
	return false
}

// number matches, wherever underscores may stand in it:
//
//	[-+]?0[bB][-+]?[01]*
//	[-+]?0[oO][0-7]*
//	[-+]?0[xX][0-9a-fA-F]*
//	[-+]?([0-9]+\.?|[0-9]*\.[0-9]*)([eE][-+]?[0-9]+)?
func number(s string) bool {
	if strings.IndexByte(s, '_') >= 0 {
		s = strings.ReplaceAll(s, "_", "")
	}
	s = sign(s)
	if len(s) > 1 && s[0] == '0' {
		switch s[1] {
		case 'b', 'B':
			return strings.Trim(sign(s[2:]), "01") == ""
		case 'o', 'O':
			return strings.Trim(s[2:], "01234567") == ""
		case 'x', 'X':
			return strings.Trim(s[2:], "0123456789abcdefABCDEF") == ""
		}
	}
	n, s := digits(s)
	point := s != "" && s[0] == '.'
	if point {
		_, s = digits(s[1:])
	}
	if n == 0 && !point {
		return false
	}
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	n, s = digits(sign(s[1:]))
	return n > 0 && s == ""
}

// digits cuts leading digits.
func digits(s string) (n int, rest string) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n, s[n:]
}

func sign(s string) string {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		return s[1:]
	}
	return s
}

// sexagesimal matches [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
func sexagesimal(s string) bool {
	s = sign(s)
	if s == "" || s[0] < '0' || s[0] > '9' {
		return false
	}
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '_') {
		i++
	}
	s = s[i:]
	if s == "" || s[0] != ':' {
		return false
	}
	for s != "" && s[0] == ':' {
		n, rest := digits(s[1:])
		if n == 0 || n > 2 || n == 2 && s[1] > '5' {
			return false
		}
		s = rest
	}
	if s == "" {
		return true
	}
	return s[0] == '.' && strings.Trim(s[1:], "0123456789_") == ""
}
