package proof

import (
	"cmp"
	"slices"
	"strings"

	types "istio.io/api/type/v1beta1"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// A policy reaches whatever pod has the labels of its selector, and not all such pods are those of a workload that the program
// knows: `pods` are declared by labels alone, and so may be what others select. What is said of a whole namespace is said of
// them, too. One pod stands for all that a selector picks: with no other labels, so that nothing else reaches it. More labels add
// more policies: an ALLOW that lets a request pass lets it pass at the pod that has its labels alone, as no other denies can
// refuse it there, and a DENY that refuses refuses there. Only transport and tokens may tell a difference, so the labels of a policy
// of each kind are put together.

// picking are the selectors of the policies of a namespace that are not those of a workload.
type picking struct {
	byKind [3][][]ir.Label // of those that authorize, of transport, of tokens
	names  map[string]*ir.Pods
}

// Bounds of the pods of one namespace that stand for selectors, and of the labels that are put together for them.
const (
	maxPicked = 4096
	maxTried  = 1 << 16
)

// selectors notes the selectors of policies that are not those of workloads.
func (w *World) selectors(policies []*istio.Object) {
	if len(w.p.Pods)+len(w.others) == 0 { // then all are those of workloads
		return
	}
	workloads := make(map[string]bool, len(w.p.Workloads))
	for _, x := range w.p.Workloads {
		workloads[intent.Key(x.Namespace, x.Labels)] = true
	}
	w.picking = map[string]*picking{}
	at := func(namespace string) *picking {
		p := w.picking[namespace]
		if p == nil {
			p = &picking{names: map[string]*ir.Pods{}}
			w.picking[namespace] = p
		}
		return p
	}
	seen := map[string]bool{}
	note := func(o *istio.Object, labels []ir.Label) {
		key := intent.Key(o.Namespace, labels)
		if len(labels) == 0 || workloads[key] {
			return
		}
		kind := 0
		switch {
		case o.Peer != nil && o.Namespace == w.mesh.RootNamespace:
			return // Istio ignores it
		case o.Peer != nil:
			kind = 1
		case o.Request != nil:
			kind = 2
		}
		if key = string(rune('0'+kind)) + key; !seen[key] {
			seen[key] = true
			p := at(o.Namespace)
			p.byKind[kind] = append(p.byKind[kind], labels)
		}
	}
	for _, o := range policies {
		for _, labels := range w.selections(o) {
			note(o, labels)
		}
	}
	for _, x := range w.p.Pods {
		at(x.Namespace).names[intent.Key("", x.Labels)] = x
	}
}

// selections are the labels by which a policy picks pods: those of its selector, or of each Gateway that it refers to, where no
// workload is known to be it.
func (w *World) selections(o *istio.Object) (out [][]ir.Label) {
	var refs []*types.PolicyTargetReference
	switch {
	case o.Authorization != nil:
		refs = append(slices.Clone(o.Authorization.TargetRefs), o.Authorization.TargetRef)
	case o.Request != nil:
		refs = append(slices.Clone(o.Request.TargetRefs), o.Request.TargetRef)
	}
	for _, r := range refs {
		if r.GetKind() != "Gateway" {
			continue
		}
		labels := []ir.Label{{Key: ir.GatewayLabel, Value: r.GetName()}}
		known := false
		for range w.bearers.Picked(&ir.Pods{Namespace: o.Namespace, Labels: labels}) {
			known = true
		}
		if !known {
			out = append(out, labels)
		}
	}
	return append(out, selector(o))
}

// picked are pods of a namespace that have some labels, and those of selectors that pick no workload. Those of pods that were
// asked for may have the labels of others, too, unless an inventory has all that there are.
func (w *World) picked(namespace string, with []ir.Label) []*Destination {
	var byKind [3][][]ir.Label
	near := []*picking{w.picking[w.mesh.RootNamespace]}
	if namespace != w.mesh.RootNamespace {
		near = append(near, w.picking[namespace])
	}
	tries := 1
	for kind := range byKind {
		byKind[kind] = [][]ir.Label{nil} // without a policy of the kind
		for _, p := range near {
			if p != nil && (kind > 0 || len(with) == 0 || !w.p.Inventoried) {
				byKind[kind] = append(byKind[kind], p.byKind[kind]...)
			}
		}
		tries *= len(byKind[kind])
	}
	unknown := func() []*Destination {
		d := *w.unpicked(namespace)
		d.err, d.class = sem.ErrBudget, d.class+"|"
		return []*Destination{&d}
	}
	if tries > maxTried {
		return unknown()
	}
	var out []*Destination
	seen := map[string]bool{intent.Key("", nil): true}
	for _, a := range byKind[0] {
		for _, b := range byKind[1] {
			for _, c := range byKind[2] {
				labels, fit := together(with, a, b, c)
				if key := intent.Key("", labels); fit && !seen[key] {
					if seen[key] = true; len(out) == maxPicked {
						return unknown()
					}
					out = append(out, w.pod(namespace, labels, key, near))
				}
			}
		}
	}
	return out
}

// narrower are pods of a workload, of whose labels no more than those are known that pick it, that have those of selectors which
// pick some of them.
func (w *World) narrower(x *ir.Workload) (out []*Destination) {
	p := w.picking[x.Namespace]
	if p == nil || x.AllLabels != nil || len(x.Labels) == 0 {
		return nil
	}
	seen := map[*Destination]bool{}
	for _, list := range p.byKind {
		for _, labels := range list {
			pod := plane.Pod{Namespace: x.Namespace, Labels: labelMap(labels)}
			if !ir.Picks(x.Labels, pod.Labels) {
				continue
			}
			more := slices.DeleteFunc(slices.Clone(labels), func(l ir.Label) bool { return slices.Contains(x.Labels, l) })
			pod.Gateway = x.IsGateway() || ir.IsGateway(pod.Labels)
			if d := w.destination(x.Ref(), "one that has the labels "+labelText(more)+", too", x, pod); !seen[d] {
				seen[d] = true
				out = append(out, d)
			}
		}
	}
	return out
}

func labelMap(list []ir.Label) map[string]string {
	m := make(map[string]string, len(list))
	for _, l := range list {
		m[l.Key] = l.Value
	}
	return m
}

func labelText(labels []ir.Label) string {
	out := make([]string, len(labels))
	for i, l := range labels {
		out[i] = l.Key + "=" + l.Value
	}
	return strings.Join(out, ", ")
}

// together are labels that a pod may have all at once.
func together(lists ...[]ir.Label) (all []ir.Label, fit bool) {
	all = slices.Concat(lists...)
	slices.SortFunc(all, func(a, b ir.Label) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Value, b.Value))
	})
	all = slices.Compact(all)
	for i := range all[:max(0, len(all)-1)] {
		if all[i].Key == all[i+1].Key {
			return nil, false
		}
	}
	return all, true
}

// pod is one that has some labels and no others. The program may have a name for those.
func (w *World) pod(namespace string, labels []ir.Label, key string, near []*picking) *Destination {
	name, where := namespace+"/*", "namespace "+namespace
	if namespace == elsewhere {
		name, where = "mesh", "a namespace that nothing names"
	}
	remark := "one that has those labels and no others, in " + where
	var pods *ir.Pods
	for _, p := range near {
		if p != nil && p.names[key] != nil {
			pods = p.names[key]
		}
	}
	if pods != nil {
		name = pods.Name
	} else {
		remark = "one that has the labels " + labelText(labels) + " and no others, in " + where
	}
	pod := plane.Pod{Namespace: namespace, Labels: labelMap(labels)}
	pod.Gateway = ir.IsGateway(pod.Labels)
	d := w.destination(name, remark, nil, pod)
	d.pods = pods
	return d
}
