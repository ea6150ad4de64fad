package check

import (
	"iter"
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
)

// place is a target without its port.
type place struct {
	kind      ir.TargetKind
	namespace string
	workload  *ir.Workload
	pods      *ir.Pods
}

func placeOf(t *ir.Target) place { return place{t.Kind, t.Namespace, t.Workload, t.Pods} }

// covers reports whether everything that t covers is covered by a statement on s.
func covers(s, t *ir.Target) bool {
	switch s.Kind {
	case ir.OnMesh:
		return true
	case ir.OnNamespace:
		return t.Kind != ir.OnMesh && t.Namespace == s.Namespace && !(t.Kind == ir.OnPods && t.Pods.Mesh)
	}
	if t.Kind == ir.OnMesh || t.Kind == ir.OnNamespace || s.Namespace != t.Namespace && !(s.Kind == ir.OnPods && s.Pods.Mesh) {
		return false
	}
	return ir.Picks(s.Labels(), t.PodLabels())
}

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

// covering finds, by their place in a list, the statements that cover a target.
type covering struct {
	targets  []*ir.Target
	wide     map[string][]int // those on a namespace, and under "" those on the mesh
	selected ir.Selectors[int]
	seen     map[place][]int
}

func (c *covering) add(t *ir.Target) {
	if c.wide == nil {
		c.wide, c.seen = map[string][]int{}, map[place][]int{}
	}
	i := len(c.targets)
	c.targets = append(c.targets, t)
	switch t.Kind {
	case ir.OnMesh:
		c.wide[""] = append(c.wide[""], i)
	case ir.OnNamespace:
		c.wide[t.Namespace] = append(c.wide[t.Namespace], i)
	default:
		c.selected.Add(t.Labels(), i)
	}
}

// of returns the statements that cover a target, in their order; ports are not looked at.
func (c *covering) of(t *ir.Target) []int {
	if len(c.targets) == 0 {
		return nil
	}
	k := placeOf(t)
	if found, ok := c.seen[k]; ok {
		return found
	}
	at := slices.Concat(c.wide[""], c.wide[t.Namespace])
	at = slices.AppendSeq(at, c.selected.Picking(t.PodLabels()))
	slices.Sort(at)
	found := at[:0]
	for _, i := range at {
		if covers(c.targets[i], t) {
			found = append(found, i)
		}
	}
	c.seen[k] = found
	return found
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
