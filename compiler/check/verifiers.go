package check

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
)

// verifiers finds the `jwt` statements that cover a target.
type verifiers struct {
	all      []*ir.JWT
	wide     map[string][]int // those on a namespace, and under "" those on the mesh; places in all
	selected ir.Selectors[int]
	seen     map[place]verified
}

// place is a target without its port.
type place struct {
	kind      ir.TargetKind
	namespace string
	workload  *ir.Workload
	pods      *ir.Pods
}

type verified struct {
	list    []*ir.JWT
	issuers map[string]bool
}

func newVerifiers(p *ir.Program) *verifiers {
	v := &verifiers{all: p.JWT, wide: map[string][]int{}, seen: map[place]verified{}}
	for i, j := range p.JWT {
		switch t := &j.Target; t.Kind {
		case ir.OnMesh:
			v.wide[""] = append(v.wide[""], i)
		case ir.OnNamespace:
			v.wide[t.Namespace] = append(v.wide[t.Namespace], i)
		default:
			v.selected.Add(t.Labels(), i)
		}
	}
	return v
}

// of returns the statements that cover a target, in their order, and their issuers.
func (v *verifiers) of(t *ir.Target) ([]*ir.JWT, map[string]bool) {
	k := place{t.Kind, t.Namespace, t.Workload, t.Pods}
	if found, ok := v.seen[k]; ok {
		return found.list, found.issuers
	}
	at := slices.Concat(v.wide[""], v.wide[t.Namespace])
	at = slices.AppendSeq(at, v.selected.Picking(t.PodLabels()))
	slices.Sort(at)
	found := verified{issuers: map[string]bool{}}
	for _, i := range at {
		if j := v.all[i]; covers(&j.Target, t) {
			found.list = append(found.list, j)
			found.issuers[j.Issuer] = true
		}
	}
	v.seen[k] = found
	return found.list, found.issuers
}

// untyped finds a `jwt` statement whose tokens a rule may read on some pod of its target, and that gives a claim no type.
func (v *verifiers) untyped(r *ir.Rule, claim string) *ir.JWT {
	issuers := map[string]bool{}
	for _, a := range r.Sources.As {
		issuers[issuerOf(a)] = true
	}
	any := len(r.Sources.As) == 0 || issuers[""] // `as "*"` has no issuer
	for _, j := range v.all {
		if !any && !issuers[j.Issuer] || !covers(&j.Target, &r.Target) && !covers(&r.Target, &j.Target) {
			continue
		}
		if _, typed := j.Claims[claim]; !typed {
			return j
		}
	}
	return nil
}
