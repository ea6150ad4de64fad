package check

import (
	"iter"
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
)

// meets reports whether some pod may be of both targets, on some port.
func meets(s, t *ir.Target) bool {
	if s.Port != 0 && t.Port != 0 && s.Port != t.Port {
		return false
	}
	if s.Kind > t.Kind {
		s, t = t, s
	}
	switch {
	case t.Kind == ir.OnMesh:
		return true
	case t.Kind == ir.OnNamespace:
		return s.Namespace == t.Namespace || s.Kind == ir.OnPods && s.Pods.Mesh
	case t.Kind == ir.OnWorkload:
		return s.Workload == t.Workload
	case s.Namespace != t.Namespace && !t.Pods.Mesh && !(s.Kind == ir.OnPods && s.Pods.Mesh):
		return false
	case s.Kind == ir.OnWorkload:
		return ir.Picks(t.Pods.Labels, s.Workload.PodLabels())
	}
	have := s.PodLabels()
	return !slices.ContainsFunc(t.Pods.Labels, func(l ir.Label) bool { v, ok := have[l.Key]; return ok && v != l.Value })
}

// meeting finds, by their place in a list, the statements whose targets meet a target.
type meeting struct {
	targets   []*ir.Target
	mesh      []int // on the mesh
	pods      ir.Selectors[int]
	elsewhere []int // on pods in every namespace
	namespace map[string]*inNamespace
}

// inNamespace are the statements on one namespace and on what is in it.
type inNamespace struct {
	all  []int
	wide []int // on the namespace
	pods ir.Selectors[int]
	own  map[*ir.Workload][]int
}

func (m *meeting) add(t *ir.Target) {
	i := len(m.targets)
	m.targets = append(m.targets, t)
	switch {
	case t.Kind == ir.OnMesh:
		m.mesh = append(m.mesh, i)
		return
	case t.Kind == ir.OnPods && t.Pods.Mesh:
		m.pods.Add(t.Labels(), i)
		m.elsewhere = append(m.elsewhere, i)
		return
	}
	if m.namespace == nil {
		m.namespace = map[string]*inNamespace{}
	}
	n := m.namespace[t.Namespace]
	if n == nil {
		n = &inNamespace{own: map[*ir.Workload][]int{}}
		m.namespace[t.Namespace] = n
	}
	n.all = append(n.all, i)
	switch t.Kind {
	case ir.OnWorkload:
		n.own[t.Workload] = append(n.own[t.Workload], i)
	case ir.OnPods:
		n.pods.Add(t.Labels(), i)
	default:
		n.wide = append(n.wide, i)
	}
}

// near returns the statements that may meet a target, a workload's own first; meets decides. Of a target that is not a
// workload they may be many: whoever asks bounds how many are looked at.
func (m *meeting) near(t *ir.Target) iter.Seq[int] {
	n := m.namespace[t.Namespace]
	if n == nil {
		n = &inNamespace{}
	}
	var lists [][]int
	switch {
	case t.Kind == ir.OnMesh || t.Kind == ir.OnPods && t.Pods.Mesh:
		return func(yield func(int) bool) {
			for i := range m.targets {
				if !yield(i) {
					return
				}
			}
		}
	case t.Kind == ir.OnWorkload:
		labels := t.PodLabels()
		lists = [][]int{n.own[t.Workload], n.wide, slices.Sorted(n.pods.Picking(labels)), m.mesh, slices.Sorted(m.pods.Picking(labels))}
	default:
		lists = [][]int{n.all, m.mesh, m.elsewhere}
	}
	return func(yield func(int) bool) {
		for _, list := range lists {
			for _, i := range list {
				if !yield(i) {
					return
				}
			}
		}
	}
}
