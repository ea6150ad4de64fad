package ir

import "slices"

// Place is a target without its port.
type Place struct {
	kind      TargetKind
	namespace string
	workload  *Workload
	pods      *Pods
}

// Place returns the target without its port.
func (t *Target) Place() Place { return Place{t.Kind, t.Namespace, t.Workload, t.Pods} }

// Covers reports whether everything that t covers is covered by a statement on s; ports are not looked at.
func (s *Target) Covers(t *Target) bool {
	switch s.Kind {
	case OnMesh:
		return true
	case OnNamespace:
		return t.Kind != OnMesh && t.Namespace == s.Namespace && !(t.Kind == OnPods && t.Pods.Mesh)
	}
	if t.Kind == OnMesh || t.Kind == OnNamespace || s.Namespace != t.Namespace && !(s.Kind == OnPods && s.Pods.Mesh) {
		return false
	}
	return Picks(s.Labels(), t.PodLabels())
}

// Covering finds, by their place in a list, the statements that cover a target.
type Covering struct {
	targets  []*Target
	wide     map[string][]int // those on a namespace, and under "" those on the mesh
	selected Selectors[int]
	seen     map[Place][]int
}

// Add adds the target of a statement.
func (c *Covering) Add(t *Target) {
	if c.wide == nil {
		c.wide, c.seen = map[string][]int{}, map[Place][]int{}
	}
	i := len(c.targets)
	c.targets = append(c.targets, t)
	switch t.Kind {
	case OnMesh:
		c.wide[""] = append(c.wide[""], i)
	case OnNamespace:
		c.wide[t.Namespace] = append(c.wide[t.Namespace], i)
	default:
		c.selected.Add(t.Labels(), i)
	}
}

// Of returns the statements that cover a target, in their order; ports are not looked at.
func (c *Covering) Of(t *Target) []int {
	if len(c.targets) == 0 {
		return nil
	}
	k := t.Place()
	if found, ok := c.seen[k]; ok {
		return found
	}
	at := slices.Concat(c.wide[""], c.wide[t.Namespace])
	at = slices.AppendSeq(at, c.selected.Picking(t.PodLabels()))
	slices.Sort(at)
	found := at[:0]
	for _, i := range at {
		if c.targets[i].Covers(t) {
			found = append(found, i)
		}
	}
	c.seen[k] = found
	return found
}

// Any reports whether a statement covers a target.
func (c *Covering) Any(t *Target) bool {
	switch {
	case len(c.wide[""]) > 0:
		return true
	case t.Kind == OnMesh:
		return false
	case len(c.wide[t.Namespace]) > 0 && !(t.Kind == OnPods && t.Pods.Mesh):
		return true
	}
	return !c.selected.Empty() && len(c.Of(t)) > 0
}

// Closed returns the baselines that are enforced: what one of them covers is closed. The places are those of the list.
func (p *Program) Closed() *Covering {
	c := &Covering{}
	for _, b := range p.Baselines {
		if !b.DryRun {
			c.Add(&b.Target)
		}
	}
	return c
}

// Target returns the target of the statement at a place in the list.
func (c *Covering) Target(i int) *Target { return c.targets[i] }
