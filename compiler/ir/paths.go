package ir

import (
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
)

// MatchPath reports whether a path, as a proxy compares it, matches a pattern of Istio's grammar: `*` alone, at the start or
// at the end, or a template.
func MatchPath(pattern, path string) bool {
	switch {
	case strings.Contains(pattern, "{*}") || strings.Contains(pattern, "{**}"):
		return sem.MatchTemplate(pattern, path)
	case pattern == "*":
		return path != ""
	case strings.HasPrefix(pattern, "*"):
		return strings.HasSuffix(path, pattern[1:])
	case strings.HasSuffix(pattern, "*"):
		return strings.HasPrefix(path, pattern[:len(pattern)-1])
	}
	return pattern == path
}
