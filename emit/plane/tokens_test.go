package plane

import (
	"slices"
	"testing"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
)

// TestTokens pools rules: of one issuer that is in two, one without audiences, any will do; a header stays where one says so.
func TestTokens(t *testing.T) {
	rules := func(list ...*security.JWTRule) Tokens {
		m := Mesh{RootNamespace: "istio-system"}
		o := &istio.Object{Kind: istio.RequestAuthentication, Namespace: "default", Name: "x", Request: &security.RequestAuthentication{JwtRules: list}}
		return m.Tokens([]*istio.Object{o}, &Pod{Namespace: "default"})
	}
	aud, auth := sem.Attr{Kind: sem.Claim, Name: "aud"}, sem.Attr{Kind: sem.Header, Name: "authorization"}
	token := func(issuer string, audiences ...string) sem.Request {
		r := sem.Request{{Kind: sem.Token}: {Parts: []string{issuer, "u"}}}
		if r[aud] = (sem.Value{Parts: audiences}); len(audiences) == 0 {
			r[aud] = sem.Value{Absent: true}
		}
		return r
	}
	with := func(r sem.Request, line string) sem.Request {
		r[auth] = sem.Value{Parts: []string{line}}
		return r
	}
	i, j := "https://i.example", "https://j.example"
	for _, c := range []struct {
		name  string
		rules []*security.JWTRule
		r     sem.Request
		comes bool
	}{
		{"an audience of the list", []*security.JWTRule{{Issuer: i, Audiences: []string{"a", "b"}}}, token(i, "x", "b"), true},
		{"as Envoy compares it", []*security.JWTRule{{Issuer: i, Audiences: []string{"http://b/"}}}, token(i, "https://b"), true},
		{"one slash alone", []*security.JWTRule{{Issuer: i, Audiences: []string{"b"}}}, token(i, "b//"), false},
		{"another one", []*security.JWTRule{{Issuer: i, Audiences: []string{"a"}}}, token(i, "b"), false},
		{"none", []*security.JWTRule{{Issuer: i, Audiences: []string{"a"}}}, token(i), false},
		{"of another issuer", []*security.JWTRule{{Issuer: i, Audiences: []string{"a"}}, {Issuer: j}}, token(j), true},
		{"of two rules", []*security.JWTRule{{Issuer: i, Audiences: []string{"a"}}, {Issuer: i, Audiences: []string{"b"}}}, token(i, "b"), true},
		{"of a rule that asks for none", []*security.JWTRule{{Issuer: i, Audiences: []string{"a"}}, {Issuer: i}}, token(i), true},
		{"of whoever", []*security.JWTRule{{Issuer: i, Audiences: []string{"a"}}, {}}, token(i), true},
		{"a header that is taken", []*security.JWTRule{{Issuer: i}}, with(token(i), "Bearer x"), false},
		{"one that stays", []*security.JWTRule{{Issuer: i, ForwardOriginalToken: true}}, with(token(i), "Bearer x"), true},
		{"one that stays, and is no token", []*security.JWTRule{{Issuer: i, ForwardOriginalToken: true}}, with(sem.Request{{Kind: sem.Token}: {Absent: true}, aud: {Absent: true}}, "Bearer x"), false},
		{"one that one of two lets stay", []*security.JWTRule{{Issuer: i, ForwardOriginalToken: true}, {Issuer: j}}, with(token(i), "Bearer x"), true},
		{"the word later in the line", []*security.JWTRule{{Issuer: i}}, with(token(i), "Basic Bearer x"), false},
		{"another word", []*security.JWTRule{{Issuer: i}}, with(token(i), "Basic x"), true},
		{"a header that is not read", []*security.JWTRule{{Issuer: i, FromParams: []string{"t"}}}, with(token(i), "Bearer x"), true},
		{"without a word", []*security.JWTRule{{Issuer: i, FromHeaders: []*security.JWTHeader{{Name: "Authorization"}}}}, with(token(i), "x"), false},
	} {
		got := rules(c.rules...)
		if comes := got.Come(map[sem.Attr]bool{aud: true, auth: true}).Holds(c.r); comes != c.comes {
			t.Errorf("%s: %v, want %v", c.name, comes, c.comes)
		}
		if !slices.IsSorted(got.Issuers) {
			t.Errorf("%s: %q", c.name, got.Issuers)
		}
	}
}
