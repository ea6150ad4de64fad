package sem

import (
	"maps"
	"slices"
)

// Ladder is what decides about requests to one destination on one chain, part by part, so that two ladders with equal parts
// stay equal beside anything that others add: the order is Custom, Deny, Allow, and then the default.
type Ladder struct {
	Custom map[string]*Expr // by provider: the requests that it is asked about
	Deny   *Expr
	Allow  *Expr
	Audit  *Expr // of no consequence
	Closed bool  // what Allow does not name is refused
}

// Passes holds for the requests that pass. The answer of a provider is an attribute of the request.
func (l *Ladder) Passes() *Expr {
	parts := []*Expr{Not(l.Deny)}
	for _, name := range slices.Sorted(maps.Keys(l.Custom)) {
		parts = append(parts, Or(Not(l.Custom[name]), Says(name)))
	}
	if l.Closed {
		parts = append(parts, l.Allow)
	}
	return And(parts...)
}

// Says holds where an external authorizer consents.
func Says(provider string) *Expr {
	return Is(Matcher{Attr: Attr{Kind: Answer, Name: provider}, Parts: [3]Pattern{{Op: Exact, Text: "yes"}}})
}
