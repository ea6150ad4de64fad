package ir

import (
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Use is a `use` whose expansion a statement came from.
type Use struct {
	Span  source.Span
	Outer *Use // the one that the `use` itself came from, nil for none
	Depth int  // how many there are outside
}

// UsedHere is the message of a related place that led into a policy.
const UsedHere = "used here"

// Relate adds the uses to diagnostics about a statement of a policy, the innermost first: such a diagnostic points at the
// body, and at what brought it there. A nil Use adds nothing.
func (u *Use) Relate(list diag.List) {
	for ; u != nil; u = u.Outer {
		for i := range list {
			list[i].Relate(u.Span, UsedHere)
		}
	}
}
