package proof

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/known"
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
	own      []*istio.Object                     // AuthorizationPolicies of the program
	policies map[string]*selected[*istio.Object] // by namespace
	scopes   map[string]*selected[*intent.Scope] // by namespace
	bearers  ir.Bearers
	pods     map[string]*Destination
	names    map[sem.Kind][]sem.Value   // see named
	accounts map[[2]string]*ir.Workload // by namespace and name, nil where several share one; see caller
	others   map[*istio.Object]*istio.Document
	picking  map[string]*picking // by namespace, see picked
	promised promised            // of the program's own policies
	parted   parted              // see In
	facts    *known.Facts
	digests  map[*istio.Object]known.Digest // of the texts of own, where there are facts
}

// Policy is an object that was emitted, and its text.
type Policy struct {
	*istio.Object
	Text []byte
}

// NewWorld puts policies around a program: those that were emitted for it, and those of others. facts are what is known of its
// proofs, nil for nothing.
func NewWorld(p *ir.Program, now string, emitted []Policy, others []*istio.Document, facts *known.Facts) *World {
	w := &World{
		p: p, intent: intent.Of(p, now), mesh: meshOf(p),
		policies: map[string]*selected[*istio.Object]{}, scopes: map[string]*selected[*intent.Scope]{},
		bearers: ir.NewBearers(p.Workloads), pods: map[string]*Destination{},
		others: make(map[*istio.Object]*istio.Document, len(others)), promised: promises(p),
		facts: facts, digests: map[*istio.Object]known.Digest{},
	}
	w.reader, w.names = w.intent.Reader(), w.named()
	policies := make([]*istio.Object, 0, len(emitted)+len(others))
	for _, x := range emitted {
		policies = append(policies, x.Object)
		if x.Authorization != nil {
			w.own = append(w.own, x.Object)
		}
		if facts != nil && len(p.Proofs) > 0 {
			w.digests[x.Object] = sha256.Sum256(x.Text)
		}
	}
	for _, d := range others {
		w.others[d.Object] = d
		policies = append(policies, d.Object)
	}
	for i, o := range policies {
		s := w.policies[o.Namespace]
		if s == nil {
			s = &selected[*istio.Object]{}
			w.policies[o.Namespace] = s
		}
		s.add(selector(o), i, o)
	}
	w.selectors(policies)
	for i, x := range w.intent.Scopes {
		s := w.scopes[x.Namespace]
		if s == nil {
			s = &selected[*intent.Scope]{}
			w.scopes[x.Namespace] = s
		}
		s.add(x.Labels, i, x)
	}
	return w
}

// selector is the selector of a policy, sorted by key.
func selector(o *istio.Object) []ir.Label {
	var labels map[string]string
	switch {
	case o.Authorization != nil:
		labels = o.Authorization.GetSelector().GetMatchLabels()
	case o.Request != nil:
		labels = o.Request.GetSelector().GetMatchLabels()
	case o.Peer != nil:
		labels = o.Peer.GetSelector().GetMatchLabels()
	}
	out := make([]ir.Label, 0, len(labels))
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, ir.Label{Key: k, Value: labels[k]})
	}
	return out
}

// selected are things with selectors, found by the labels of a pod.
type selected[T any] struct {
	all     []numbered[T] // without a selector
	labeled ir.Selectors[numbered[T]]
}

// numbered is one of them, with its number among all.
type numbered[T any] struct {
	n    int
	what T
}

func (s *selected[T]) add(labels []ir.Label, n int, what T) {
	if len(labels) == 0 {
		s.all = append(s.all, numbered[T]{n, what})
	} else {
		s.labeled.Add(labels, numbered[T]{n, what})
	}
}

// picking appends what picks a pod, in order.
func (s *selected[T]) picking(to []numbered[T], pod map[string]string) []numbered[T] {
	if s == nil {
		return to
	}
	from := len(to)
	to = slices.AppendSeq(append(to, s.all...), s.labeled.Picking(pod))
	slices.SortFunc(to[from:], func(a, b numbered[T]) int { return a.n - b.n })
	return to
}

// near is what picks a pod in the root namespace, and in its own.
func near[T any](w *World, by map[string]*selected[T], pod *plane.Pod) []numbered[T] {
	root := w.mesh.RootNamespace
	out := by[root].picking(nil, pod.Labels)
	if pod.Namespace != root {
		out = by[pod.Namespace].picking(out, pod.Labels)
	}
	return out
}

// around is what may reach a destination, policies of every kind.
func (w *World) around(d *Destination) []*istio.Object {
	var out []*istio.Object
	for _, x := range near(w, w.policies, &d.pod) {
		out = append(out, x.what)
	}
	return out
}

// Destination is a pod that requests go to: of a workload, or one that could be there.
type Destination struct {
	Name     string       // as the language writes it
	Remark   string       // which pod it is, where it is one that no workload has
	Workload *ir.Workload // nil for a pod that no workload has
	pods     *ir.Pods     // whose labels such a pod has, where the program declares them
	pod      plane.Pod
	policies []*istio.Object // that reach it, authorization alone
	scopes   []*intent.Scope // that it is in
	// mtls is what it takes on single ports, and other on all others; tokens are what it verifies.
	mtls   map[int]plane.MTLS
	other  plane.MTLS
	tokens plane.Tokens
	// strings are the issuers whose tokens have a claim as one string, if at all, by claim.
	strings map[sem.Attr][]string
	err     error  // why that is not known
	class   string // equal where all of these are, and the ports
	apart   string // the part of class that speaks of neither policies nor scopes
}

// Pod is what a proxy knows of the destination. Nothing in it may be changed.
func (d *Destination) Pod() plane.Pod { return d.pod }

func (w *World) destination(name, remark string, workload *ir.Workload, pod plane.Pod) *Destination {
	key := name
	if workload == nil || remark != "" {
		key = fmt.Sprint(pod.Namespace, name, pod.Labels)
	}
	if d := w.pods[key]; d != nil {
		return d
	}
	d := &Destination{Name: name, Remark: remark, Workload: workload, pod: pod}
	var class []byte
	policies := near(w, w.policies, &d.pod)
	objects := make([]*istio.Object, len(policies))
	for i, x := range policies {
		objects[i] = x.what
		if x.what.Authorization != nil && w.mesh.Reaches(x.what, &d.pod) {
			d.policies = append(d.policies, x.what)
			class = fmt.Append(class, x.n, " ")
		}
	}
	for _, x := range near(w, w.scopes, &d.pod) {
		if x.what.Mesh || x.what.Namespace == d.pod.Namespace {
			d.scopes = append(d.scopes, x.what)
			class = fmt.Append(class, ";", x.n)
		}
	}
	d.tokens, d.strings = w.mesh.Tokens(objects, &d.pod), w.strings(objects, &d.pod)
	d.other, d.err = w.mesh.MTLS(objects, &d.pod, 0) // which is no port
	for _, o := range objects {
		for _, port := range slices.Sorted(maps.Keys(o.Peer.GetPortLevelMtls())) {
			if d.mtls == nil {
				d.mtls = map[int]plane.MTLS{}
			}
			mode, err := w.mesh.MTLS(objects, &d.pod, int(port))
			d.mtls[int(port)], d.err = mode, cmp.Or(d.err, err)
		}
	}
	from := len(class)
	class = fmt.Appendf(class, "|%v|%v|%#v|%#v|%v", d.mtls, d.other, d.tokens, d.strings, d.err) // maps are printed in the order of their keys
	if workload != nil {
		for i := range workload.Ports {
			class = fmt.Append(class, "|", workload.Ports[i].Number, " ", workload.Ports[i].Protocol)
		}
	}
	d.class = string(class)
	d.apart = d.class[from:]
	w.pods[key] = d
	return d
}

func (w *World) workload(x *ir.Workload) *Destination {
	return w.destination(x.Ref(), "", x, plane.Pod{Namespace: x.Namespace, Labels: x.PodLabels(), Gateway: x.IsGateway()})
}

// unpicked is a pod of a namespace that no selector picks.
func (w *World) unpicked(namespace string) *Destination {
	if namespace == elsewhere {
		return w.destination("mesh", "one that no selector picks, in a namespace that nothing names", nil, plane.Pod{Namespace: namespace})
	}
	return w.destination(namespace+"/*", "one that no selector picks", nil, plane.Pod{Namespace: namespace})
}

// elsewhere is a namespace that nothing names, as nothing can have this name.
const elsewhere = "*"

// destinations are the pods of a target. Those of a whole namespace or of the mesh have more that no workload has: one that no
// selector picks, and those that selectors pick.
func (w *World) destinations(t *ir.Target) []*Destination {
	var out []*Destination
	classes := map[string]bool{}
	picked := func(namespace string, labels []ir.Label) { // of pods that are alike in many namespaces one will do
		for _, d := range w.picked(namespace, labels) {
			if !classes[d.class] {
				classes[d.class] = true
				out = append(out, d)
			}
		}
	}
	add := func(x *ir.Workload) {
		if len(x.Labels) > 0 || x.AllLabels != nil {
			out = append(append(out, w.workload(x)), w.narrower(x)...)
		}
	}
	switch t.Kind {
	case ir.OnWorkload:
		out = append(append(out, w.workload(t.Workload)), w.narrower(t.Workload)...)
	case ir.OnPods:
		for x := range w.bearers.Picked(t.Pods) {
			add(x)
		}
		namespaces := []string{t.Pods.Namespace}
		if t.Pods.Mesh {
			namespaces = w.namespaces()
		}
		for _, namespace := range namespaces {
			picked(namespace, t.Pods.Labels)
		}
	case ir.OnNamespace:
		for _, x := range w.p.Workloads {
			if x.Namespace == t.Namespace {
				add(x)
			}
		}
		picked(t.Namespace, nil)
		out = append(out, w.unpicked(t.Namespace))
	case ir.OnMesh:
		for _, x := range w.p.Workloads {
			add(x)
		}
		for _, namespace := range w.namespaces() {
			picked(namespace, nil)
			out = append(out, w.unpicked(namespace))
		}
	}
	return out
}

// namespaces are those of workloads and of policies, and one that nothing names.
func (w *World) namespaces() []string {
	known := map[string]bool{elsewhere: true}
	for _, x := range w.p.Workloads {
		known[x.Namespace] = true
	}
	for namespace := range w.policies {
		known[namespace] = true
	}
	return slices.Sorted(maps.Keys(known))
}

// ladder is what decides about requests to a destination.
func (w *World) ladder(d *Destination, chain int) (*sem.Ladder, error) {
	if d.err != nil {
		return nil, d.err
	}
	l, err := w.mesh.Ladder(d.policies, chains[chain].plane)
	return &l, err
}

// early is an error where it is not known which requests an external authorizer is asked about: it sees a request before tokens are
// taken out of their header, and here the header is what policies see later.
func (w *World) early(d *Destination, chain int) error {
	asks := func(o *istio.Object) bool { return o.Authorization.Action == stepActions[ByCustom].istio }
	if chain != httpChain || len(d.tokens.Headers) == 0 || !slices.ContainsFunc(d.policies, asks) {
		return nil
	}
	l, err := w.ladder(d, chain)
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(l.Custom) {
		attrs := map[sem.Attr]bool{}
		l.Custom[name].Attrs(attrs)
		for _, h := range d.tokens.Headers {
			if !h.Kept && attrs[sem.Attr{Kind: sem.Header, Name: h.Name}] {
				return fmt.Errorf("not modelled: %s is asked before tokens are taken out of the header %q, which its policies test", name, h.Name)
			}
		}
	}
	return nil
}

// universe holds for the requests that can come to a destination on a chain: its ports, as far as they are known, speak what
// they are declared to speak; a caller without an identity comes only where mTLS is not required; a token is verified
// only where there is somebody to verify it; and its claims are what is declared of them.
func (w *World) universe(d *Destination, chain int, attrs map[sem.Attr]bool) *sem.Expr {
	return sem.And(d.callers(), w.traffic(d, chain, attrs))
}

// traffic holds for those, and for what comes from callers that mTLS keeps out.
func (w *World) traffic(d *Destination, chain int, attrs map[sem.Attr]bool) *sem.Expr {
	parts := []*sem.Expr{spoken(d, chain), plane.Possible(attrs)}
	if chain == httpChain {
		parts = append(parts, d.tokens.Come(attrs), d.declared(attrs, true))
	}
	return sem.And(parts...)
}

// sent holds for the requests that somebody may send there: also for those that mTLS keeps out, and for those with a token that
// nobody verifies.
func sent(d *Destination, chain int, attrs map[sem.Attr]bool) *sem.Expr {
	parts := []*sem.Expr{spoken(d, chain), plane.Possible(attrs)}
	if chain == httpChain {
		parts = append(parts, d.declared(attrs, false))
	}
	return sem.And(parts...)
}

// spoken holds for the ports on which there may be something of a chain, by what they are declared to speak.
func spoken(d *Destination, chain int) *sem.Expr {
	var parts []*sem.Expr
	if d.Workload != nil {
		for i := range d.Workload.Ports {
			if p := &d.Workload.Ports[i]; p.Protocol == ir.TCP && chain == httpChain || p.Protocol == ir.HTTP && chain != httpChain {
				parts = append(parts, sem.Not(onPort(p.Number)))
			}
		}
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
