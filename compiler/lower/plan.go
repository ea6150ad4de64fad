package lower

import (
	"slices"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

// Plan is what a program is lowered to: objects that have their statements and their names. Their specs, which are large, are
// made one object at a time. A plan does not change, and may be asked from several goroutines.
//
// It holds nothing of the program that it does not need, so that trees and rules can be collected while objects are made.
type Plan struct {
	apiVersion string
	labels     map[string]string // of every object
	plain      plain
	objects    []*named // sorted by namespace, kind and name
}

func newPlan(l *lowerer, objects []*named) *Plan {
	p := &Plan{apiVersion: "security.istio.io/v1", labels: map[string]string{ManagedBy: "ztc"}, plain: l.plain, objects: objects}
	if l.p.Mesh.Istio.Before(1, 22) {
		p.apiVersion = "security.istio.io/v1beta1"
	}
	if l.p.Mesh.Program != "" {
		p.labels[PartOf] = l.p.Mesh.Program
	}
	p.plain.settle()
	return p
}

// Len is the number of objects, each before it is split.
func (p *Plan) Len() int { return len(p.objects) }

// Builder makes objects of a plan. It has memory of its own: one for each goroutine.
type Builder struct {
	plan    *Plan
	scratch scratch
}

// Builder returns a builder of the plan's objects.
func (p *Plan) Builder() *Builder {
	return &Builder{plan: p, scratch: newScratch(&p.plain)}
}

// Build makes object i of the plan: one, or several where a limit splits it. They are the builder's, and change with the next
// call, unless they are kept.
func (b *Builder) Build(i int) []*istio.Object {
	n := b.plan.objects[i]
	if o := n.gathered; o != nil && len(o.cubes) == 0 && n.target.Kind == ir.OnWorkload && b.small(o.plain) {
		x := b.scratch.newPolicy(n.target.Workload.Labels)
		b.plan.header(&x.object, n)
		x.policy.Action, x.policy.Rules = actions[n.action], b.plain(o.plain)
		return x.list[:]
	}
	obj := new(istio.Object)
	b.plan.header(obj, n)
	switch {
	case n.peer != nil:
		obj.Peer = n.peer
	case n.request != nil:
		obj.Request = n.request
	case n.gathered == nil:
		obj.Authorization = &security.AuthorizationPolicy{}
	default:
		return b.authorization(n, obj)
	}
	return []*istio.Object{obj}
}

// Places says, for each object, which targets it is made for: where to point when something is wrong with what was made. It
// makes all objects again.
func (p *Plan) Places() map[istio.Key][]source.Span {
	places := map[istio.Key][]source.Span{}
	b := p.Builder()
	for i, n := range p.objects {
		for _, o := range b.Build(i) {
			k := istio.Key{Namespace: o.Namespace, Kind: o.Kind, Name: o.Name}
			places[k] = append(places[k], n.target.Span)
		}
	}
	return places
}

// header fills in everything of an object but its spec.
func (p *Plan) header(o *istio.Object, n *named) {
	o.APIVersion, o.Kind, o.Namespace, o.Name, o.Labels = p.apiVersion, n.kind, n.target.Namespace, n.name, p.labels
	if n.dryRun {
		o.Annotations = map[string]string{"istio.io/dry-run": "true"}
	}
}

func (b *Builder) authorization(n *named, obj *istio.Object) []*istio.Object {
	var parts [][]*security.Rule
	switch o := n.gathered; {
	case len(o.cubes) == 0 && len(o.plain) > 0:
		parts = partition(b.plain(o.plain))
	default:
		parts = partition(specs(group(slices.Collect(o.each(&b.plan.plain)), n.action == ast.Allow)))
	}
	if len(parts) > 1 {
		parts = slices.DeleteFunc(parts, func(r []*security.Rule) bool { return len(r) == 0 })
	}
	var out []*istio.Object
	for i, rules := range parts {
		part := *obj
		part.Authorization = &security.AuthorizationPolicy{Action: actions[n.action], Selector: selector(&n.target), Rules: rules}
		if n.provider != "" {
			asks(&part, n.provider)
		}
		if len(parts) > 1 {
			part.Name += "-" + letters(uint64(i), 2)
		}
		out = append(out, &part)
	}
	return out
}
