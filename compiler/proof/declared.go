package proof

import (
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// What a `jwt` statement declares of claims is a promise of the issuer's that no proxy holds it to. Questions take it at its word: in
// the tokens of that issuer, a claim that is a string is no list. The proof of a translation does not.

// promised is which claims are strings in the tokens that a statement is about: by the key of its scope, and its issuer.
type promised map[[2]string]map[sem.Attr]bool

func promises(p *ir.Program) promised {
	out := promised{}
	for _, j := range p.JWT {
		k := [2]string{intent.Key(j.Target.Namespace, j.Target.Labels()), j.Issuer}
		claims := intent.Strings(j)
		if before, twice := out[k]; twice { // what both say
			maps.DeleteFunc(claims, func(a sem.Attr, _ bool) bool { return !before[a] })
		}
		out[k] = claims
	}
	return out
}

// strings are the issuers in whose tokens a claim is a string, by claim. Of an issuer whose tokens somebody else verifies, too,
// nothing is known: that may make a list of it.
func (w *World) strings(policies []*istio.Object, pod *plane.Pod) map[sem.Attr][]string {
	said := map[string]map[sem.Attr]bool{} // by issuer
	for _, o := range policies {
		if o.Request == nil || !w.mesh.Reaches(o, pod) {
			continue
		}
		key := intent.Key(o.Namespace, selector(o))
		for _, r := range o.Request.JwtRules {
			_, twice := said[r.Issuer]
			switch {
			case r.Issuer == "": // it verifies those of all
				return nil
			case twice || w.others[o] != nil:
				said[r.Issuer] = nil
			default:
				said[r.Issuer] = w.promised[[2]string{key, r.Issuer}]
			}
		}
	}
	out := map[sem.Attr][]string{}
	for _, issuer := range slices.Sorted(maps.Keys(said)) {
		for claim := range said[issuer] {
			out[claim] = append(out[claim], issuer)
		}
	}
	return out
}

// declared holds for the requests whose claims are what `jwt` statements say of tokens of their issuer. With alone there are no tokens
// of issuers that nothing verifies.
func (d *Destination) declared(attrs map[sem.Attr]bool, alone bool) *sem.Expr {
	var groups [][]string // of issuers that say the same
	var ones [][]*sem.Expr
	for _, a := range slices.SortedFunc(maps.Keys(d.strings), func(a, b sem.Attr) int { return strings.Compare(a.Name, b.Name) }) {
		if !attrs[a] {
			continue
		}
		i := slices.IndexFunc(groups, func(g []string) bool { return slices.Equal(g, d.strings[a]) })
		if i < 0 {
			i = len(groups)
			groups, ones = append(groups, d.strings[a]), append(ones, nil)
		}
		ones[i] = append(ones[i], sem.Not(sem.Is(sem.Matcher{Attr: a, Parts: [3]sem.Pattern{{Op: sem.Several}}})))
	}
	parts := make([]*sem.Expr, len(groups))
	for i, issuers := range groups {
		if parts[i] = sem.And(ones[i]...); !alone || len(issuers) < len(d.tokens.Issuers) {
			parts[i] = sem.Or(parts[i], sem.Not(issuedBy(issuers)))
		}
	}
	return sem.And(parts...)
}

// issuedBy holds for the tokens of issuers.
func issuedBy(issuers []string) *sem.Expr {
	by := make([]*sem.Expr, len(issuers))
	for i, issuer := range issuers {
		by[i] = sem.Is(sem.Matcher{Attr: sem.Attr{Kind: sem.Token}, Parts: [3]sem.Pattern{{Op: sem.Exact, Text: issuer}}})
	}
	return sem.Or(by...)
}

// mixed reports whether the issuer of a token decides how many values one of its claims may have.
func (d *Destination) mixed(attrs map[sem.Attr]bool) bool {
	for a, issuers := range d.strings {
		if attrs[a] && len(issuers) < len(d.tokens.Issuers) {
			return true
		}
	}
	return false
}

// declares reports whether a program declares some claim to be a string.
func declares(p *ir.Program) bool {
	return slices.ContainsFunc(p.JWT, func(j *ir.JWT) bool { return len(intent.Strings(j)) > 0 })
}
