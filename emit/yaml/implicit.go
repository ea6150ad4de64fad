package yaml

import (
	"strconv"
	"strings"
)

// implicit reports whether a YAML 1.1 reader would take a plain s for something other than a string: null, a boolean, a
// number, a date.
func implicit(s string) bool {
	if s == "" {
		return true
	}
	switch c := s[0]; {
	case strings.IndexByte("yYnNtTfFoO~", c) >= 0:
		return word(s)
	case c == '.':
		if word(s) {
			return true
		}
		return numeric(s) && isFloat(s)
	case c >= '0' && c <= '9' || c == '+' || c == '-':
		return word(s) || timestamp(s) || number(s) || sexagesimal(s)
	}
	return false
}

func word(s string) bool {
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
		"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
		"~", "null", "Null", "NULL",
		".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
		return true
	}
	return false
}

// numeric reports whether s can be a number at all, which spares the errors of strconv.
func numeric(s string) bool {
	dots := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9' || c == '_' || c == '+' || c == '-':
		case strings.IndexByte("abcdefABCDEFoOxXpPinyINTYt", c) >= 0:
		case c == '.':
			dots++
		default:
			return false
		}
	}
	return dots <= 1
}

func isFloat(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func number(s string) bool {
	if !numeric(s) {
		return false
	}
	if strings.IndexByte(s, '_') >= 0 {
		s = strings.ReplaceAll(s, "_", "")
	}
	if _, err := strconv.ParseInt(s, 0, 64); err == nil {
		return true
	}
	if _, err := strconv.ParseUint(s, 0, 64); err == nil {
		return true
	}
	if decimal(s) && isFloat(s) {
		return true
	}
	if rest, ok := strings.CutPrefix(s, "0b"); ok { // where a sign may follow
		if _, err := strconv.ParseInt(rest, 2, 64); err == nil {
			return true
		}
		_, err := strconv.ParseUint(rest, 2, 64)
		return err == nil
	}
	if rest, ok := strings.CutPrefix(s, "-0b"); ok {
		_, err := strconv.ParseInt("-"+rest, 2, 64)
		return err == nil
	}
	return false
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

// decimal matches [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
func decimal(s string) bool {
	n, s := digits(sign(s))
	if s != "" && s[0] == '.' {
		m, rest := digits(s[1:])
		if n == 0 && m == 0 {
			return false
		}
		n, s = n+m, rest
	}
	if n == 0 {
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
