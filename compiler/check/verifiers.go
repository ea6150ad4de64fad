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

// untyped finds the first `jwt` statement whose tokens a rule may read on some pod of its target, and that gives a claim no type.
func (v *verifiers) untyped(r *ir.Rule, claim string) *ir.JWT {
	at := v.read[r.Target.Place()]
	if at == nil {
		at = &readable{by: map[string][]int{}, untyped: map[issuerClaim]int{}}
		for i := range v.near.near(r.Target) {
			if meets(&v.all[i].Target, r.Target) {
				at.by[v.all[i].Issuer] = append(at.by[v.all[i].Issuer], i)
				at.all = append(at.all, i)
			}
		}
		v.read[r.Target.Place()] = at
	}
	find := func(list []int, issuer string) int {
		k := issuerClaim{issuer, claim}
		first, known := at.untyped[k]
		if !known {
			first = len(v.all)
			for _, i := range list {
				if _, typed := v.all[i].Claims[claim]; !typed {
					first = min(first, i)
				}
			}
			at.untyped[k] = first
		}
		return first
	}
	first := len(v.all)
	for _, a := range r.Sources.As {
		if issuer := issuerOf(a); issuer != "" {
			first = min(first, find(at.by[issuer], issuer))
		} else { // `as "*"` has no issuer
			first = min(first, find(at.all, ""))
		}
	}
	if len(r.Sources.As) == 0 {
		first = find(at.all, "")
	}
	if first == len(v.all) {
		return nil
	}
	return v.all[first]
}

// readable are the statements whose tokens a rule may read on some pod of a place; numbers are places in the list of all.
type readable struct {
	all     []int
	by      map[string][]int    // issuer
	untyped map[issuerClaim]int // the first that gives a claim no type, or how many there are
}

type issuerClaim struct{ issuer, claim string } // of any issuer when it is empty

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
