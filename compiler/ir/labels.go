package ir

import "iter"

// Picks reports whether a selector picks a pod: whether the pod carries all of its labels.
func Picks(selector []Label, pod map[string]string) bool {
	for _, l := range selector {
		if v, ok := pod[l.Key]; !ok || v != l.Value {
			return false
		}
	}
	return true
}

// Carriers finds what a selector picks without a look at everything: only those that carry its rarest label are looked at.
type Carriers[T any] struct {
	all []carrier[T]
	by  map[Label][]carrier[T]
}

type carrier[T any] struct {
	labels map[string]string
	what   T
}

// Add adds something with its labels.
func (c *Carriers[T]) Add(labels map[string]string, what T) {
	if c.by == nil {
		c.by = map[Label][]carrier[T]{}
	}
	x := carrier[T]{labels, what}
	c.all = append(c.all, x)
	for k, v := range labels {
		l := Label{k, v}
		c.by[l] = append(c.by[l], x)
	}
}

// Picked returns what a selector picks, in the order of Add. A nil *Carriers holds nothing.
func (c *Carriers[T]) Picked(selector []Label) iter.Seq[T] {
	return func(yield func(T) bool) {
		if c == nil {
			return
		}
		list := c.all
		for _, l := range selector {
			if some := c.by[l]; len(some) < len(list) {
				list = some
			}
		}
		for _, x := range list {
			if Picks(selector, x.labels) && !yield(x.what) {
				return
			}
		}
	}
}

// Bearers finds the workloads that pods pick: those of each namespace, and under "" those of the mesh.
type Bearers map[string]*Carriers[*Workload]

// NewBearers files workloads under the labels of their pods.
func NewBearers(list []*Workload) Bearers {
	b := Bearers{}
	for _, w := range list {
		for _, ns := range []string{"", w.Namespace} {
			if b[ns] == nil {
				b[ns] = &Carriers[*Workload]{}
			}
			b[ns].Add(w.PodLabels(), w)
		}
	}
	return b
}

// Picked returns the workloads that pods pick.
func (b Bearers) Picked(p *Pods) iter.Seq[*Workload] {
	ns := p.Namespace
	if p.Mesh {
		ns = ""
	}
	return b[ns].Picked(p.Labels)
}

// Selectors finds which selectors pick a pod without a look at all of them. Each is filed under the label that the fewest
// before it were filed under, so that one label which all of them have costs nothing.
type Selectors[T any] struct {
	by map[Label][]selecting[T]
}

// Empty reports whether there is none.
func (s *Selectors[T]) Empty() bool { return s == nil || len(s.by) == 0 }

type selecting[T any] struct {
	labels []Label
	what   T
}

// Add adds something with its selector. One without labels picks nothing here.
func (s *Selectors[T]) Add(selector []Label, what T) {
	if len(selector) == 0 {
		return
	}
	if s.by == nil {
		s.by = map[Label][]selecting[T]{}
	}
	under := selector[0]
	for _, l := range selector {
		if len(s.by[l]) < len(s.by[under]) {
			under = l
		}
	}
	s.by[under] = append(s.by[under], selecting[T]{selector, what})
}

// Picking returns, in no order, what picks a pod with these labels. A nil *Selectors holds nothing.
func (s *Selectors[T]) Picking(pod map[string]string) iter.Seq[T] {
	return func(yield func(T) bool) {
		if s == nil {
			return
		}
		for k, v := range pod {
			for _, x := range s.by[Label{k, v}] {
				if Picks(x.labels, pod) && !yield(x.what) {
					return
				}
			}
		}
	}
}
