// Package plane says what Istio's policies mean in each data plane, as sets of requests: for a sidecar, a gateway or a waypoint
// on its HTTP and on its TCP chains, and for ztunnel. It follows what istiod generates from a policy and how the proxy then
// evaluates it, with all that gets lost on the way.
//
// What it assumes of requests: a caller has no identity or one of the form TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT, whose parts
// are neither empty nor hold a slash; claims hold no line breaks, which `.+` would not match.
package plane

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
)

// Chain is one of the three evaluators of a policy.
type Chain uint8

const (
	HTTP    Chain = iota // Envoy's HTTP filter
	TCP                  // Envoy's network filter: it knows nothing of HTTP
	ZTunnel              // of the node, in ambient mode: layer 4 alone
)

func (c Chain) String() string { return [...]string{"HTTP", "TCP", "ztunnel"}[c] }

// Mesh is what decides, beside a policy itself, what it means.
type Mesh struct {
	TrustDomain   string
	Aliases       []string // of the trust domain
	RootNamespace string
	// Providers are the external authorizers that something is known of. One of an unknown kind is taken to be asked about
	// connections too; where it is not, that is as if it consented.
	Providers map[string]ir.ProviderKind
	// AllProviders says that there are no others: a policy that names another one denies.
	AllProviders      bool
	MultipleProviders bool // istiod is set to ask several providers for one workload
}

// Rule is one rule of a policy on one chain. The lists have one expression for each entry of the rule's lists, and are nil
// where those are.
type Rule struct {
	Policy         *istio.Object
	Index          int
	From, To, When []*sem.Expr
	// Gone says that the rule matches nothing on this chain, because it holds what the chain does not know.
	Gone bool
	// Lost are the fields, and keys of conditions, that the chain does not know: they make an ALLOW rule match nothing, and
	// are left out of another one.
	Lost []string
	// Ignored are the fields that the chain leaves out of any rule, or some values of which it does.
	Ignored []string
}

// Holds are the requests that a rule matches.
func (r *Rule) Holds() *sem.Expr {
	if r.Gone {
		return sem.False
	}
	parts := make([]*sem.Expr, 0, 2+len(r.When))
	if r.From != nil {
		parts = append(parts, sem.Or(r.From...))
	}
	if r.To != nil {
		parts = append(parts, sem.Or(r.To...))
	}
	return sem.And(append(parts, r.When...)...)
}

// NotModelledError says that the meaning of a policy cannot be told.
type NotModelledError struct {
	Policy *istio.Object
	Rule   int
	Field  string // or the key of a condition; "" where it is the policy itself
	Value  string
	Why    string
}

func (e *NotModelledError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("not modelled: %s/%s %s", e.Policy.Namespace, e.Policy.Name, e.Why)
	}
	return fmt.Sprintf("not modelled: %s/%s, rule %d, %s: %q %s", e.Policy.Namespace, e.Policy.Name, e.Rule, e.Field, e.Value, e.Why)
}

// Rules returns what each rule of an AuthorizationPolicy means. The error is a *NotModelledError.
func (m *Mesh) Rules(p *istio.Object, c Chain) ([]Rule, error) {
	if p.Authorization == nil {
		return nil, nil
	}
	rules := make([]Rule, len(p.Authorization.Rules))
	for i, r := range p.Authorization.Rules {
		t := translator{mesh: m, chain: c, allow: p.Authorization.Action == security.AuthorizationPolicy_ALLOW, rule: Rule{Policy: p, Index: i}}
		if c == ZTunnel {
			t.ztunnel(r)
		} else {
			t.envoy(r)
		}
		if t.err != nil {
			return nil, t.err
		}
		rules[i] = t.rule
	}
	return rules, nil
}

// DryRun reports whether a policy is evaluated without consequence. A value that is no boolean leaves it in force.
func DryRun(p *istio.Object) bool {
	dry, _ := strconv.ParseBool(p.Annotations["istio.io/dry-run"])
	return dry
}

// Ladder pools the AuthorizationPolicies that reach one pod into what decides about requests to it. Those on dry run do not
// count. The error is a *NotModelledError.
func (m *Mesh) Ladder(policies []*istio.Object, c Chain) (sem.Ladder, error) {
	pooled := map[security.AuthorizationPolicy_Action][]*sem.Expr{}
	custom := map[string][]*sem.Expr{}
	var l sem.Ladder
	for _, p := range policies {
		a := p.Authorization
		if a == nil || DryRun(p) {
			continue
		}
		if c == ZTunnel && a.Action != security.AuthorizationPolicy_ALLOW && a.Action != security.AuthorizationPolicy_DENY {
			continue // it is never told of them
		}
		rules, err := m.Rules(p, c)
		if err != nil {
			return sem.Ladder{}, err
		}
		into := pooled[a.Action]
		if a.Action == security.AuthorizationPolicy_CUSTOM {
			into = custom[a.GetProvider().GetName()]
		}
		for i := range rules {
			if !rules[i].Gone {
				into = append(into, rules[i].Holds())
			}
		}
		if a.Action == security.AuthorizationPolicy_CUSTOM {
			custom[a.GetProvider().GetName()] = into
		} else {
			pooled[a.Action] = into
		}
		l.Closed = l.Closed || a.Action == security.AuthorizationPolicy_ALLOW
	}
	deny := pooled[security.AuthorizationPolicy_DENY]
	for _, name := range slices.Sorted(maps.Keys(custom)) {
		rules := custom[name]
		switch kind, known := m.Providers[name]; {
		case len(custom) > 1 && !m.MultipleProviders, !known && m.AllProviders:
			deny = append(deny, rules...)
		case c == TCP && kind == ir.HTTPProvider: // nobody is asked
		default:
			if l.Custom == nil {
				l.Custom = map[string]*sem.Expr{}
			}
			l.Custom[name] = sem.Or(rules...)
		}
	}
	l.Deny = sem.Or(deny...)
	l.Allow = sem.Or(pooled[security.AuthorizationPolicy_ALLOW]...)
	l.Audit = sem.Or(pooled[security.AuthorizationPolicy_AUDIT]...)
	return l, nil
}
