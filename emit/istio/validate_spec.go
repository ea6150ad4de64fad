package istio

import (
	"net/netip"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"
)

func (v *validator) authorization(p *security.AuthorizationPolicy) {
	v.target(p.Selector, p.TargetRef, p.TargetRefs)
	if _, ok := security.AuthorizationPolicy_Action_name[int32(p.Action)]; !ok {
		v.addAt([]any{"spec", "action"}, "action %d does not exist", p.Action)
	}
	custom := p.Action == security.AuthorizationPolicy_CUSTOM
	switch {
	case custom && p.ActionDetail == nil:
		v.addAt([]any{"spec", "action"}, "a CUSTOM policy needs provider.name")
	case custom && p.GetProvider().GetName() == "":
		v.addAt([]any{"spec", "provider", "name"}, "a CUSTOM policy needs provider.name")
	case !custom && p.ActionDetail != nil:
		v.addAt([]any{"spec", "provider"}, "provider is for CUSTOM policies")
	}
	v.text("provider", p.GetProvider().GetName())
	if len(p.Rules) == 0 && (custom || p.Action == security.AuthorizationPolicy_DENY) {
		v.addAt([]any{"spec", "action"}, "a %s policy without rules never applies", p.Action)
	}
	if len(p.Rules) > MaxRules {
		v.addAt([]any{"spec", "rules"}, "%d rules exceed %d", len(p.Rules), MaxRules)
	}
	for i, r := range p.Rules {
		v.at = place{list: "rules", item: i}
		if r == nil {
			v.add("rule %d is nil", i)
			continue
		}
		v.rule(i, r, custom)
	}
	v.at = place{}
}

func (v *validator) rule(i int, r *security.Rule, custom bool) {
	if len(r.From) > MaxFrom {
		v.addAt(append(v.at.path(), "from"), "rule %d: %d from entries exceed %d", i, len(r.From), MaxFrom)
	}
	for k, f := range r.From {
		v.at.part, v.at.entry, v.at.inner = "from", k, ""
		if s := f.GetSource(); s != nil {
			v.source(i, s, custom)
		} else {
			v.add("rule %d: a from without source", i)
		}
	}
	for k, t := range r.To {
		v.at.part, v.at.entry, v.at.inner = "to", k, ""
		if o := t.GetOperation(); o != nil {
			v.operation(i, o)
		} else {
			v.add("rule %d: a to without operation", i)
		}
	}
	for k, c := range r.When {
		v.at.part, v.at.entry, v.at.inner = "when", k, ""
		v.condition(i, c, custom)
	}
}

// values checks the values of a field; it reports how many there are.
func (v *validator) values(rule int, field string, values []string, check func(string) string) int {
	if len(values) == 0 { // as most fields
		return 0
	}
	return v.valuesOf(rule, field, field, values, check)
}

// valuesOf checks the values of a field that messages call by another name.
func (v *validator) valuesOf(rule int, name, field string, values []string, check func(string) string) int {
	for k, s := range values {
		if s == "" {
			v.addAt(append(v.at.path(), field, k), "rule %d: empty value in %s", rule, name)
		} else if check != nil {
			if bad := check(s); bad != "" {
				v.addAt(append(v.at.path(), field, k), "rule %d: %s: %q %s", rule, name, s, bad)
			}
		}
	}
	v.text(name, values...)
	return len(values)
}

func (v *validator) source(i int, s *security.Source, custom bool) {
	v.at.inner = "source"
	identities := v.values(i, "principals", s.Principals, nil) +
		v.values(i, "notPrincipals", s.NotPrincipals, nil) +
		v.values(i, "namespaces", s.Namespaces, nil) +
		v.values(i, "notNamespaces", s.NotNamespaces, nil)
	accounts := v.values(i, "serviceAccounts", s.ServiceAccounts, serviceAccount) +
		v.values(i, "notServiceAccounts", s.NotServiceAccounts, serviceAccount)
	others := v.values(i, "trustDomains", s.TrustDomains, trustDomain) +
		v.values(i, "notTrustDomains", s.NotTrustDomains, trustDomain) +
		v.values(i, "requestPrincipals", s.RequestPrincipals, nil) +
		v.values(i, "notRequestPrincipals", s.NotRequestPrincipals, nil)
	addresses := v.values(i, "ipBlocks", s.IpBlocks, ipBlock) +
		v.values(i, "notIpBlocks", s.NotIpBlocks, ipBlock) +
		v.values(i, "remoteIpBlocks", s.RemoteIpBlocks, ipBlock) +
		v.values(i, "notRemoteIpBlocks", s.NotRemoteIpBlocks, ipBlock)
	if identities+accounts+others+addresses == 0 {
		v.add("rule %d: an empty source", i)
	}
	if identities > 0 && accounts > 0 {
		v.exclude(append(v.at.path(), "serviceAccounts"), "rule %d: service accounts together with namespaces or principals", i)
	}
	if custom && identities+accounts+others > 0 {
		v.add("rule %d: identities are not supported in a CUSTOM policy", i)
	}
	if max(len(s.ServiceAccounts), len(s.NotServiceAccounts)) > MaxServiceAccounts {
		v.addAt(append(v.at.path(), "serviceAccounts"), "rule %d: more than %d service accounts", i, MaxServiceAccounts)
	}
}

func (v *validator) operation(i int, o *security.Operation) {
	v.at.inner = "operation"
	n := v.values(i, "hosts", o.Hosts, nil) +
		v.values(i, "notHosts", o.NotHosts, nil) +
		v.values(i, "ports", o.Ports, port) +
		v.values(i, "notPorts", o.NotPorts, port) +
		v.values(i, "methods", o.Methods, nil) +
		v.values(i, "notMethods", o.NotMethods, nil) +
		v.values(i, "paths", o.Paths, PathFault) +
		v.values(i, "notPaths", o.NotPaths, PathFault)
	if n == 0 {
		v.add("rule %d: an empty operation", i)
	}
}

func (v *validator) condition(i int, c *security.Condition, custom bool) {
	key := c.GetKey()
	check, ok := attribute(key)
	switch {
	case key == "":
		v.addAt(append(v.at.path(), "key"), "rule %d: a condition without key", i)
		return
	case !ok:
		v.addAt(append(v.at.path(), "key"), "rule %d: key %q is unknown", i, key)
		return
	case custom && (strings.HasPrefix(key, "request.auth.") || strings.HasPrefix(key, "source.") && key != "source.ip"):
		v.addAt(append(v.at.path(), "key"), "rule %d: key %s is not supported in a CUSTOM policy", i, key)
	}
	v.text("when.key", key)
	if v.valuesOf(i, key, "values", c.Values, check)+v.valuesOf(i, key, "notValues", c.NotValues, check) == 0 {
		v.addAt(append(v.at.path(), "key"), "rule %d: key %s without values", i, key)
	}
	if key == "source.serviceAccount" && max(len(c.Values), len(c.NotValues)) > MaxServiceAccounts {
		v.add("rule %d: more than %d values of %s", i, MaxServiceAccounts, key)
	}
}

// attribute finds the check of the values of a condition's key; ok is false for an unknown key.
func attribute(key string) (check func(string) string, ok bool) {
	switch key {
	case "source.ip", "remote.ip", "destination.ip":
		return ipBlock, true
	case "destination.port":
		return port, true
	case "source.serviceAccount":
		return serviceAccount, true
	case "source.trustDomain":
		return wildcard, true
	case "source.namespace", "source.principal", "request.auth.principal", "request.auth.audiences", "request.auth.presenter",
		"connection.sni":
		return nil, true
	}
	for _, prefix := range []string{"request.headers", "request.auth.claims", "experimental.envoy.filters."} {
		if strings.HasPrefix(key, prefix) {
			open := strings.IndexByte(key, '[')
			return nil, strings.HasSuffix(key, "]") && open > 0 && open < len(key)-2
		}
	}
	return nil, false
}

func ipBlock(s string) string {
	if strings.Contains(s, "/") {
		if _, err := netip.ParsePrefix(s); err != nil {
			return "is no CIDR"
		}
	} else if _, err := netip.ParseAddr(s); err != nil {
		return "is no IP address"
	}
	return ""
}

func port(s string) string {
	if _, err := strconv.ParseUint(s, 10, 16); err != nil {
		return "is no port"
	}
	return ""
}

func wildcard(s string) string {
	n := strings.Count(s, "*")
	if n > 1 || n == 1 && s[0] != '*' && s[len(s)-1] != '*' {
		return "has a wildcard that is not one at an end"
	}
	return ""
}

func trustDomain(s string) string {
	if strings.Contains(s, "/") {
		return "has a slash"
	}
	return wildcard(s)
}

func serviceAccount(s string) string {
	ns, rest, cut := strings.Cut(s, "/")
	switch {
	case strings.Contains(s, "*"):
		return "has a wildcard"
	case ns == "" || cut && (rest == "" || strings.Contains(rest, "/")):
		return "is neither an account nor a namespace and an account"
	case len(s) > MaxServiceAccountLen:
		return "is too long"
	}
	return ""
}

// PathFault says what Istio refuses in a path, "" where that is nothing.
func PathFault(s string) string {
	if strings.IndexByte(s, '{') < 0 && strings.IndexByte(s, '}') < 0 { // as nearly all paths are
		return ""
	}
	template := strings.Contains(s, "{*}") || strings.Contains(s, "{**}")
	last := false
	for part := range strings.SplitSeq(strings.Trim(s, "/"), "/") {
		switch {
		case part == "{*}" || part == "{**}":
			if last {
				return "has {**} before its last operator"
			}
			last = part == "{**}"
		case strings.ContainsAny(part, "{}"):
			return "has a brace that is no template"
		case template && !segment(part):
			return "has a segment that a template cannot have"
		}
	}
	return ""
}

// segment reports whether s consists of the characters of a URI's path segment that Istio accepts beside a template.
func segment(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !letterOrDigit(c) && strings.IndexByte("-._~%!$&'()+,;:@=", c) < 0 {
			return false
		}
	}
	return s != ""
}

func (v *validator) peer(p *security.PeerAuthentication) {
	v.target(p.Selector, nil, nil)
	mode := func(m *security.PeerAuthentication_MutualTLS) {
		if _, ok := security.PeerAuthentication_MutualTLS_Mode_name[int32(m.GetMode())]; !ok {
			v.add("mode %d of mTLS does not exist", m.GetMode())
		}
	}
	mode(p.Mtls)
	if len(p.PortLevelMtls) > 0 && len(p.Selector.GetMatchLabels()) == 0 {
		field := "portLevelMtls"
		if p.Selector != nil {
			field = "selector"
		}
		v.addAt([]any{"spec", field}, "portLevelMtls needs a selector")
	}
	for _, port := range sorted(p.PortLevelMtls) {
		m := p.PortLevelMtls[port]
		if port == 0 || port > 65535 {
			v.addAt([]any{"spec", "portLevelMtls", strconv.Itoa(int(port))}, "portLevelMtls: %d is no port", port)
		}
		if m == nil {
			v.addAt([]any{"spec", "portLevelMtls", strconv.Itoa(int(port))}, "portLevelMtls: port %d has no mode", port)
		}
		mode(m)
	}
}

const maxJWKSURI = 2048 // maxLength of jwksUri

func (v *validator) request(p *security.RequestAuthentication) {
	v.target(p.Selector, p.TargetRef, p.TargetRefs)
	if len(p.JwtRules) > MaxJWTRules {
		v.addAt([]any{"spec", "jwtRules"}, "%d jwtRules exceed %d", len(p.JwtRules), MaxJWTRules)
	}
	for i, r := range p.JwtRules {
		v.at = place{list: "jwtRules", item: i}
		if r == nil {
			v.add("rule %d is nil", i)
			continue
		}
		v.jwt(i, r)
	}
	v.at = place{}
}

func (v *validator) jwt(i int, r *security.JWTRule) {
	if r.Issuer == "" && r.JwksUri == "" {
		v.add("rule %d: neither issuer nor jwksUri", i)
	}
	if r.Jwks != "" && r.JwksUri != "" {
		v.exclude(append(v.at.path(), "jwks"), "rule %d: only one of jwks and jwksUri can be set", i)
	}
	if u := r.JwksUri; u != "" {
		if bad := JWKSURIFault(u); bad != "" {
			v.addAt(append(v.at.path(), "jwksUri"), "rule %d: jwksUri %q %s", i, u, bad)
		}
	}
	if r.Jwks != "" {
		if bad := JWKSFault(r.Jwks); bad != "" {
			v.addAt(append(v.at.path(), "jwks"), "rule %d: jwks %s", i, bad)
		}
	}
	v.text("jwtRules", r.Issuer, r.JwksUri, r.Jwks, r.OutputPayloadToHeader)
	v.values(i, "audiences", r.Audiences, nil)
	v.values(i, "fromParams", r.FromParams, nil)
	v.values(i, "fromCookies", r.FromCookies, nil)
	v.values(i, "spaceDelimitedClaims", r.SpaceDelimitedClaims, nil)
	if len(r.SpaceDelimitedClaims) > MaxSpaceClaims {
		v.addAt(append(v.at.path(), "spaceDelimitedClaims"), "rule %d: %d spaceDelimitedClaims exceed %d", i, len(r.SpaceDelimitedClaims), MaxSpaceClaims)
	}
	for k, h := range r.FromHeaders {
		if h.GetName() == "" {
			v.addAt(append(v.at.path(), "fromHeaders", k, "name"), "rule %d: a header in fromHeaders without name", i)
		}
		v.text("fromHeaders", h.GetName(), h.GetPrefix())
	}
	for k, c := range r.OutputClaimToHeaders {
		if c.GetClaim() == "" {
			v.addAt(append(v.at.path(), "outputClaimToHeaders", k, "claim"), "rule %d: no claim is named for the header %q", i, c.GetHeader())
		}
		if !header(c.GetHeader()) {
			v.addAt(append(v.at.path(), "outputClaimToHeaders", k, "header"), "rule %d: %q, for the claim %q, is no name of a header", i, c.GetHeader(), c.GetClaim())
		}
		v.text("outputClaimToHeaders", c.GetClaim())
	}
	if t := r.Timeout; t != nil && (t.CheckValid() != nil || t.Seconds <= 0 && t.Nanos < 1_000_000 || t.Nanos%1_000_000 != 0) {
		v.addAt(append(v.at.path(), "timeout"), "rule %d: timeout %v is not a positive number of milliseconds", i, t)
	}
}

// header reports whether s is a header name as Istio's CRD wants it in outputClaimToHeaders.
func header(s string) bool {
	for i := range len(s) {
		if c := s[i]; !letterOrDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}
