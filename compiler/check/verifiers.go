package check

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
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

// sameIssuer refuses an issuer that pods accept by two statements, one of which covers the other: Istio accepts what either
// accepts, and of their other lines goes by those of the one that comes first. Two on one target are the business of lower.
func (c *checker) sameIssuer() {
	type issuer struct {
		covering covering
		first    []*ir.JWT // on each target
		seen     map[place]bool
	}
	by := map[string]*issuer{}
	var order []*issuer
	for _, j := range c.p.JWT {
		o := by[j.Issuer]
		if o == nil {
			o = &issuer{seen: map[place]bool{}}
			by[j.Issuer] = o
			order = append(order, o)
		}
		if k := placeOf(&j.Target); !o.seen[k] {
			o.seen[k] = true
			o.covering.add(&j.Target)
			o.first = append(o.first, j)
		}
	}
	for _, o := range order {
		for _, j := range o.first {
			for _, i := range o.covering.of(&j.Target) {
				other := o.first[i]
				if s, t := &other.Target, &j.Target; s.Namespace == t.Namespace && slices.Equal(s.Labels(), t.Labels()) {
					continue
				}
				n := len(c.diags)
				c.diags.Add(diag.JWTTwice, j.Span, "%s already accepts tokens of %q, as all of %s does", &j.Target, j.Issuer, &other.Target).Relate(other.Span, "here").
					Note("Istio accepts what either of the two accepts").
					Advise("write the statement for each target apart, or once for all of them")
				j.Via.Relate(c.diags[n:])
				break
			}
		}
	}
}
