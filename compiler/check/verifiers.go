package check

import (
	"github.com/zt-lang/ztc/compiler/ir"
)

// verifiers finds the `jwt` statements that cover a target.
type verifiers struct {
	all      []*ir.JWT
	covering covering
	seen     map[place]verified
}

type verified struct {
	list    []*ir.JWT
	issuers map[string]bool
}

func newVerifiers(p *ir.Program) *verifiers {
	v := &verifiers{all: p.JWT, seen: map[place]verified{}}
	for _, j := range p.JWT {
		v.covering.add(&j.Target)
	}
	return v
}

// of returns the statements that cover a target, in their order, and their issuers.
func (v *verifiers) of(t *ir.Target) ([]*ir.JWT, map[string]bool) {
	k := placeOf(t)
	if found, ok := v.seen[k]; ok {
		return found.list, found.issuers
	}
	found := verified{issuers: map[string]bool{}}
	for _, i := range v.covering.of(t) {
		found.list = append(found.list, v.all[i])
		found.issuers[v.all[i].Issuer] = true
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
