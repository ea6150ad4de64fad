package ir

import "strings"

// Meets reports whether a caller may be of both: it is false only where that can be read off the text.
func (x Source) Meets(y Source) bool {
	switch {
	case x.Kind == Anyone || y.Kind == Anyone:
		return true
	case x.Kind == Plaintext || y.Kind == Plaintext:
		return x.Kind == y.Kind
	case x.Kind != Principal || y.Kind != Principal:
		return true
	}
	// Istio rewrites the trust domain of a principal to each alias of the mesh's own, so two that differ in it may be one.
	_, a, oka := strings.Cut(x.Value, "/")
	_, b, okb := strings.Cut(y.Value, "/")
	return !oka || !okb || x.Value[0] == '*' || y.Value[0] == '*' || MeetPatterns(a, b)
}

// MeetPatterns reports whether a string may match two patterns: exact, with a wildcard, or a template. It is false only where
// what stands before their wildcards differs.
func MeetPatterns(a, b string) bool {
	i, j := strings.IndexAny(a, "*{"), strings.IndexAny(b, "*{")
	switch {
	case i < 0 && j < 0:
		return a == b
	case i < 0:
		return strings.HasPrefix(a, b[:j])
	case j < 0:
		return strings.HasPrefix(b, a[:i])
	}
	return strings.HasPrefix(a[:i], b[:j]) || strings.HasPrefix(b[:j], a[:i])
}
