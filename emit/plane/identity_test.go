package plane

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
)

// The parts of identities hold the words that patterns are made of, so that a pattern can lie over them in many ways.
var parts = []string{"a", "ns", "sa", "aa", "ab", "ba", "nsa", "x"}

func caller(td, ns, sa string) sem.Request {
	return sem.Request{peer: {Parts: []string{td, ns, sa}}}
}

// agree compares an expression with a regular expression on whole identities.
func agree(t *testing.T, what string, x *sem.Expr, regex string) {
	t.Helper()
	re := regexp.MustCompile("^(?:" + regex + ")$")
	for _, td := range parts {
		for _, ns := range parts {
			for _, sa := range parts {
				id := fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", td, ns, sa)
				if got, want := x.Holds(caller(td, ns, sa)), re.MatchString(id); got != want {
					t.Fatalf("%s: %s: %v, and %s says %v", what, id, got, regex, want)
				}
			}
		}
	}
	if x.Holds(sem.Request{peer: {Absent: true}}) {
		t.Fatalf("%s holds of nobody", what)
	}
}

// The regular expressions of istiod's generator (pilot/pkg/security/authz/model/generator.go).

func regexPrincipal(v string) string {
	switch {
	case v == "*":
		return ".+"
	case strings.HasPrefix(v, "*"):
		return "spiffe://.*" + regexp.QuoteMeta(v[1:])
	case strings.HasSuffix(v, "*"):
		return regexp.QuoteMeta("spiffe://"+v[:len(v)-1]) + ".*"
	}
	return regexp.QuoteMeta("spiffe://" + v)
}

func regexNamespace(v string) string {
	p := strings.Split(v, "*")
	for i := range p {
		p[i] = regexp.QuoteMeta(p[i])
	}
	return ".*/ns/" + strings.Join(p, ".*") + "/.*"
}

func regexAccount(v string) string {
	ns, sa, ok := strings.Cut(v, "/")
	if !ok {
		ns, sa = "ab", v
	}
	return fmt.Sprintf("spiffe://.+/ns/%s/(.+/|)sa/%s(/.+)?", regexp.QuoteMeta(ns), regexp.QuoteMeta(sa))
}

func regexTrustDomain(v string) string {
	before, after, wild := strings.Cut(v, "*")
	switch {
	case v == "*":
		return "spiffe://.*"
	case !wild:
		return regexp.QuoteMeta("spiffe://"+v+"/") + ".*"
	}
	return "spiffe://" + regexp.QuoteMeta(before) + "[^/]*" + regexp.QuoteMeta(after) + "/.*"
}

func TestIdentity(t *testing.T) {
	tr := translator{rule: Rule{Policy: &istio.Object{Namespace: "ab"}}}
	words := append(slices.Clone(parts), "/", "/", "*", "*", "/ns/", "/sa/", "s", "n")
	fields := []struct {
		name  string
		match matching
		regex func(string) string
		fixed []string
	}{
		{"principals", principal, regexPrincipal, []string{
			"*", "a/ns/ab/sa/x", "a/ns/ab/sa/*", "a/ns/ab/*", "a/ns/a*", "a/*", "a*", "a/n*", "a/ns/ab/s*", "*x", "*/x", "*sa/x", "*a/sa/x", "*/ns/ab/sa/x", "*s/ab/sa/x",
			"*b/ns/ab/sa/x", "**", "*a*", "spiffe://a/ns/ab/sa/x", "*a/ns/ab/sa/x/y", "a/ns/ab/sa/x/*", "x", "a/ns/*/sa/x",
		}},
		{"namespaces", namespace, regexNamespace, []string{"ab", "*", "a*", "*b", "*a", "*sa", "a*b", "*a*", "ns", "sa", "ab/sa", "ab/*", "**", "*/sa", "a.b", "*ns*sa*"}},
		{"serviceAccounts", tr.account, regexAccount, []string{"x", "a/x", "ns/sa", "sa/sa", "ns/ns"}},
		{"trustDomains", trustDomain, regexTrustDomain, []string{"*", "a", "a*", "*a", "a/ns/ab", "*/ns/ab", "a/n*", "ns"}},
	}
	for _, f := range fields {
		r := rand.New(rand.NewPCG(7, 11))
		for len(f.fixed) < 1500 {
			v := ""
			for range 1 + r.IntN(7) {
				v += words[r.IntN(len(words))]
			}
			ok := true
			switch f.name { // what the webhook lets pass
			case "serviceAccounts":
				ok = !strings.Contains(v, "*") && strings.Count(v, "/") < 2 && v[0] != '/'
			case "trustDomains":
				ok = strings.Count(v, "*") == 0 || strings.Count(v, "*") == 1 && (v[0] == '*' || v[len(v)-1] == '*')
			}
			if ok {
				f.fixed = append(f.fixed, v)
			}
		}
		for _, v := range f.fixed {
			x, err := f.match(v)
			if err != nil {
				t.Errorf("%s %q: %v", f.name, v, err)
				continue
			}
			agree(t, f.name+" "+v, x, f.regex(v))
		}
	}
}
