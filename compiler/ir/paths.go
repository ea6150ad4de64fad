package ir

import "strings"

// PathClass is what one segment of a path template may hold, and a literal segment beside an operator (istio-semantics 2.6).
const PathClass = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()+,;:@="

// MatchPath reports whether a path, as a proxy compares it, matches a pattern of Istio's grammar: `*` alone, at the start or
// at the end, or a template.
func MatchPath(pattern, path string) bool {
	switch {
	case strings.Contains(pattern, "{*}") || strings.Contains(pattern, "{**}"):
		return matchTemplate(pattern, path)
	case pattern == "*":
		return path != ""
	case strings.HasPrefix(pattern, "*"):
		return strings.HasSuffix(path, pattern[1:])
	case strings.HasSuffix(pattern, "*"):
		return strings.HasPrefix(path, pattern[:len(pattern)-1])
	}
	return pattern == path
}

// matchTemplate matches a template that has passed its check: whole-segment operators, nothing but literals after {**}.
func matchTemplate(pattern, path string) bool {
	for {
		i := strings.IndexByte(pattern, '{')
		if i < 0 {
			return pattern == path
		}
		rest, ok := strings.CutPrefix(path, pattern[:i])
		if !ok {
			return false
		}
		if tail, deep := strings.CutPrefix(pattern[i:], "{**}"); deep {
			middle, ok := strings.CutSuffix(rest, tail)
			return ok && strings.Trim(middle, PathClass+"/") == ""
		}
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			end = len(rest)
		}
		if end == 0 || strings.Trim(rest[:end], PathClass) != "" {
			return false
		}
		pattern, path = strings.TrimPrefix(pattern[i:], "{*}"), rest[end:]
	}
}
