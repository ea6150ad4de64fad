package plane

import (
	"errors"
	"slices"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
)

// errLost says that a chain does not know a field, or that istiod makes nothing of a value.
var errLost = errors.New("lost")

// errSkipped says that a value is left out and the rule kept, whatever the action.
var errSkipped = errors.New("skipped")

// notModelled is why a value has no meaning here.
type notModelled string

func (e notModelled) Error() string { return string(e) }

// translator makes one rule.
type translator struct {
	mesh  *Mesh
	chain Chain
	allow bool
	rule  Rule
	err   error
}

// matching makes the expression of one value of a field.
type matching func(value string) (*sem.Expr, error)

// field adds what a field and its twin ask. Nothing comes of values that are lost.
func (t *translator) field(into []*sem.Expr, name string, values, not []string, m matching) []*sem.Expr {
	if x := t.any(name, values, m); x != nil {
		into = append(into, x)
	}
	if x := t.any(name, not, m); x != nil {
		into = append(into, sem.Not(x))
	}
	return into
}

func (t *translator) any(name string, values []string, m matching) *sem.Expr {
	if len(values) == 0 {
		return nil
	}
	or := make([]*sem.Expr, 0, len(values))
	for _, v := range values {
		x, err := m(v)
		var why notModelled
		switch {
		case err == nil:
			or = append(or, x)
		case errors.As(err, &why):
			if t.err == nil {
				t.err = &NotModelledError{Policy: t.rule.Policy, Rule: t.rule.Index, Field: name, Value: v, Why: string(why)}
			}
		case errors.Is(err, errSkipped):
			t.rule.Ignored = add(t.rule.Ignored, name)
		default:
			t.rule.Lost = add(t.rule.Lost, name)
		}
	}
	if len(or) == 0 {
		return nil
	}
	return sem.Or(or...)
}

// add adds a name to a list of names.
func add(list []string, name string) []string {
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// envoy translates a rule as istiod does for Envoy (pilot/pkg/security/authz/model).
func (t *translator) envoy(r *security.Rule) {
	for _, w := range r.GetWhen() {
		m, known := t.condition(w.GetKey())
		if !known {
			t.rule.Gone = true // whatever the action
			t.rule.Lost = add(t.rule.Lost, w.GetKey())
			return
		}
		values, not := w.GetValues(), w.GetNotValues()
		switch w.GetKey() {
		case keyPrincipal:
			values, not = t.mesh.principals(values), t.mesh.principals(not)
		case keyTrustDomain:
			values, not = t.mesh.trustDomains(values), t.mesh.trustDomains(not)
		}
		t.rule.When = append(t.rule.When, sem.And(t.field(nil, w.GetKey(), values, not, m)...))
	}
	for _, f := range r.GetFrom() {
		t.rule.From = append(t.rule.From, sem.And(t.source(f.GetSource())...))
	}
	for _, o := range r.GetTo() {
		t.rule.To = append(t.rule.To, sem.And(t.operation(o.GetOperation())...))
	}
	t.rule.Gone = t.allow && len(t.rule.Lost) > 0
}

func (t *translator) source(s *security.Source) (and []*sem.Expr) {
	and = t.field(and, "principals", t.mesh.principals(s.GetPrincipals()), t.mesh.principals(s.GetNotPrincipals()), principal)
	and = t.field(and, "namespaces", s.GetNamespaces(), s.GetNotNamespaces(), namespace)
	and = t.field(and, "serviceAccounts", s.GetServiceAccounts(), s.GetNotServiceAccounts(), t.account)
	and = t.field(and, "trustDomains", t.mesh.trustDomains(s.GetTrustDomains()), t.mesh.trustDomains(s.GetNotTrustDomains()), trustDomain)
	and = t.field(and, "requestPrincipals", s.GetRequestPrincipals(), s.GetNotRequestPrincipals(), t.http(requestPrincipal))
	and = t.field(and, "ipBlocks", s.GetIpBlocks(), s.GetNotIpBlocks(), block(sem.SourceIP))
	return t.field(and, "remoteIpBlocks", s.GetRemoteIpBlocks(), s.GetNotRemoteIpBlocks(), block(sem.RemoteIP))
}

func (t *translator) operation(o *security.Operation) (and []*sem.Expr) {
	and = t.field(and, "ports", o.GetPorts(), o.GetNotPorts(), port)
	and = t.field(and, "hosts", o.GetHosts(), o.GetNotHosts(), t.http(host))
	and = t.field(and, "methods", o.GetMethods(), o.GetNotMethods(), t.http(method))
	return t.field(and, "paths", o.GetPaths(), o.GetNotPaths(), t.http(path))
}

// http makes a field one that only HTTP chains know.
func (t *translator) http(m matching) matching {
	if t.chain == HTTP {
		return m
	}
	return lost
}

func lost(string) (*sem.Expr, error) { return nil, errLost }
