// Package istio holds the policies that ztc emits as typed objects: the specs are Istio's own types.
package istio

import (
	security "istio.io/api/security/v1beta1"
)

// Kind is the kind of an object.
type Kind string

const (
	AuthorizationPolicy   Kind = "AuthorizationPolicy"
	PeerAuthentication    Kind = "PeerAuthentication"
	RequestAuthentication Kind = "RequestAuthentication"
)

// Object is one policy object. Exactly one of Authorization, Peer and Request is set, as Kind says.
//
// The Go types of security.istio.io/v1 are those of v1beta1; APIVersion says which of the two is written.
type Object struct {
	APIVersion  string // security.istio.io/v1 or security.istio.io/v1beta1
	Kind        Kind
	Name        string // metadata.name, a DNS-1123 subdomain
	Namespace   string // metadata.namespace
	Labels      map[string]string
	Annotations map[string]string

	Authorization *security.AuthorizationPolicy
	Peer          *security.PeerAuthentication
	Request       *security.RequestAuthentication
}
