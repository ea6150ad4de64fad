package plane

import (
	"errors"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
)

// ztunnel translates a rule as istiod does for ztunnel (pilot/pkg/serviceregistry/ambient/authorization.go), which evaluates
// it in its own way (src/rbac.rs): in each list an entry of which nothing is left matches nothing, not everything.
func (t *translator) ztunnel(r *security.Rule) {
	for _, f := range r.GetFrom() {
		s := f.GetSource()
		t.unknown("remoteIpBlocks", s.GetRemoteIpBlocks(), s.GetNotRemoteIpBlocks())
		t.unknown("requestPrincipals", s.GetRequestPrincipals(), s.GetNotRequestPrincipals())
		if len(s.GetTrustDomains())+len(s.GetNotTrustDomains()) > 0 {
			t.rule.Ignored = add(t.rule.Ignored, "trustDomains")
		}
		and := t.field(nil, "principals", s.GetPrincipals(), s.GetNotPrincipals(), principal)
		and = t.field(and, "namespaces", s.GetNamespaces(), s.GetNotNamespaces(), segmentOfNamespace)
		and = t.field(and, "serviceAccounts", s.GetServiceAccounts(), s.GetNotServiceAccounts(), t.account)
		and = t.field(and, "ipBlocks", s.GetIpBlocks(), s.GetNotIpBlocks(), skipping(block(sem.SourceIP)))
		t.rule.From = append(t.rule.From, entry(and))
	}
	for _, o := range r.GetTo() {
		p := o.GetOperation()
		t.unknown("hosts", p.GetHosts(), p.GetNotHosts())
		t.unknown("methods", p.GetMethods(), p.GetNotMethods())
		t.unknown("paths", p.GetPaths(), p.GetNotPaths())
		t.rule.To = append(t.rule.To, entry(t.field(nil, "ports", p.GetPorts(), p.GetNotPorts(), skipping(port))))
	}
	for _, w := range r.GetWhen() {
		var m matching
		switch w.GetKey() {
		case keyPrincipal:
			m = principal
		case keyNamespace:
			m = segmentOfNamespace
		case keySourceIP:
			m = skipping(block(sem.SourceIP))
		case keyDestIP:
			m = skipping(block(sem.DestIP))
		case keyDestPort:
			m = skipping(port)
		default:
			t.rule.Lost = add(t.rule.Lost, w.GetKey())
			t.rule.When = append(t.rule.When, sem.False)
			continue
		}
		t.rule.When = append(t.rule.When, entry(t.field(nil, w.GetKey(), w.GetValues(), w.GetNotValues(), m)))
	}
	t.rule.Gone = t.allow && len(t.rule.Lost) > 0
}

// unknown notes a field that ztunnel is not told of.
func (t *translator) unknown(name string, values, not []string) {
	if len(values)+len(not) > 0 {
		t.rule.Lost = add(t.rule.Lost, name)
	}
}

// entry is an entry of a list; one without constraints matches nothing.
func entry(and []*sem.Expr) *sem.Expr {
	if len(and) == 0 {
		return sem.False
	}
	return sem.And(and...)
}

// skipping leaves values out that cannot be read.
func skipping(m matching) matching {
	return func(v string) (*sem.Expr, error) {
		x, err := m(v)
		if errors.Is(err, errLost) {
			err = errSkipped
		}
		return x, err
	}
}

// segmentOfNamespace matches the namespace itself.
func segmentOfNamespace(v string) (*sem.Expr, error) {
	p := text(v, sem.Any, false)
	if strings.Contains(p.Text, "/") {
		return nobody, nil
	}
	return is(peer, sem.Pattern{}, p), nil
}
