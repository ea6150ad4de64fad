// Package ztunnel evaluates what istiod tells ztunnel of policies as ztunnel does (src/rbac.rs, and assert_rbac of src/state.rs,
// at commit 62d826530e5c of istio/ztunnel).
package ztunnel

import (
	"net/netip"
	"slices"
	"strings"

	"istio.io/istio/pkg/workloadapi/security"
)

// Connection is what a policy is held against.
type Connection struct {
	Identity    *Identity // nil without mTLS
	Source      netip.Addr
	Destination netip.AddrPort
}

// Identity is that of the caller.
type Identity struct{ TrustDomain, Namespace, Account string }

func (i *Identity) String() string {
	return "spiffe://" + i.TrustDomain + "/ns/" + i.Namespace + "/sa/" + i.Account
}

// Matches reports whether a policy matches a connection.
func Matches(p *security.Authorization, c *Connection) bool {
	return slices.ContainsFunc(p.GetGroups(), func(rule *security.Group) bool {
		for _, clause := range rule.GetRules() {
			if len(clause.GetMatches()) > 0 && !slices.ContainsFunc(clause.GetMatches(), func(m *security.Match) bool { return match(m, c) }) {
				return false
			}
		}
		return true
	})
}

// match evaluates one entry of a clause; one that holds nothing is passed over.
func match(m *security.Match, c *Connection) bool {
	var identity, namespace string
	if c.Identity != nil {
		identity, namespace = c.Identity.String(), c.Identity.Namespace
	}
	within := func(a *security.Address) bool { return contains(a, c.Source) }
	to := func(a *security.Address) bool { return contains(a, c.Destination.Addr()) }
	port := func(p uint32) bool { return uint16(p) == c.Destination.Port() }
	account := func(a *security.ServiceAccountMatch) bool {
		return c.Identity != nil && c.Identity.Namespace == a.Namespace && c.Identity.Account == a.ServiceAccount
	}
	principal := func(s *security.StringMatch) bool {
		p, ok := strings.CutPrefix(identity, "spiffe://")
		return ok && text(s, p)
	}
	ns := func(s *security.StringMatch) bool { return text(s, namespace) }
	fields := []field{
		of(m.DestinationIps, m.NotDestinationIps, to),
		of(m.SourceIps, m.NotSourceIps, within),
		of(m.DestinationPorts, m.NotDestinationPorts, port),
		of(m.ServiceAccounts, m.NotServiceAccounts, account),
		of(m.Principals, m.NotPrincipals, principal),
		of(m.Namespaces, m.NotNamespaces, ns),
	}
	empty := true
	for _, f := range fields {
		if !f.holds {
			return false
		}
		empty = empty && f.empty
	}
	return !empty
}

// field is what came of the values of a field and of those that it must not have.
type field struct{ empty, holds bool }

func of[T any](values, not []T, holds func(T) bool) field {
	return field{
		empty: len(values)+len(not) == 0,
		holds: (len(values) == 0 || slices.ContainsFunc(values, holds)) && !slices.ContainsFunc(not, holds),
	}
}

func text(m *security.StringMatch, s string) bool {
	switch x := m.GetMatchType().(type) {
	case *security.StringMatch_Exact:
		return s == x.Exact
	case *security.StringMatch_Prefix:
		return strings.HasPrefix(s, x.Prefix)
	case *security.StringMatch_Suffix:
		return strings.HasSuffix(s, x.Suffix)
	case *security.StringMatch_Presence:
		return s != ""
	}
	return false
}

func contains(block *security.Address, a netip.Addr) bool {
	b, ok := netip.AddrFromSlice(block.Address)
	return ok && netip.PrefixFrom(b, int(block.Length)).Contains(a)
}

// Verdict is what the policies that reach the destination of a connection say of it: whether one denies it; whether one allows,
// and so all else is refused; whether such a one matches it.
func Verdict(policies []*security.Authorization, c *Connection) (deny, closed, allow bool) {
	for _, p := range policies {
		switch {
		case p.DryRun:
		case p.Action == security.Action_DENY:
			deny = deny || Matches(p, c)
		default:
			closed, allow = true, allow || Matches(p, c)
		}
	}
	return deny, closed, allow
}
