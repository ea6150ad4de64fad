package proof

import (
	"cmp"
	"maps"
	"slices"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

// Step is a step of the ladder that decides about a request.
type Step uint8

const (
	ByCustom  Step = iota // an external authorizer is asked, and refuses
	ByDeny                // a DENY rule matches
	ByAllow               // an ALLOW rule matches
	ByDefault             // no ALLOW rule matches, and there is an ALLOW policy
	Open                  // there is no ALLOW policy
)

// String names the step as Istio names actions; the last two are the default.
func (s Step) String() string { return [...]string{"CUSTOM", "DENY", "ALLOW", "default", "default"}[s] }

// Verdict is what policies say of one request, and which of them do.
type Verdict struct {
	Chain      plane.Chain
	Passes     bool
	Step       Step
	Rules      []Match         // the rules that match, in the order of the ladder
	Policies   []*istio.Object // on the last two steps: the ALLOW policies
	Statements []*ir.Rule      // the statements that speak of the request
	Baselines  []*ir.Baseline  // of its destination
}

// severalProviders is why a rule of an external authorizer refuses what it matches.
const severalProviders = "several providers are named for one workload, and Istio asks none of them"

// confused reports whether a request is refused because several providers are named: then the rules of CUSTOM policies deny.
func (v *Verdict) confused() bool {
	return v.Step == ByDeny && !slices.ContainsFunc(v.Rules, func(m Match) bool {
		return m.Policy.Authorization.Action == security.AuthorizationPolicy_DENY
	})
}

// Match is a rule of a policy.
type Match struct {
	Policy *istio.Object
	Index  int
	Span   source.Span // of a rule of somebody else's policy: where it was read
}

// Rule is a rule of a policy of the world.
func (w *World) Rule(o *istio.Object, index int) Match {
	m := Match{Policy: o, Index: index}
	if d := w.others[o]; d != nil && index < len(d.Rules) {
		m.Span = d.Rules[index].Span
	}
	return m
}

// Why tells what becomes of a request, and why. What the request does not name is absent.
func (w *World) Why(d *Destination, chain int, r sem.Request) Verdict {
	v := Verdict{Chain: chains[chain].plane}
	l, err := w.ladder(d, chain)
	if err != nil {
		return v
	}
	for _, name := range sortedKeys(l.Custom) {
		if l.Custom[name].Holds(r) && !sem.Says(name).Holds(r) {
			v.Step = ByCustom
			break
		}
		v.Step = Open
	}
	refused := len(l.Custom) > 0 && v.Step == ByCustom
	switch {
	case refused:
	case l.Deny.Holds(r):
		v.Step = ByDeny
	case !l.Closed:
		v.Step, v.Passes = Open, true
	case l.Allow.Holds(r):
		v.Step, v.Passes = ByAllow, true
	default:
		v.Step = ByDefault
	}
	w.matches(d, &v, r)
	for _, s := range d.scopes {
		v.Baselines = append(v.Baselines, s.Baselines...)
		for _, x := range s.Rules {
			if set, err := w.reader.Rule(x, intent.Chain(chain)); err == nil && set.Holds(r) { // what cannot be told is not named
				v.Statements = append(v.Statements, x)
			}
		}
	}
	slices.SortStableFunc(v.Statements, func(a, b *ir.Rule) int { return cmp.Compare(weight(a), weight(b)) })
	return v
}

// weight orders statements as the ladder does; those without consequence come last.
func weight(r *ir.Rule) int {
	switch {
	case r.DryRun:
		return 4
	case r.Action == ast.Delegate:
		return 0
	case r.Action == ast.Deny:
		return 1
	case r.Action == ast.Allow:
		return 2
	}
	return 3
}

// matches finds the rules that match a request.
func (w *World) matches(d *Destination, v *Verdict, r sem.Request) {
	order := []security.AuthorizationPolicy_Action{security.AuthorizationPolicy_CUSTOM, security.AuthorizationPolicy_DENY, security.AuthorizationPolicy_ALLOW, security.AuthorizationPolicy_AUDIT}
	for _, action := range order {
		for _, o := range d.policies {
			if o.Authorization.Action != action || w.unasked(d, o, v.Chain) {
				continue
			}
			if action == security.AuthorizationPolicy_ALLOW && !plane.DryRun(o) {
				v.Policies = append(v.Policies, o)
			}
			rules, err := w.mesh.Rules(o, v.Chain)
			if err != nil {
				continue
			}
			for i := range rules {
				if rules[i].Holds().Holds(r) && !plane.DryRun(o) {
					v.Rules = append(v.Rules, w.Rule(o, i))
				}
			}
		}
	}
}

// unasked reports whether nobody is asked for a policy on a chain: one of an authorizer that is asked about HTTP alone, where it is
// not one of several, which Istio asks none of.
func (w *World) unasked(d *Destination, o *istio.Object, c plane.Chain) bool {
	provider := o.Authorization.GetProvider().GetName()
	if c != plane.TCP || o.Authorization.Action != security.AuthorizationPolicy_CUSTOM || w.mesh.Providers[provider] != ir.HTTPProvider {
		return false
	}
	return w.mesh.MultipleProviders || !slices.ContainsFunc(d.policies, func(x *istio.Object) bool {
		a := x.Authorization
		return a.Action == security.AuthorizationPolicy_CUSTOM && !plane.DryRun(x) && a.GetProvider().GetName() != provider
	})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
