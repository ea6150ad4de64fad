package plane

import (
	"cmp"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
)

// Tokens are what a pod verifies of tokens that requests carry. A request with one that is not verified is refused before any
// policy is asked.
type Tokens struct {
	Any     bool     // a token is verified whoever issued it
	Issuers []string // the issuers whose tokens are verified, sorted; without Any and without one, there are no tokens
	// Audiences are those of which the tokens of an issuer name at least one. An issuer without a list may name any, or none.
	Audiences map[string][]string
	// Headers are where tokens are read from, sorted.
	Headers []TokenHeader
}

// TokenHeader is a header that tokens are read from.
type TokenHeader struct {
	Name   string // in small letters
	Prefix string // what stands before the token, anywhere in a line; one without it is not looked at
	// Kept says that the header stays where it is. Otherwise the proxy takes it away, with all of its lines, once a token in it is
	// verified, and no policy sees it.
	Kept bool
}

// Tokens pools the RequestAuthentications that reach a pod.
func (m *Mesh) Tokens(policies []*istio.Object, pod *Pod) Tokens {
	out := Tokens{Audiences: map[string][]string{}}
	var free []string // issuers one of whose rules asks for no audience
	for _, p := range policies {
		if p.Request == nil || !m.Reaches(p, pod) {
			continue
		}
		for _, r := range p.Request.JwtRules {
			out.read(r)
			if r.Issuer == "" {
				out.Any = true
				continue
			}
			out.Issuers = append(out.Issuers, r.Issuer)
			if len(r.Audiences) == 0 {
				free = append(free, r.Issuer)
			}
			out.Audiences[r.Issuer] = append(out.Audiences[r.Issuer], r.Audiences...)
		}
	}
	for issuer := range out.Audiences {
		if out.Any || slices.Contains(free, issuer) {
			delete(out.Audiences, issuer)
		}
	}
	slices.Sort(out.Issuers)
	out.Issuers = slices.Compact(out.Issuers)
	return out
}

// read notes where a rule reads tokens from: without a word, in Authorization.
func (t *Tokens) read(r *security.JWTRule) {
	headers := r.FromHeaders
	if len(headers)+len(r.FromParams)+len(r.FromCookies) == 0 {
		headers = []*security.JWTHeader{{Name: "authorization", Prefix: "Bearer "}}
	}
	for _, h := range headers {
		x := TokenHeader{strings.ToLower(h.Name), h.Prefix, r.ForwardOriginalToken}
		i, found := slices.BinarySearchFunc(t.Headers, x, func(a, b TokenHeader) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Prefix, b.Prefix))
		})
		if found {
			t.Headers[i].Kept = t.Headers[i].Kept || x.Kept
		} else {
			t.Headers = slices.Insert(t.Headers, i, x)
		}
	}
}

// Come holds for the HTTP requests that come to policies: their token, if they have one, was verified, and has the claims and the
// audiences that are tested; and what tokens are read from has no other lines.
func (t *Tokens) Come(attrs map[sem.Attr]bool) *sem.Expr {
	token := sem.Attr{Kind: sem.Token}
	present := is(token)
	issued := is(token, sem.Pattern{Op: sem.Present})
	parts := []*sem.Expr{sem.Or(sem.Not(present), issued)}
	switch {
	case t.Any:
	case len(t.Issuers) == 0:
		issued = sem.False
		parts = []*sem.Expr{sem.Not(present)}
	default:
		var by []*sem.Expr
		for _, issuer := range t.Issuers {
			by = append(by, is(token, exact(issuer)))
		}
		parts = []*sem.Expr{sem.Or(append(by, sem.Not(present))...)}
	}
	for a := range attrs {
		switch a.Kind {
		case sem.Claim:
			parts = append(parts, sem.Or(sem.Not(is(a, sem.Pattern{Op: sem.Present})), issued))
			if a.Name == "aud" {
				parts = append(parts, t.audiences(a)...)
			}
		case sem.Header:
			parts = append(parts, t.lines(a, issued)...)
		}
	}
	return sem.And(parts...)
}

// audiences hold for the tokens of which each names an audience that its issuer's rules ask for.
func (t *Tokens) audiences(a sem.Attr) (parts []*sem.Expr) {
	for _, issuer := range t.Issuers {
		if list := t.Audiences[issuer]; list != nil {
			var some []*sem.Expr
			for _, want := range list {
				for _, v := range sameAudience(want) {
					some = append(some, is(a, exact(v)))
				}
			}
			parts = append(parts, sem.Or(append(some, sem.Not(is(sem.Attr{Kind: sem.Token}, exact(issuer))))...))
		}
	}
	return parts
}

// sameAudience are the audiences that Envoy takes for one: without the scheme of a URL, and without a slash at the end.
func sameAudience(v string) (same []string) {
	want := bareAudience(v)
	for _, scheme := range []string{"", "http://", "https://"} {
		for _, end := range []string{"", "/"} {
			if x := scheme + want + end; bareAudience(x) == want {
				same = append(same, x)
			}
		}
	}
	return same
}

func bareAudience(v string) string {
	for _, scheme := range []string{"http://", "https://"} {
		if rest, some := strings.CutPrefix(v, scheme); some {
			v = rest
			break
		}
	}
	return strings.TrimSuffix(v, "/")
}

// lines hold for the requests whose header, if tokens are read from it, has none left: each line that was one was verified and
// taken away, or the request refused.
func (t *Tokens) lines(a sem.Attr, issued *sem.Expr) (parts []*sem.Expr) {
	for _, h := range t.Headers {
		if h.Name != a.Name {
			continue
		}
		line := is(a, sem.Pattern{Op: sem.Glob, Text: "*" + h.Prefix + "*"})
		switch {
		case h.Prefix == "":
			line = is(a, sem.Pattern{Op: sem.Present})
		case strings.Contains(h.Prefix, "*"): // which a pattern takes for more
			line = is(a, sem.Pattern{Op: sem.Prefix, Text: h.Prefix})
		}
		if h.Kept {
			parts = append(parts, sem.Or(sem.Not(line), issued))
		} else {
			parts = append(parts, sem.Not(line))
		}
	}
	return parts
}
