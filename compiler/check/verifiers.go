package check

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
)

// verifiers finds the `jwt` statements that cover a target.
type verifiers struct {
	all      []*ir.JWT
	covering ir.Covering
	near     meeting
	seen     map[ir.Place]verified
	read     map[ir.Place]*readable
}

type verified struct {
	list    []*ir.JWT
	issuers map[string]bool
}

func newVerifiers(p *ir.Program) *verifiers {
	v := &verifiers{all: p.JWT, seen: map[ir.Place]verified{}, read: map[ir.Place]*readable{}}
	for _, j := range p.JWT {
		v.covering.Add(&j.Target)
		v.near.add(&j.Target)
	}
	return v
}

// of returns the statements that cover a target, in their order, and their issuers.
func (v *verifiers) of(t *ir.Target) ([]*ir.JWT, map[string]bool) {
	k := t.Place()
	if found, ok := v.seen[k]; ok {
		return found.list, found.issuers
	}
	found := verified{issuers: map[string]bool{}}
	for _, i := range v.covering.Of(t) {
		found.list = append(found.list, v.all[i])
		found.issuers[v.all[i].Issuer] = true
	}
	v.seen[k] = found
	return found.list, found.issuers
}

// untyped finds the first `jwt` statement whose tokens a rule may read on some pod of its target, and that gives a claim no type;
// nil where there is none. unknown says that each of those statements lists claims, and this one is in no list.
func (v *verifiers) untyped(r *ir.Rule, claim string) (first *ir.JWT, unknown bool) {
	at := v.read[r.Target.Place()]
	if at == nil {
		at = &readable{by: map[string][]int{}, lacks: map[issuerClaim]lack{}}
		for i := range v.near.near(r.Target) {
			if meets(&v.all[i].Target, r.Target) {
				at.by[v.all[i].Issuer] = append(at.by[v.all[i].Issuer], i)
				at.all = append(at.all, i)
			}
		}
		v.read[r.Target.Place()] = at
	}
	out := lack{len(v.all), true}
	find := func(list []int, issuer string) {
		k := issuerClaim{issuer, claim}
		found, known := at.lacks[k]
		if !known {
			found = lack{len(v.all), len(list) > 0}
			for _, i := range list {
				if _, typed := v.all[i].Claims[claim]; !typed {
					found.first = min(found.first, i)
				}
				found.unknown = found.unknown && isUnknown(v.all[i], claim)
			}
			at.lacks[k] = found
		}
		out = lack{min(out.first, found.first), out.unknown && found.unknown}
	}
	for _, a := range r.Sources.As {
		if issuer := issuerOf(a); issuer != "" {
			find(at.by[issuer], issuer)
		} else { // `as "*"` has no issuer
			find(at.all, "")
		}
	}
	if len(r.Sources.As) == 0 {
		find(at.all, "")
	}
	if out.first == len(v.all) {
		return nil, false
	}
	return v.all[out.first], out.unknown
}

// readable are the statements whose tokens a rule may read on some pod of a place; numbers are places in the list of all.
type readable struct {
	all   []int
	by    map[string][]int // issuer
	lacks map[issuerClaim]lack
}

type issuerClaim struct{ issuer, claim string } // of any issuer when it is empty

// lack is what statements say of a claim.
type lack struct {
	first   int  // that gives it no type, or how many statements there are
	unknown bool // each lists claims, and not this one
}

// sameIssuer refuses an issuer that pods accept by two statements, one of which covers the other: Istio accepts what either
// accepts, and of their other lines goes by those of the one that comes first. Two on one target are the business of lower.
func (c *checker) sameIssuer() {
	type issuer struct {
		covering ir.Covering
		first    []*ir.JWT // on each target
		seen     map[ir.Place]bool
	}
	by := map[string]*issuer{}
	var order []*issuer
	for _, j := range c.p.JWT {
		o := by[j.Issuer]
		if o == nil {
			o = &issuer{seen: map[ir.Place]bool{}}
			by[j.Issuer] = o
			order = append(order, o)
		}
		if k := j.Target.Place(); !o.seen[k] {
			o.seen[k] = true
			o.covering.Add(&j.Target)
			o.first = append(o.first, j)
		}
	}
	for _, o := range order {
		for _, j := range o.first {
			for _, i := range o.covering.Of(&j.Target) {
				other := o.first[i]
				if s, t := &other.Target, &j.Target; s.Namespace == t.Namespace && slices.Equal(s.Labels(), t.Labels()) {
					continue
				}
				n := len(c.diags)
				d := c.diags.Add(diag.JWTTwice, j.Span, "%s already accepts tokens of %q, as all of %s does", &j.Target, j.Issuer, &other.Target)
				j.Via.And(d.Relate(other.Span, "here"), other.Via).
					Note("Istio accepts what either of the two accepts").
					Advise("write the statement for each target apart, or once for all of them")
				j.Via.Relate(c.diags[n:], j.Span)
				break
			}
		}
	}
}
