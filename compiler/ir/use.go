package ir

import (
	"slices"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Use is a `use` whose expansion a statement came from.
type Use struct {
	Span  source.Span
	Outer *Use // the one that the `use` itself came from, nil for none
	Depth int  // how many there are outside
	Std   bool // of a policy of the standard library, which no author can change
}

// UsedHere is the message of a related place that led into a policy.
const UsedHere = "used here"

// usedThere is the message of a place that led another statement, which is related as well, into a policy.
const usedThere = "by this use"

// Relate adds the uses to diagnostics about a statement of a policy, the innermost first: such a diagnostic points at the
// body, and at what brought it there. Where what it says is of an argument, it points at the statement, too. A nil Use adds
// nothing.
func (u *Use) Relate(list diag.List, statement source.Span) {
	if u == nil {
		return
	}
	for i := range list {
		d := &list[i]
		if statement.File != nil && !d.Span.In(statement) && !slices.ContainsFunc(d.Related, func(r diag.Related) bool { return r.Span.In(statement) }) {
			d.Relate(statement, "the statement of the policy")
		}
		for use := u; use != nil; use = use.Outer {
			d.Relate(use.Span, UsedHere)
		}
	}
}

// And adds the uses of another statement, whose place was related last, to a diagnostic about a statement that the Use brought.
func (u *Use) And(d *diag.Diagnostic, other *Use) *diag.Diagnostic {
	if other == u {
		return d
	}
	for ; other != nil; other = other.Outer {
		d.Relate(other.Span, usedThere)
	}
	return d
}

// OfStd returns the outermost use of a policy of the standard library, which stands in a file of the author, or nil.
func (u *Use) OfStd() (outermost *Use) {
	for ; u != nil; u = u.Outer {
		if u.Std {
			outermost = u
		}
	}
	return outermost
}
