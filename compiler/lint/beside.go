package lint

import (
	"iter"
	"slices"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
)

// neighbours finds, for a scope that is not one workload, the scopes whose pods may be in it, without a look at all of them: most
// selectors of a namespace ask for different values of one label.
type neighbours struct {
	scopes []*intent.Scope // with rules, in their order
	mesh   []int           // those of the mesh
	in     map[string]*inNamespace
}

// inNamespace are the scopes of one namespace, by numbers.
type inNamespace struct {
	all     []int
	having  map[ir.Label][]int // whose selector has a label
	without map[string][]int   // whose selector lacks a key, or whose pods may have other labels as well; made when it is asked for
}

// beside returns the scopes that overlap with s, and others that do not, in their order; neither s nor scopes without rules.
func (l *linter) beside(s *intent.Scope) iter.Seq[*intent.Scope] {
	if l.neighbours == nil {
		l.neighbours = newNeighbours(l.meant.Scopes)
	}
	n := l.neighbours
	var near []int
	if here := n.in[s.Namespace]; s.Mesh || here == nil {
		for i := range n.scopes {
			near = append(near, i)
		}
	} else {
		near = slices.Concat(here.near(n.scopes, s.Labels), n.mesh)
		slices.Sort(near)
	}
	return func(yield func(*intent.Scope) bool) {
		for _, i := range slices.Compact(near) {
			if n.scopes[i] != s && !yield(n.scopes[i]) {
				return
			}
		}
	}
}

func newNeighbours(scopes []*intent.Scope) *neighbours {
	n := &neighbours{in: map[string]*inNamespace{}}
	for _, s := range scopes {
		if len(s.Rules) == 0 {
			continue
		}
		i := len(n.scopes)
		n.scopes = append(n.scopes, s)
		if s.Mesh {
			n.mesh = append(n.mesh, i)
		}
		here := n.in[s.Namespace]
		if here == nil {
			here = &inNamespace{having: map[ir.Label][]int{}, without: map[string][]int{}}
			n.in[s.Namespace] = here
		}
		here.all = append(here.all, i)
		for _, x := range s.Labels {
			here.having[x] = append(here.having[x], i)
		}
	}
	return n
}

// near returns the scopes that do not ask for another value of the first of some labels.
func (x *inNamespace) near(scopes []*intent.Scope, labels []ir.Label) []int {
	if len(labels) == 0 {
		return x.all
	}
	key := labels[0].Key
	without, made := x.without[key]
	if !made {
		for _, i := range x.all {
			if declared(scopes[i]) || !slices.ContainsFunc(scopes[i].Labels, func(l ir.Label) bool { return l.Key == key }) {
				without = append(without, i)
			}
		}
		x.without[key] = without
	}
	return slices.Concat(x.having[labels[0]], without)
}

// declared reports whether a scope is a workload that no manifest shows: its pods may have any other label.
func declared(s *intent.Scope) bool {
	t := target(s)
	return t.Kind == ir.OnWorkload && t.Workload.AllLabels == nil
}
