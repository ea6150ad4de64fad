package istio

// Limits of the places an object passes on its way to a proxy.
const (
	// MaxRules is how many rules a policy can have: maxItems of spec.rules in Istio's CRD.
	MaxRules = 512
	// MaxFrom is how many `from` entries a rule can have: maxItems of spec.rules[].from in Istio's CRD. `to` and `when` have none.
	MaxFrom = 512
	// MaxServiceAccounts is how many values serviceAccounts and notServiceAccounts can have: maxItems in Istio's CRD, and
	// Istio's webhook.
	MaxServiceAccounts = 16
	// MaxServiceAccountLen is the longest value of these two lists: maxLength in Istio's CRD, and Istio's webhook.
	MaxServiceAccountLen = 320
	// MaxTargetRefs is how many targetRefs a policy can have: maxItems in Istio's CRD.
	MaxTargetRefs = 16
	// MaxJWTRules is how many issuers an object can have: maxItems of spec.jwtRules in Istio's CRD.
	MaxJWTRules = 4096
	// MaxSpaceClaims is how many claims of one issuer can be split: maxItems of spaceDelimitedClaims in Istio's CRD.
	MaxSpaceClaims = 64
	// MaxMatchLabels is how many labels a selector can have: maxProperties in Istio's CRD.
	MaxMatchLabels = 4096
	// MaxLabelLen is the longest value of a label: Kubernetes' labels, and maxLength of matchLabels in Istio's CRD.
	MaxLabelLen = 63
	// MaxNameLen is the longest name of an object: a DNS-1123 subdomain.
	MaxNameLen = 253
	// MaxAnnotations is the size of all annotations of an object, keys and values: k8s.io/apimachinery,
	// TotalAnnotationSizeLimitB. Client-side `kubectl apply` stores the object itself in an annotation, so that it bounds the
	// object as well.
	MaxAnnotations = 256 << 10
)
