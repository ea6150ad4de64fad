package yaml

import "strings"

// timestamp reports whether s is a date, or a date and a time, in the forms that yaml/v2 hands to time.Parse:
//
//	2006-1-2T15:4:5.999999999Z07:00    with T or t
//	2006-1-2 15:4:5.999999999
//	2006-1-2
func timestamp(s string) bool {
	n, rest := digits(s)
	if n != 4 || rest == "" || rest[0] != '-' {
		return false
	}
	year := int(s[0]-'0')*1000 + int(s[1]-'0')*100 + int(s[2]-'0')*10 + int(s[3]-'0')
	month, rest, ok := pair(rest[1:])
	if !ok || month < 1 || month > 12 || rest == "" || rest[0] != '-' {
		return false
	}
	day, rest, ok := pair(rest[1:])
	if !ok || day < 1 || day > daysIn(year, month) {
		return false
	}
	if rest == "" {
		return true
	}
	switch rest[0] {
	case ' ':
		rest, ok = clock(strings.TrimLeft(rest, " "))
		return ok && rest == ""
	case 'T', 't':
		rest, ok = clock(rest[1:])
		return ok && zone(rest)
	}
	return false
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// pair cuts a number of one or two digits.
func pair(s string) (v int, rest string, ok bool) {
	n, _ := digits(s)
	switch n {
	case 0:
		return 0, s, false
	case 1:
		return int(s[0] - '0'), s[1:], true
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), s[2:], true
}

// clock cuts a time of day.
func clock(s string) (rest string, ok bool) {
	for i, limit := range [...]int{24, 60, 60} {
		if i > 0 {
			if s == "" || s[0] != ':' {
				return s, false
			}
			s = s[1:]
		}
		v, rest, ok := pair(s)
		if !ok || v >= limit {
			return s, false
		}
		s = rest
	}
	if s != "" && (s[0] == '.' || s[0] == ',') {
		if n, rest := digits(s[1:]); n > 0 {
			s = rest
		}
	}
	return s, true
}

// zone reports whether s is a time zone.
func zone(s string) bool {
	if s == "Z" {
		return true
	}
	if len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return false
	}
	h, a, ok1 := pair(s[1:3])
	m, b, ok2 := pair(s[4:6])
	return ok1 && ok2 && a == "" && b == "" && h <= 24 && m <= 60
}
