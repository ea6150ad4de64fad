package check

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
)

// passing says what lets a request past a deny.
type passing struct {
	nothing bool     // its target is closed, and no allow does
	allow   *ir.Rule // nil where the target is open, or more was to be looked at than is worth while
	open    bool
}

// passes finds what lets a request to a target pass, of some callers and an operation: one of the allows. Paths, hosts and
// tokens are for admits to look at. What cannot be told passes.
func (c *checker) passes(t *ir.Target, callers *ir.Sources, op *ir.Operation, allows *ruleIndex, admits func(*ir.Rule, *ir.Entry) bool) passing {
	if !c.closed().Any(t) {
		return passing{open: true}
	}
	for i := range allows.near(t) {
		a := allows.rules[i]
		if !c.spend(1) {
			return passing{}
		}
		if !meets(a.Target, t) || !c.meetCallers(a.Sources, callers) {
			continue
		}
		for j := range a.Entries {
			if e := &a.Entries[j]; meetOn(a.Target, t, &e.Op, op) && admits(a, e) {
				return passing{allow: a}
			}
		}
	}
	return passing{nothing: true}
}

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
		if slices.ContainsFunc(b.Any, func(y ir.Source) bool { return x.Meets(y) }) {
			return true
		}
	}
	return false
}

func hasIdentity(k ir.SourceKind) bool { return k != ir.Anyone && k != ir.Plaintext }

// includesSource reports whether every caller of y is one of x, where that can be read off the text.
func includesSource(x, y ir.Source) bool {
	switch {
	case x.Kind == ir.Anyone, x.Kind == y.Kind && x.Value == y.Value:
		return true
	case x.Kind == ir.Authenticated:
		return hasIdentity(y.Kind)
	case x.Kind == ir.Principal && y.Kind == ir.Principal:
		start, cut := strings.CutSuffix(x.Value, "*")
		return cut && strings.HasPrefix(y.Value, start)
	}
	return false
}

// meetOperations reports whether a request may be of both operations, paths and hosts aside.
func meetOperations(a, b *ir.Operation) bool {
	if a.Speaks == ir.TCPTraffic && b.HTTP() || b.Speaks == ir.TCPTraffic && a.HTTP() {
		return false
	}
	return meetLists(a.Methods, b.Methods, equal) && meetLists(a.Ports, b.Ports, equal)
}

// meetOn reports whether a request to two targets may be of an operation on each, paths and hosts aside. Where one is of HTTP, none
// is seen on a port that speaks TCP.
func meetOn(s, t *ir.Target, a, b *ir.Operation) bool {
	x, y := onPort(s, a), onPort(t, b)
	if !meetOperations(&x, &y) {
		return false
	}
	w := t.Workload
	if w == nil {
		w = s.Workload
	}
	if w == nil || !a.HTTP() && !b.HTTP() || len(x.Ports)+len(y.Ports) == 0 {
		return true
	}
	both := y.Ports
	if len(x.Ports) > 0 {
		both = slices.DeleteFunc(slices.Clone(x.Ports), func(n int) bool { return len(y.Ports) > 0 && !slices.Contains(y.Ports, n) })
	}
	return slices.ContainsFunc(both, func(n int) bool { p := w.Port(n); return p == nil || p.Protocol != ir.TCP })
}

// onPort is an operation on the port of a target, where that has one.
func onPort(t *ir.Target, op *ir.Operation) ir.Operation {
	out := *op
	if t.Port != 0 {
		out.Ports = []int{t.Port}
	}
	return out
}

func equal[T comparable](a, b T) bool { return a == b }

// meetLists compares two lists of alternatives; an empty one is no test. Long lists are not searched.
func meetLists[T any](a, b []T, meet func(a, b T) bool) bool {
	return len(a) == 0 || len(b) == 0 || len(a)*len(b) > 1024 ||
		slices.ContainsFunc(a, func(x T) bool { return slices.ContainsFunc(b, func(y T) bool { return meet(x, y) }) })
}
