package proof

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// World is a program beside the policies that are in force: those that were emitted for it, and perhaps others.
type World struct {
	p        *ir.Program
	intent   *intent.Program
	reader   *intent.Reader
	mesh     plane.Mesh
	policies map[string][]*istio.Object // by namespace
	scopes   map[string][]*intent.Scope // by namespace
	bearers  ir.Bearers
	pods     map[string]*Destination
	names    map[sem.Kind][]sem.Value // see named
}

// NewWorld puts policies around a program.
func NewWorld(p *ir.Program, now string, policies []*istio.Object) *World {
	w := &World{
		p: p, intent: intent.Of(p, now), mesh: meshOf(p), policies: map[string][]*istio.Object{}, scopes: map[string][]*intent.Scope{},
		bearers: ir.NewBearers(p.Workloads), pods: map[string]*Destination{},
	}
	w.reader = w.intent.Reader()
	for _, o := range policies {
		w.policies[o.Namespace] = append(w.policies[o.Namespace], o)
	}
	for _, s := range w.intent.Scopes {
		w.scopes[s.Namespace] = append(w.scopes[s.Namespace], s)
	}
	return w
}

// Destination is a pod that requests go to: of a workload, or one that could be there.
type Destination struct {
	Name     string       // as the language writes it
	Workload *ir.Workload // nil for a pod that no workload has
	pod      plane.Pod
	policies []*istio.Object // that reach it, authorization alone
	// mtls is what it takes on single ports, and other on all others; tokens are what it verifies.
	mtls    map[int]plane.MTLS
	other   plane.MTLS
	tokens  plane.Tokens
	err     error // why that is not known
	ladders [len(chains)]*sem.Ladder
}

// reach returns the policies that can reach pods of a namespace.
func (w *World) reach(namespace string) []*istio.Object {
	root := w.mesh.RootNamespace
	if namespace == root {
		return w.policies[root]
	}
	return slices.Concat(w.policies[root], w.policies[namespace])
}

func (w *World) destination(name string, workload *ir.Workload, pod plane.Pod) *Destination {
	if d := w.pods[name]; d != nil {
		return d
	}
	d := &Destination{Name: name, Workload: workload, pod: pod}
	near := w.reach(pod.Namespace)
	for _, o := range near {
		if o.Authorization != nil && w.mesh.Reaches(o, &d.pod) {
			d.policies = append(d.policies, o)
		}
	}
	d.tokens = w.mesh.Tokens(near, &d.pod)
	d.other, d.err = w.mesh.MTLS(near, &d.pod, 0) // which is no port
	for _, o := range near {
		for port := range o.Peer.GetPortLevelMtls() {
			if d.mtls == nil {
				d.mtls = map[int]plane.MTLS{}
			}
			mode, err := w.mesh.MTLS(near, &d.pod, int(port))
			d.mtls[int(port)], d.err = mode, cmp.Or(d.err, err)
		}
	}
	w.pods[name] = d
	return d
}

func (w *World) workload(x *ir.Workload) *Destination {
	return w.destination(x.Ref(), x, plane.Pod{Namespace: x.Namespace, Labels: x.PodLabels()})
}

// unpicked is a pod of a namespace that no selector picks.
func (w *World) unpicked(namespace string) *Destination {
	return w.destination("another pod of "+namespace, nil, plane.Pod{Namespace: namespace})
}

// elsewhere is a namespace that nothing names.
const elsewhere = "any-other"

// destinations are the pods of a target. Those of a whole namespace or of the mesh have one more that no selector picks.
func (w *World) destinations(t *ir.Target) []*Destination {
	var out []*Destination
	add := func(x *ir.Workload) {
		if len(x.Labels) > 0 || x.AllLabels != nil {
			out = append(out, w.workload(x))
		}
	}
	switch t.Kind {
	case ir.OnWorkload:
		out = append(out, w.workload(t.Workload))
	case ir.OnPods:
		for x := range w.bearers.Picked(t.Pods) {
			add(x)
		}
		namespace := t.Pods.Namespace
		if t.Pods.Mesh {
			namespace = elsewhere
		}
		labels := map[string]string{}
		for _, l := range t.Pods.Labels {
			labels[l.Key] = l.Value
		}
		out = append(out, w.destination("a pod of "+t.Pods.Name+" in "+namespace, nil, plane.Pod{Namespace: namespace, Labels: labels}))
	case ir.OnNamespace:
		for _, x := range w.p.Workloads {
			if x.Namespace == t.Namespace {
				add(x)
			}
		}
		out = append(out, w.unpicked(t.Namespace))
	case ir.OnMesh:
		known := map[string]bool{elsewhere: true}
		for _, x := range w.p.Workloads {
			known[x.Namespace] = true
			add(x)
		}
		for namespace := range w.policies {
			known[namespace] = true
		}
		for _, namespace := range slices.Sorted(maps.Keys(known)) {
			out = append(out, w.unpicked(namespace))
		}
	}
	return out
}

// ladder is what decides about requests to a destination.
func (w *World) ladder(d *Destination, chain int) (*sem.Ladder, error) {
	if d.err != nil {
		return nil, d.err
	}
	if d.ladders[chain] == nil {
		l, err := w.mesh.Ladder(d.policies, chains[chain].plane)
		if err != nil {
			return nil, err
		}
		d.ladders[chain] = &l
	}
	return d.ladders[chain], nil
}

// scopesOf are the scopes that a destination is in.
func (w *World) scopesOf(d *Destination) []*intent.Scope {
	var out []*intent.Scope
	for _, namespace := range []string{w.mesh.RootNamespace, d.pod.Namespace} {
		for _, s := range w.scopes[namespace] {
			if (s.Mesh || s.Namespace == d.pod.Namespace) && ir.Picks(s.Labels, d.pod.Labels) && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// universe holds for the requests that can come to a destination on a chain: its ports, as far as they are known, speak what
// they are declared to speak; a caller without an identity comes only where mTLS is not required; and a token is verified
// only where there is somebody to verify it.
func (w *World) universe(d *Destination, chain int, attrs map[sem.Attr]bool) *sem.Expr {
	var parts []*sem.Expr
	if d.Workload != nil {
		for i := range d.Workload.Ports {
			if p := &d.Workload.Ports[i]; p.Protocol == ir.TCP && chain == httpChain || p.Protocol == ir.HTTP && chain != httpChain {
				parts = append(parts, sem.Not(onPort(p.Number)))
			}
		}
	}
	parts = append(parts, d.callers())
	if chain == httpChain {
		parts = append(parts, verified(&d.tokens, attrs)...)
	}
	return sem.And(parts...)
}

const httpChain = 0 // in chains

func onPort(n int) *sem.Expr {
	return sem.Is(sem.Matcher{Attr: sem.Attr{Kind: sem.Port}, Parts: [3]sem.Pattern{{Op: sem.Range, Lo: n, Hi: n}}})
}

var identified = sem.Is(sem.Matcher{Attr: sem.Attr{Kind: sem.Peer}})

// callers holds for the callers that come to a destination at all.
func (d *Destination) callers() *sem.Expr {
	of := func(mode plane.MTLS) *sem.Expr {
		switch mode {
		case plane.Strict:
			return identified
		case plane.Disabled:
			return sem.Not(identified)
		}
		return sem.True
	}
	var parts, listed []*sem.Expr
	for _, port := range slices.Sorted(maps.Keys(d.mtls)) {
		here := onPort(port)
		listed = append(listed, here)
		parts = append(parts, sem.Or(sem.Not(here), of(d.mtls[port])))
	}
	return sem.And(append(parts, sem.Or(append(listed, of(d.other))...))...)
}

// verified holds for the requests whose token, if they have one, was verified, and has the claims that are tested.
func verified(t *plane.Tokens, attrs map[sem.Attr]bool) []*sem.Expr {
	token := sem.Attr{Kind: sem.Token}
	present := sem.Is(sem.Matcher{Attr: token})
	issued := sem.Is(sem.Matcher{Attr: token, Parts: [3]sem.Pattern{{Op: sem.Present}}})
	parts := []*sem.Expr{sem.Or(sem.Not(present), issued)}
	switch {
	case t.Any:
	case len(t.Issuers) == 0:
		issued = sem.False
		parts = []*sem.Expr{sem.Not(present)}
	default:
		var by []*sem.Expr
		for _, issuer := range t.Issuers {
			by = append(by, sem.Is(sem.Matcher{Attr: token, Parts: [3]sem.Pattern{{Op: sem.Exact, Text: issuer}}}))
		}
		parts = []*sem.Expr{sem.Or(append(by, sem.Not(present))...)}
	}
	for a := range attrs {
		if a.Kind == sem.Claim {
			parts = append(parts, sem.Or(sem.Not(sem.Is(sem.Matcher{Attr: a, Parts: [3]sem.Pattern{{Op: sem.Present}}})), issued))
		}
	}
	return parts
}

// ports names the ports of a workload, for messages.
func ports(list []ir.Port) string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = strconv.Itoa(p.Number)
	}
	return strings.Join(out, ", ")
}
