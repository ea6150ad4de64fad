package istio

import (
	"cmp"
	"slices"
)

// Key says which object of a cluster an object is.
type Key struct {
	Namespace string
	Kind      Kind
	Name      string
}

// Compare orders objects by namespace, kind and name.
func (k Key) Compare(o Key) int {
	return cmp.Or(cmp.Compare(k.Namespace, o.Namespace), cmp.Compare(k.Kind, o.Kind), cmp.Compare(k.Name, o.Name))
}

// Key returns the key of an object.
func (o *Object) Key() Key { return Key{o.Namespace, o.Kind, o.Name} }

// Sort orders objects by their keys.
func Sort(objs []*Object) {
	slices.SortStableFunc(objs, func(a, b *Object) int { return a.Key().Compare(b.Key()) })
}
