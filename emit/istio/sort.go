package istio

import (
	"cmp"
	"slices"
)

// Sort orders objects by namespace, kind and name.
func Sort(objs []*Object) {
	slices.SortStableFunc(objs, func(a, b *Object) int {
		return cmp.Or(
			cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Name, b.Name),
		)
	})
}
