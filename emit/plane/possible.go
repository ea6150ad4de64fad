package plane

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
)

// Possible holds for the requests that there can be, where attributes of them depend on each other: metadata is a string or a
// list, and a claim with claims in it is neither.
func Possible(attrs map[sem.Attr]bool) *sem.Expr {
	var both [][2]sem.Attr
	for _, a := range slices.SortedFunc(maps.Keys(attrs), func(a, b sem.Attr) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) }) {
		switch a.Kind {
		case sem.MetadataList:
			if s := (sem.Attr{Kind: sem.Metadata, Name: a.Name}); attrs[s] {
				both = append(both, [2]sem.Attr{s, a})
			}
		case sem.Claim:
			for i := range a.Name {
				if outer := (sem.Attr{Kind: sem.Claim, Name: a.Name[:i]}); strings.HasPrefix(a.Name[i:], "][") && attrs[outer] {
					both = append(both, [2]sem.Attr{outer, a})
				}
			}
		}
	}
	parts := make([]*sem.Expr, len(both))
	for i, b := range both {
		there := func(a sem.Attr) *sem.Expr { return is(a, sem.Pattern{Op: sem.Present}) }
		parts[i] = sem.Not(sem.And(there(b[0]), there(b[1])))
	}
	return sem.And(parts...)
}
