package istio

import (
	"maps"
	"slices"

	security "istio.io/api/security/v1beta1"
	selector "istio.io/api/type/v1beta1"
)

// Equal reports whether a and b are the same object. It agrees with proto.Equal on the specs, without its reflection: an
// absent list is an empty list, an absent message is not an empty message.
func Equal(a, b *Object) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.APIVersion == b.APIVersion && a.Kind == b.Kind && a.Name == b.Name && a.Namespace == b.Namespace &&
		maps.Equal(a.Labels, b.Labels) && maps.Equal(a.Annotations, b.Annotations) &&
		message(a.Authorization, b.Authorization, equalAuthorization) &&
		message(a.Peer, b.Peer, equalPeer) &&
		message(a.Request, b.Request, equalRequest)
}

// message compares fields that hold a message.
func message[T any](a, b *T, equal func(a, b *T) bool) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a == b || equal(a, b)
}

// list compares lists of messages; as in proto.Equal a nil item is an empty one.
func list[T any](a, b []*T, equal func(a, b *T) bool) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !equal(orZero(a[i]), orZero(b[i])) {
			return false
		}
	}
	return true
}

func orZero[T any](p *T) *T {
	if p == nil {
		return new(T)
	}
	return p
}

func equalAuthorization(a, b *security.AuthorizationPolicy) bool {
	return a.Action == b.Action &&
		equalDetail(a, b) &&
		message(a.Selector, b.Selector, equalSelector) &&
		message(a.TargetRef, b.TargetRef, equalTarget) &&
		list(a.TargetRefs, b.TargetRefs, equalTarget) &&
		list(a.Rules, b.Rules, equalRule)
}

func equalDetail(a, b *security.AuthorizationPolicy) bool {
	pa, _ := a.ActionDetail.(*security.AuthorizationPolicy_Provider)
	pb, _ := b.ActionDetail.(*security.AuthorizationPolicy_Provider)
	if pa == nil || pb == nil {
		return pa == pb
	}
	return pa.Provider.GetName() == pb.Provider.GetName()
}

func equalSelector(a, b *selector.WorkloadSelector) bool {
	return maps.Equal(a.MatchLabels, b.MatchLabels)
}

func equalTarget(a, b *selector.PolicyTargetReference) bool {
	return a.Group == b.Group && a.Kind == b.Kind && a.Name == b.Name && a.Namespace == b.Namespace
}

func equalRule(a, b *security.Rule) bool {
	return list(a.From, b.From, equalFrom) && list(a.To, b.To, equalTo) && list(a.When, b.When, equalCondition)
}

func equalFrom(a, b *security.Rule_From) bool { return message(a.Source, b.Source, equalSource) }

func equalTo(a, b *security.Rule_To) bool { return message(a.Operation, b.Operation, equalOperation) }

func equalSource(a, b *security.Source) bool {
	return slices.Equal(a.Principals, b.Principals) &&
		slices.Equal(a.NotPrincipals, b.NotPrincipals) &&
		slices.Equal(a.RequestPrincipals, b.RequestPrincipals) &&
		slices.Equal(a.NotRequestPrincipals, b.NotRequestPrincipals) &&
		slices.Equal(a.Namespaces, b.Namespaces) &&
		slices.Equal(a.NotNamespaces, b.NotNamespaces) &&
		slices.Equal(a.ServiceAccounts, b.ServiceAccounts) &&
		slices.Equal(a.NotServiceAccounts, b.NotServiceAccounts) &&
		slices.Equal(a.IpBlocks, b.IpBlocks) &&
		slices.Equal(a.NotIpBlocks, b.NotIpBlocks) &&
		slices.Equal(a.RemoteIpBlocks, b.RemoteIpBlocks) &&
		slices.Equal(a.NotRemoteIpBlocks, b.NotRemoteIpBlocks) &&
		slices.Equal(a.TrustDomains, b.TrustDomains) &&
		slices.Equal(a.NotTrustDomains, b.NotTrustDomains)
}

func equalOperation(a, b *security.Operation) bool {
	return slices.Equal(a.Hosts, b.Hosts) &&
		slices.Equal(a.NotHosts, b.NotHosts) &&
		slices.Equal(a.Ports, b.Ports) &&
		slices.Equal(a.NotPorts, b.NotPorts) &&
		slices.Equal(a.Methods, b.Methods) &&
		slices.Equal(a.NotMethods, b.NotMethods) &&
		slices.Equal(a.Paths, b.Paths) &&
		slices.Equal(a.NotPaths, b.NotPaths)
}

func equalCondition(a, b *security.Condition) bool {
	return a.Key == b.Key && slices.Equal(a.Values, b.Values) && slices.Equal(a.NotValues, b.NotValues)
}

func equalPeer(a, b *security.PeerAuthentication) bool {
	return message(a.Selector, b.Selector, equalSelector) &&
		message(a.Mtls, b.Mtls, equalMTLS) &&
		maps.EqualFunc(a.PortLevelMtls, b.PortLevelMtls, func(a, b *security.PeerAuthentication_MutualTLS) bool {
			return a.GetMode() == b.GetMode()
		})
}

func equalMTLS(a, b *security.PeerAuthentication_MutualTLS) bool { return a.Mode == b.Mode }

func equalRequest(a, b *security.RequestAuthentication) bool {
	return message(a.Selector, b.Selector, equalSelector) &&
		message(a.TargetRef, b.TargetRef, equalTarget) &&
		list(a.TargetRefs, b.TargetRefs, equalTarget) &&
		list(a.JwtRules, b.JwtRules, equalJWT)
}

func equalJWT(a, b *security.JWTRule) bool {
	if (a.Timeout == nil) != (b.Timeout == nil) {
		return false
	}
	return a.Timeout.GetSeconds() == b.Timeout.GetSeconds() && a.Timeout.GetNanos() == b.Timeout.GetNanos() &&
		a.Issuer == b.Issuer && a.JwksUri == b.JwksUri && a.Jwks == b.Jwks &&
		a.OutputPayloadToHeader == b.OutputPayloadToHeader && a.ForwardOriginalToken == b.ForwardOriginalToken &&
		slices.Equal(a.Audiences, b.Audiences) &&
		slices.Equal(a.FromParams, b.FromParams) &&
		slices.Equal(a.FromCookies, b.FromCookies) &&
		slices.Equal(a.SpaceDelimitedClaims, b.SpaceDelimitedClaims) &&
		list(a.FromHeaders, b.FromHeaders, func(a, b *security.JWTHeader) bool {
			return a.Name == b.Name && a.Prefix == b.Prefix
		}) &&
		list(a.OutputClaimToHeaders, b.OutputClaimToHeaders, func(a, b *security.ClaimToHeader) bool {
			return a.Header == b.Header && a.Claim == b.Claim
		})
}
