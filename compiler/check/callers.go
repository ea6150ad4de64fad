package check

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
)

// meetCallers reports whether a caller of a, tokens and addresses aside, may be one of b. It is false only where that can be
// read off the sources.
func (c *checker) meetCallers(a, b *ir.Sources) bool {
	if !c.spend(len(a.Any) * (len(a.Except) + len(b.Except) + len(b.Any))) {
		return true
	}
	for _, x := range a.Any {
		out := func(y ir.Source) bool { return includesSource(y, x) }
		if slices.ContainsFunc(a.Except, out) || slices.ContainsFunc(b.Except, out) {
			continue
		}
		if slices.ContainsFunc(b.Any, func(y ir.Source) bool { return meetSources(x, y) }) {
			return true
		}
	}
	return false
}

func identity(k ir.SourceKind) bool { return k != ir.Anyone && k != ir.Plaintext }

// includesSource reports whether every caller of y is one of x, where that can be read off the text.
func includesSource(x, y ir.Source) bool {
	switch {
	case x.Kind == ir.Anyone, x.Kind == y.Kind && x.Value == y.Value:
		return true
	case x.Kind == ir.Authenticated:
		return identity(y.Kind)
	case x.Kind == ir.Principal && y.Kind == ir.Principal:
		start, cut := strings.CutSuffix(x.Value, "*")
		return cut && strings.HasPrefix(y.Value, start)
	}
	return false
}

// meetSources reports whether a caller may be of both.
func meetSources(x, y ir.Source) bool {
	switch {
	case x.Kind == ir.Anyone || y.Kind == ir.Anyone:
		return true
	case x.Kind == ir.Plaintext || y.Kind == ir.Plaintext:
		return x.Kind == y.Kind
	case x.Kind != ir.Principal || y.Kind != ir.Principal || strings.HasPrefix(x.Value, "*") || strings.HasPrefix(y.Value, "*"):
		return true
	}
	// Istio rewrites the trust domain of a principal to each alias of the mesh's own, so two that differ in it may be one.
	_, a, oka := strings.Cut(x.Value, "/")
	_, b, okb := strings.Cut(y.Value, "/")
	if !oka || !okb {
		return true
	}
	starta, opena := strings.CutSuffix(a, "*")
	startb, openb := strings.CutSuffix(b, "*")
	return a == b || opena && strings.HasPrefix(startb, starta) || openb && strings.HasPrefix(starta, startb)
}

// meetOperations reports whether a request may be of both operations, paths and hosts aside.
func meetOperations(a, b *ir.Operation) bool {
	if a.Speaks == ir.TCPTraffic && b.HTTP() || b.Speaks == ir.TCPTraffic && a.HTTP() {
		return false
	}
	return meetLists(a.Methods, b.Methods) && meetLists(a.Ports, b.Ports)
}

// meetLists compares two lists of exact values; an empty one is no test. Long lists are not searched.
func meetLists[T comparable](a, b []T) bool {
	return len(a) == 0 || len(b) == 0 || len(a)*len(b) > 4096 || slices.ContainsFunc(a, func(x T) bool { return slices.Contains(b, x) })
}
