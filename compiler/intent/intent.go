// Package intent says what a program means, as sets of requests, by the definitions of the language alone: it is computed from
// the program before anything of Istio is made of it, so that what is made can be held to it. It shares no code with
// compiler/lower.
//
// What it takes from the data plane is what no program can change. A chain of a proxy reads HTTP requests, or connections in
// which nothing of HTTP can be read; and an ALLOW has no test for "is not HTTP". See reader.Rule for what follows.
package intent

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

// Chain is what a proxy reads on a port.
type Chain uint8

const (
	HTTP Chain = iota // HTTP requests
	TCP               // connections that are not HTTP
)

func (c Chain) String() string { return [...]string{"HTTP", "TCP"}[c] }

// Scope is where statements apply: the pods that one selector picks, and what is said of exactly them. Lowering moves no
// statement from one scope to another.
type Scope struct {
	Namespace string     // of the pods; the root namespace for those of every namespace
	Labels    []ir.Label // the selector, sorted by key; nil for all pods
	Mesh      bool       // pods of every namespace
	Index     int        // in Program.Scopes

	Baselines []*ir.Baseline // in force
	Rules     []*ir.Rule     // in force, in the order of the program

	named   []*ir.Workload // that the statements name; none for namespaces, the mesh and pods
	plain   []plainRule    // the rules, while all are plain
	other   bool           // there is a statement that is no plain rule, and no enforced baseline
	units   []uint64       // the normal form of its rules; see Units
	sharing []*ir.Rule     // see Sharing
}

// Plain reports whether all rules are known, from their normal form, to be enforced allows of identities.
func (s *Scope) Plain() bool { return s.units != nil }

// Sharing returns the rules of a plain scope that may have a caller in common with another rule of it, in their order.
func (s *Scope) Sharing() []*ir.Rule { return s.sharing }

// Span is the place of the first statement of a scope.
func (s *Scope) Span() source.Span {
	if len(s.Rules) > 0 {
		return s.Rules[0].Span
	}
	return s.Baselines[0].Span
}

// Program is what a program means.
type Program struct {
	Scopes []*Scope // in the order of their first statement

	p       *ir.Program
	byKey   map[string]*Scope
	byPlain []*Scope // by number of ir.Plain.Target
	bearers ir.Bearers
	units   *Units // once they are asked for
}

// Of says what a program means on a day (YYYY-MM-DD, empty for none): `until` is inclusive, and what it ends is gone, but for
// what protects: a deny, a delegate and a baseline hold until they are deleted.
func Of(p *ir.Program, now string) *Program {
	m := &Program{p: p, byKey: make(map[string]*Scope, len(p.Parts.Rules)), byPlain: make([]*Scope, len(p.Parts.Rules))}
	if len(p.Pods) > 0 {
		m.bearers = ir.NewBearers(p.Workloads)
	}
	over := func(until string) bool { return until != "" && now != "" && until < now }
	for _, b := range p.Baselines {
		if !b.DryRun || !over(b.Until) {
			s := m.scope(&b.Target)
			s.Baselines = append(s.Baselines, b)
			s.other = s.other || b.DryRun
		}
	}
	for _, r := range p.Rules {
		if over(r.Until) && (r.DryRun || r.Action == ast.Allow || r.Action == ast.Audit) {
			continue
		}
		s := m.plainScope(r)
		s.Rules = append(s.Rules, r)
		if s.other = s.other || !plain(r); !s.other {
			s.plain = append(s.plain, plainRule{r.Plain.Sources, r.Plain.Entries, int32(r.Target.Port)})
		}
	}
	return m
}

// plainScope is the scope of a rule. Plain rules number their targets.
func (m *Program) plainScope(r *ir.Rule) *Scope {
	n := int(r.Plain.Target)
	if n == 0 {
		return m.scope(r.Target)
	}
	if n >= len(m.byPlain) {
		m.byPlain = append(m.byPlain, make([]*Scope, n+1-len(m.byPlain))...)
	}
	if m.byPlain[n] == nil {
		s := m.scope(r.Target)
		s.Rules, s.plain = slices.Grow(s.Rules, m.p.Parts.Of(r)), slices.Grow(s.plain, m.p.Parts.Of(r))
		m.byPlain[n] = s
	}
	return m.byPlain[n]
}

func (m *Program) scope(t *ir.Target) *Scope {
	k := Key(t.Namespace, t.Labels())
	s := m.byKey[k]
	if s == nil {
		s = &Scope{Namespace: t.Namespace, Labels: t.Labels(), Index: len(m.Scopes)}
		m.byKey[k] = s
		m.Scopes = append(m.Scopes, s)
	}
	s.Mesh = s.Mesh || reachesMesh(t)
	if t.Kind == ir.OnWorkload && !slices.Contains(s.named, t.Workload) {
		s.named = append(s.named, t.Workload)
	}
	return s
}

func reachesMesh(t *ir.Target) bool {
	return t.Kind == ir.OnMesh || t.Kind == ir.OnPods && t.Pods.Mesh
}

// in returns the workloads of a namespace.
func (m *Program) in(ns string) []*ir.Workload {
	all := m.p.Workloads // sorted by namespace
	from, _ := slices.BinarySearchFunc(all, ns, func(w *ir.Workload, ns string) int { return strings.Compare(w.Namespace, ns) })
	to := from
	for to < len(all) && all[to].Namespace == ns {
		to++
	}
	return all[from:to]
}

// Find returns the scope of a selector, whose labels are sorted by key; nil when nothing is said of it.
func (m *Program) Find(namespace string, labels []ir.Label) *Scope {
	var room [128]byte
	return m.byKey[string(appendKey(room[:0], namespace, labels))]
}

// Key is equal for equal scopes.
func Key(namespace string, labels []ir.Label) string {
	return string(appendKey(nil, namespace, labels))
}

func appendKey(key []byte, namespace string, labels []ir.Label) []byte {
	key = append(key, namespace...)
	for _, l := range labels {
		key = append(append(append(append(key, 0), l.Key...), '='), l.Value...)
	}
	return key
}

// Universe holds for the ports on which there is a chain: a port that is declared to speak HTTP has no other, and one that is
// declared to speak something else has none for HTTP. Of the pods of a whole namespace nothing is known for sure.
func (m *Program) Universe(s *Scope, c Chain) *sem.Expr {
	if len(s.named) == 0 {
		return sem.True
	}
	other := ir.TCP
	if c == TCP {
		other = ir.HTTP
	}
	ports := speaking(s.named[0], other)
	for _, w := range s.named[1:] {
		ports = slices.DeleteFunc(ports, func(n int) bool { p := w.Port(n); return p == nil || p.Protocol != other })
	}
	return not(isPort(ports))
}

func speaking(w *ir.Workload, p ir.Protocol) []int {
	var out []int
	for i := range w.Ports {
		if w.Ports[i].Protocol == p {
			out = append(out, w.Ports[i].Number)
		}
	}
	return out
}
