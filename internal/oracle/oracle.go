// Package oracle answers what Istio does with one request, in the most naive way there is: it reads the YAML of policies into
// maps, makes the strings and regular expressions that istiod makes, and tries them on the request as Envoy and ztunnel do. It
// is for tests alone, and shares no code with what it is held against.
//
// Its source is Istio's own code, as ../shared/design/istio-semantics.md describes it; comments name its sections.
package oracle

import (
	"maps"
	"slices"
	"strconv"
)

// Chain is one of the three evaluators.
type Chain int

const (
	HTTP Chain = iota
	TCP
	ZTunnel
)

// Mesh is the configuration of a mesh.
type Mesh struct {
	TrustDomain   string
	Aliases       []string
	RootNamespace string
	// Providers are the external authorizers, true for those of gRPC, which can be asked about connections.
	Providers         map[string]bool
	MultipleProviders bool // PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS
}

// Request is a request, or a connection: there the fields of HTTP are not looked at.
type Request struct {
	Peer                       string // TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT; "" for plaintext
	SourceIP, RemoteIP, DestIP string
	Port                       int
	SNI                        string // "" without one
	// Headers are those of HTTP by their names in lower case, :method and :authority among them; one value for each line.
	Headers map[string][]string
	Path    *string                   // as RBAC sees it, without query and fragment; nil without one
	Claims  map[string]any            // of the token that the request carries, as JSON is decoded; nil without one
	Meta    map[string]map[string]any // dynamic metadata by filter and key
	Says    map[string]bool           // what each provider says when it is asked
}

// Verdict is what becomes of a request.
type Verdict struct {
	Allowed bool
	Step    string // "jwt", "custom", "deny", "allow", or "default" where no policy decides
	Rule    string // NAMESPACE/NAME[INDEX], of the rule that decides; "" where none does
	// What each part by itself says, whether or not it decides.
	Asked              map[string]bool // providers
	Deny, Allow, Audit bool
	Closed, Unverified bool
	denies, allows     []string
}

// Decide follows 1.1: CUSTOM, then the token, AUDIT, DENY, ALLOW, and the default. The policies are those that reach the
// workload, of every kind.
func (m *Mesh) Decide(c Chain, policies []Policy, r *Request) Verdict {
	v := Verdict{Asked: map[string]bool{}}
	own := *r
	if c != HTTP {
		own.Claims = nil
	}
	unauthenticated := own
	unauthenticated.Claims = nil // CUSTOM comes before the token is verified
	own.Claims, v.Unverified = verify(policies, own.Claims)
	providers := map[string]bool{}
	for _, p := range policies {
		if p.Kind == authorization && p.action() == "CUSTOM" {
			providers[p.provider()] = true
		}
	}
	asked := map[string]string{}
	for _, p := range policies {
		if p.Kind != authorization || p.dryRun() {
			continue
		}
		action := p.action()
		if c == ZTunnel && action != "ALLOW" && action != "DENY" {
			continue // 1.8
		}
		if action == "ALLOW" {
			v.Closed = true
		}
		for i, rule := range p.rules() {
			on := &own
			if action == "CUSTOM" {
				on = &unauthenticated
			}
			if !m.matches(c, &p, rule, on) {
				continue
			}
			name := p.Namespace + "/" + p.Name + "[" + strconv.Itoa(i) + "]"
			switch action {
			case "ALLOW":
				v.Allow = true
				v.allows = append(v.allows, name)
			case "DENY":
				v.Deny = true
				v.denies = append(v.denies, name)
			case "AUDIT":
				v.Audit = true
			case "CUSTOM": // 1.5
				grpc, known := m.Providers[p.provider()]
				switch {
				case !known || len(providers) > 1 && !m.MultipleProviders:
					v.Deny = true
					v.denies = append(v.denies, name)
				case c == TCP && !grpc:
				default:
					v.Asked[p.provider()] = true
					if asked[p.provider()] == "" {
						asked[p.provider()] = name
					}
				}
			}
		}
	}
	for _, provider := range slices.Sorted(maps.Keys(asked)) {
		if !r.Says[provider] {
			v.Step, v.Rule = "custom", asked[provider]
			return v
		}
	}
	switch {
	case v.Unverified:
		v.Step = "jwt"
	case v.Deny:
		v.Step, v.Rule = "deny", v.denies[0]
	case v.Allow:
		v.Allowed, v.Step, v.Rule = true, "allow", v.allows[0]
	case v.Closed:
		v.Step = "allow"
	default:
		v.Allowed, v.Step = true, "default"
	}
	return v
}

// verify follows 7: without a RequestAuthentication nobody looks at tokens; with one, a token is of one of its issuers, or
// the request is refused. What remains are the claims that policies see.
func verify(policies []Policy, claims map[string]any) (seen map[string]any, refused bool) {
	if claims == nil {
		return nil, false
	}
	any := false
	for _, p := range policies {
		if p.Kind != "RequestAuthentication" {
			continue
		}
		for _, rule := range p.Spec.list("jwtRules") {
			any = true
			if issuer := rule.text("issuer"); issuer == "" || claims["iss"] == issuer {
				return claims, false
			}
		}
	}
	return nil, any
}

// MTLS is how connections reach a port of a pod: "PERMISSIVE", "STRICT" or "DISABLE". (7, ComposePeerAuthentication; no two
// policies are on one level here.)
func (m *Mesh) MTLS(policies []Policy, pod *Pod, port int) string {
	mode, perPort := "PERMISSIVE", ""
	for level := range 3 {
		for _, p := range policies {
			selector := p.Spec.object("selector").object("matchLabels")
			at := 1
			switch {
			case p.Kind != "PeerAuthentication" || !m.selected(&p, pod):
				continue
			case len(selector) == 0 && p.Namespace == m.RootNamespace:
				at = 0
			case len(selector) > 0 && p.Namespace == m.RootNamespace:
				continue
			case len(selector) > 0:
				at = 2
			}
			if at != level {
				continue
			}
			if s := p.Spec.object("mtls").text("mode"); s != "" && s != "UNSET" {
				mode = s
			}
			if level == 2 {
				perPort = p.Spec.object("portLevelMtls").object(strconv.Itoa(port)).text("mode")
			}
		}
	}
	if perPort != "" && perPort != "UNSET" {
		return perPort
	}
	return mode
}
