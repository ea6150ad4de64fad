package plane

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// policy makes a policy of namespace shop.
func policy(t *testing.T, spec string) *istio.Object {
	t.Helper()
	p := &security.AuthorizationPolicy{}
	if err := json.Unmarshal([]byte(spec), p); err != nil {
		t.Fatalf("%s: %v", spec, err)
	}
	return &istio.Object{Kind: istio.AuthorizationPolicy, Namespace: "shop", Name: "p", Authorization: p}
}

var mesh = &Mesh{TrustDomain: "td", RootNamespace: "istio-system"}

// Parts of a rule are numbered as in the policy, even where nothing is left of them, and what is lost is named.
func TestRuleParts(t *testing.T) {
	p := policy(t, `{"action":"DENY","rules":[{},{"from":[{"source":{"namespaces":["a"],"requestPrincipals":["*"]}},{"source":{"namespaces":["b"]}}],
		"to":[{"operation":{"paths":["/a"]}}],"when":[{"key":"request.headers[x]","values":["a"]},{"key":"source.trustDomain","values":["a"]}]}]}`)
	for chain, want := range map[Chain]string{
		HTTP:    "2 1 2 [] []",
		TCP:     "2 1 2 [request.headers[x] requestPrincipals paths] []",
		ZTunnel: "2 1 2 [requestPrincipals paths request.headers[x] source.trustDomain] []",
	} {
		rules, err := mesh.Rules(p, chain)
		if err != nil {
			t.Fatal(err)
		}
		r := rules[1]
		if got := fmt.Sprint(len(r.From), len(r.To), len(r.When), r.Lost, r.Ignored); got != want || r.Index != 1 || r.Policy != p {
			t.Errorf("%v: %s, not %s", chain, got, want)
		}
	}
	rules, _ := mesh.Rules(policy(t, `{"rules":[{"from":[{"source":{"trustDomains":["a"]}}],"to":[{"operation":{"ports":["x"]}}]}]}`), ZTunnel)
	if got := fmt.Sprint(rules[0].Ignored); got != "[trustDomains ports]" {
		t.Error(got)
	}
}

func TestNotModelled(t *testing.T) {
	for spec, want := range map[string]string{
		`{"rules":[{},{"when":[{"key":"request.headers[:path]","values":["/a"]}]}]}`: `not modelled: shop/p, rule 1, request.headers[:path]: "/a" is compared`,
		`{"rules":[{"to":[{"operation":{"paths":["a/{*}"]}}]}]}`:                     `not modelled: shop/p, rule 0, paths: "a/{*}" is a template that Envoy refuses`,
		`{"rules":[{"to":[{"operation":{"notPaths":["/a/{*}//"]}}]}]}`:               `not modelled: shop/p, rule 0, paths: "/a/{*}//" is a template that Envoy refuses`,
		`{"rules":[{"to":[{"operation":{"paths":["/a{*}"]}}]}]}`:                     `not modelled: shop/p, rule 0, paths: "/a{*}" has a brace`,
	} {
		var not *NotModelledError
		if _, err := mesh.Rules(policy(t, spec), HTTP); !errors.As(err, &not) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", spec, err)
		}
		if _, err := mesh.Ladder([]*istio.Object{policy(t, spec)}, HTTP); !errors.As(err, &not) {
			t.Errorf("%s: ladder: %v", spec, err)
		}
	}
}

func TestReaches(t *testing.T) {
	gateway := map[string]string{gatewayName: "gw", "app": "gw"}
	web := map[string]string{"app": "web", "v": "1"}
	waypoint := &Pod{Namespace: "shop", Labels: map[string]string{gatewayName: "wp"}, Waypoint: true, Services: []Service{{"shop", "web", false}, {"other", "db", false}, {"shop", "ext", true}}}
	ref := func(group, kind, name string) string {
		return fmt.Sprintf(`{"targetRefs":[{"group":%q,"kind":"Nope","name":"x"},{"group":%q,"kind":%q,"name":%q}]}`, group, group, kind, name)
	}
	const gw = "gateway.networking.k8s.io"
	for _, c := range []struct {
		namespace, spec string
		pod             *Pod
		want            bool
	}{
		{"shop", `{}`, &Pod{Namespace: "shop"}, true},
		{"shop", `{}`, &Pod{Namespace: "other"}, false},
		{"istio-system", `{}`, &Pod{Namespace: "other"}, true},
		{"shop", `{"selector":{}}`, &Pod{Namespace: "shop", Labels: web}, true},
		{"shop", `{"selector":{"matchLabels":{"app":"web"}}}`, &Pod{Namespace: "shop", Labels: web}, true},
		{"shop", `{"selector":{"matchLabels":{"app":"web","v":"2"}}}`, &Pod{Namespace: "shop", Labels: web}, false},
		{"shop", `{"selector":{"matchLabels":{"app":"web","w":""}}}`, &Pod{Namespace: "shop", Labels: web}, false},
		{"istio-system", `{"selector":{"matchLabels":{"app":"web"}}}`, &Pod{Namespace: "shop", Labels: web}, true},
		{"shop", ref("", "Service", "web"), &Pod{Namespace: "shop", Labels: web}, false},
		{"shop", `{"targetRef":{"kind":"Service","name":"web"}}`, &Pod{Namespace: "shop", Labels: web}, false},
		{"shop", `{}`, &Pod{Namespace: "shop", Labels: gateway}, true},
		{"shop", `{"selector":{"matchLabels":{"app":"gw"}}}`, &Pod{Namespace: "shop", Labels: gateway}, true},
		{"shop", ref(gw, "Gateway", "gw"), &Pod{Namespace: "shop", Labels: gateway}, true},
		{"shop", `{"targetRef":{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"gw"}}`, &Pod{Namespace: "shop", Labels: gateway}, true},
		{"shop", ref(gw, "Gateway", "other"), &Pod{Namespace: "shop", Labels: gateway}, false},
		{"istio-system", ref(gw, "Gateway", "gw"), &Pod{Namespace: "shop", Labels: gateway}, false},
		{"shop", ref("", "Service", "web"), &Pod{Namespace: "shop", Labels: gateway, Services: waypoint.Services}, false},
		{"shop", `{}`, waypoint, false},
		{"shop", `{"selector":{}}`, waypoint, false},
		{"istio-system", `{}`, waypoint, false},
		{"shop", ref("", "Service", "web"), waypoint, true},
		{"shop", ref("core", "Service", "web"), waypoint, true},
		{"shop", ref("", "Service", "db"), waypoint, false},
		{"other", ref("", "Service", "db"), waypoint, true},
		{"istio-system", ref("", "Service", "web"), waypoint, false},
		{"shop", ref("", "Service", "ext"), waypoint, false},
		{"shop", ref("networking.istio.io", "ServiceEntry", "ext"), waypoint, true},
		{"shop", ref("networking.istio.io", "ServiceEntry", "web"), waypoint, false},
		{"istio-system", ref(gw, "GatewayClass", "istio-waypoint"), waypoint, true},
		{"istio-system", ref(gw, "GatewayClass", "istio"), waypoint, false},
		{"shop", ref(gw, "GatewayClass", "istio-waypoint"), waypoint, false},
		{"istio-system", ref(gw, "GatewayClass", "istio-waypoint"), &Pod{Namespace: "shop", Labels: gateway}, false},
		{"shop", ref(gw, "Gateway", "wp"), waypoint, true},
	} {
		p := policy(t, c.spec)
		p.Namespace = c.namespace
		if got := mesh.Reaches(p, c.pod); got != c.want {
			t.Errorf("%s in %s on %v: %v", c.spec, c.namespace, *c.pod, got)
		}
	}
	request := &istio.Object{Kind: istio.RequestAuthentication, Namespace: "shop", Request: &security.RequestAuthentication{}}
	if !mesh.Reaches(request, &Pod{Namespace: "shop"}) || mesh.Reaches(&istio.Object{Namespace: "shop"}, &Pod{Namespace: "shop"}) {
		t.Error("other kinds")
	}
}

// What TD:54-133 of istio-semantics 2.3 says, with what it says was probed.
func TestTrustDomains(t *testing.T) {
	plain := &Mesh{TrustDomain: "td1"}
	aliased := &Mesh{TrustDomain: "td1", Aliases: []string{"td2", "my-td"}}
	for _, c := range []struct {
		mesh     *Mesh
		in, want string
	}{
		{plain, "cluster.local/ns/x/sa/y", "td1/ns/x/sa/y"},
		{plain, "td1/ns/x/sa/y", "td1/ns/x/sa/y"},
		{plain, "other/ns/x/sa/y", "other/ns/x/sa/y"},
		{plain, "a/b c/d", "a/b c/d"},
		{aliased, "cluster.local/ns/x/sa/y", "td1/ns/x/sa/y td2/ns/x/sa/y my-td/ns/x/sa/y"},
		{aliased, "td1/ns/x/sa/y", "td1/ns/x/sa/y td2/ns/x/sa/y my-td/ns/x/sa/y"},
		{aliased, "td2/ns/x/sa/y", "td1/ns/x/sa/y td2/ns/x/sa/y my-td/ns/x/sa/y"},
		{aliased, "cluster.local/ns/foo/*", "cluster.local/ns/foo/*"},
		{aliased, "cluster.local/ns/foo/sa/*", "td1/ns/foo/sa/* td2/ns/foo/sa/* my-td/ns/foo/sa/*"},
		{aliased, "*-td/ns/x/sa/y", "td1/ns/x/sa/y td2/ns/x/sa/y *-td/ns/x/sa/y"},
		{aliased, "td*/ns/x/sa/y", "td1/ns/x/sa/y td2/ns/x/sa/y my-td/ns/x/sa/y"},
		{aliased, "*/ns/x/sa/y", "*/ns/x/sa/y"},
		{aliased, "*", "*"},
		{aliased, "other/ns/x/sa/y", "other/ns/x/sa/y"},
	} {
		for _, around := range []string{"", "q "} { // as the first value and as a later one
			got := strings.Join(c.mesh.principals(strings.Split(around+c.in, " ")), " ")
			if got != around+c.want {
				t.Errorf("%q becomes %q, not %q", around+c.in, got, around+c.want)
			}
		}
	}
	if got := fmt.Sprint(aliased.trustDomains([]string{"x", "td2", "*-td", "cluster.local"})); got != "[x td1 td2 my-td *-td cluster.local]" {
		t.Error(got)
	}
	if got := fmt.Sprint(plain.trustDomains([]string{"td1", "td2"})); got != "[td1 td2]" {
		t.Error(got)
	}
}

// A pattern that would take too long is refused.
func TestIdentityBounds(t *testing.T) {
	for _, v := range []string{strings.Repeat("*a", 100000), strings.Repeat("*/", 16)} {
		var why notModelled
		if _, err := namespace(v); !errors.As(err, &why) {
			t.Errorf("%.20s…: %v", v, err)
		}
	}
}

func TestReachesZTunnel(t *testing.T) {
	mesh := &Mesh{TrustDomain: "td", RootNamespace: "istio-system"}
	web := &Pod{Namespace: "shop", Labels: map[string]string{"app": "web"}}
	for _, c := range []struct {
		namespace, spec string
		pod             *Pod
		want            bool
	}{
		{"shop", `{}`, web, true},
		{"other", `{}`, web, false},
		{"istio-system", `{}`, web, true},
		{"shop", `{"selector":{"matchLabels":{"app":"web"}}}`, web, true},
		{"shop", `{"selector":{"matchLabels":{"app":"db"}}}`, web, false},
		{"istio-system", `{"selector":{"matchLabels":{"app":"web"}}}`, web, true},
		{"shop", `{"selector":{}}`, web, false},
		{"shop", `{"selector":{"matchLabels":{}}}`, web, true},
		{"shop", `{"selector":{"matchLabels":{"app":"db"}}}`, &Pod{Namespace: "shop"}, true},
		{"other", `{"selector":{"matchLabels":{"app":"db"}}}`, &Pod{Namespace: "shop"}, false},
		{"shop", `{"targetRefs":[{"kind":"Service","name":"web"}]}`, web, false},
		{"shop", `{"targetRef":{"kind":"Service","name":"web"}}`, web, false},
		{"shop", `{"action":"AUDIT"}`, web, false},
		{"shop", `{"action":"CUSTOM"}`, web, false},
		{"shop", `{"action":"DENY"}`, web, true},
	} {
		p := policy(t, c.spec)
		p.Namespace = c.namespace
		if got := mesh.ReachesZTunnel(p, c.pod); got != c.want {
			t.Errorf("%s in %s on %v: %v", c.spec, c.namespace, *c.pod, got)
		}
	}
	dry := policy(t, `{}`)
	dry.Namespace, dry.Annotations = "shop", map[string]string{"istio.io/dry-run": "true"}
	if mesh.ReachesZTunnel(dry, web) {
		t.Error("a policy on dry run")
	}
	if mesh.ReachesZTunnel(&istio.Object{Namespace: "shop", Request: &security.RequestAuthentication{}}, web) {
		t.Error("a RequestAuthentication")
	}
}
