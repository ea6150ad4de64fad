package plane

import (
	"slices"

	"github.com/zt-lang/ztc/emit/istio"
)

// Tokens are what a pod verifies of tokens that requests carry.
type Tokens struct {
	Any     bool     // a token is verified whoever issued it
	Issuers []string // the issuers whose tokens are verified, sorted; without Any and without one, there are no tokens
}

// Tokens pools the RequestAuthentications that reach a pod.
func (m *Mesh) Tokens(policies []*istio.Object, pod *Pod) Tokens {
	var out Tokens
	for _, p := range policies {
		if p.Request == nil || !m.Reaches(p, pod) {
			continue
		}
		for _, r := range p.Request.JwtRules {
			if r.Issuer == "" {
				out.Any = true
				continue
			}
			out.Issuers = append(out.Issuers, r.Issuer)
		}
	}
	slices.Sort(out.Issuers)
	out.Issuers = slices.Compact(out.Issuers)
	return out
}
