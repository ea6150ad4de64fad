package oracle_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/internal/oracle"
)

const gatewayName = "gateway.networking.k8s.io/gateway-name"

func (d dice) pod() (*oracle.Pod, *plane.Pod) {
	o := &oracle.Pod{Namespace: d.pick("shop", "other", "istio-system"), Labels: map[string]string{}}
	for _, k := range []string{"app", "tier"} {
		if !d.one(3) {
			o.Labels[k] = d.pick("a", "b", "")
		}
	}
	if d.one(3) {
		o.Labels[gatewayName] = d.pick("gw", "wp")
		o.Waypoint = d.one(2)
	}
	p := &plane.Pod{Namespace: o.Namespace, Labels: o.Labels, Waypoint: o.Waypoint}
	for range d.IntN(3) {
		s := [3]string{d.pick("Service", "ServiceEntry"), d.pick("shop", "other"), d.pick("gw", "web")}
		o.Services = append(o.Services, s)
		p.Services = append(p.Services, plane.Service{Namespace: s[1], Name: s[2], Entry: s[0] == "ServiceEntry"})
	}
	return o, p
}

// object makes a policy of a kind, with something that picks pods.
func (d dice) object(n int, kind string) map[string]any {
	spec := map[string]any{}
	labels := map[string]any{}
	for range d.IntN(3) {
		labels[d.pick("app", "tier")] = d.pick("a", "b", "")
	}
	switch d.IntN(6) {
	case 0, 1:
		spec["selector"] = map[string]any{"matchLabels": labels}
	case 2:
		spec["selector"] = map[string]any{}
	case 3:
		if kind == "PeerAuthentication" {
			break
		}
		var refs []any
		for range 1 + d.IntN(2) {
			kinds := [][2]string{{"", "Service"}, {"core", "Service"}, {"networking.istio.io", "ServiceEntry"}, {"gateway.networking.k8s.io", "Gateway"}, {"gateway.networking.k8s.io", "GatewayClass"}}
			k := kinds[d.IntN(len(kinds))]
			ref := map[string]any{"group": k[0], "kind": k[1], "name": d.pick("gw", "wp", "web")}
			if k[1] == "GatewayClass" {
				ref["name"] = d.pick("istio-waypoint", "istio-waypoint", "istio")
			}
			refs = append(refs, ref)
		}
		if len(refs) == 1 && d.one(2) {
			spec["targetRef"] = refs[0]
		} else {
			spec["targetRefs"] = refs
		}
	}
	mode := func() map[string]any {
		return map[string]any{"mode": d.pick("STRICT", "PERMISSIVE", "DISABLE", "UNSET")}
	}
	switch kind {
	case "RequestAuthentication":
		var rules []any
		for range d.IntN(3) {
			rule := map[string]any{"jwksUri": "https://keys"}
			if !d.one(4) {
				rule["issuer"] = d.pick("i", "j", "https://k")
			}
			rules = append(rules, rule)
		}
		spec["jwtRules"] = rules
	case "PeerAuthentication":
		if !d.one(4) {
			spec["mtls"] = mode()
		}
		if s, _ := spec["selector"].(map[string]any); s["matchLabels"] != nil && len(labels) > 0 && d.one(2) {
			spec["portLevelMtls"] = map[string]any{d.pick("80", "81"): mode()}
		}
	}
	return map[string]any{"apiVersion": "security.istio.io/v1", "kind": kind, "spec": spec,
		"metadata": map[string]any{"name": fmt.Sprintf("p%d", n), "namespace": d.pick("shop", "other", "istio-system")}}
}

// Which policies reach which pod, what they accept of callers, and whose tokens.
func TestReach(t *testing.T) {
	om, pm := &oracle.Mesh{RootNamespace: "istio-system"}, &plane.Mesh{RootNamespace: "istio-system"}
	rounds, seed := times(1500)
	reached, verified, ambiguous, modes := 0, 0, 0, map[string]int{}
	for i := range rounds {
		d := newDice(seed<<32 + 2<<20 + uint64(i))
		var list []map[string]any
		for n := range 6 {
			list = append(list, d.object(n, d.pick("AuthorizationPolicy", "RequestAuthentication", "PeerAuthentication", "PeerAuthentication")))
		}
		text := stream(list...)
		policies, objects := read(t, text, true)
		for range 10 {
			op, pp := d.pod()
			var near []oracle.Policy
			for n := range policies {
				if policies[n].Kind == "PeerAuthentication" {
					continue
				}
				want := om.Reaches(&policies[n], op)
				if want {
					reached++
					near = append(near, policies[n])
				}
				if got := pm.Reaches(objects[n], pp); got != want {
					t.Fatalf("round %d: %s reaches %+v: %v by the oracle, %v by the plane\n%s", i, policies[n].Name, *op, want, got, text)
				}
			}
			tokens := pm.Tokens(objects, pp)
			for _, issuer := range []string{"i", "j", "https://k", "other"} {
				v := om.Decide(oracle.HTTP, near, &oracle.Request{Claims: map[string]any{"iss": issuer}})
				trusted := tokens.Any || slices.Contains(tokens.Issuers, issuer)
				if trusted {
					verified++
				}
				if refused := (tokens.Any || len(tokens.Issuers) > 0) && !trusted; refused != v.Unverified {
					t.Fatalf("round %d: a token of %s on %+v: refused: %v by the oracle, %v by the plane\n%s", i, issuer, *op, v.Unverified, refused, text)
				}
			}
			for _, port := range []int{80, 81, 82} {
				mode, err := pm.MTLS(objects, pp, port)
				if err != nil {
					ambiguous++
					continue
				}
				want, got := om.MTLS(policies, op, port), mode.String()
				modes[want]++
				if want != got {
					t.Fatalf("round %d: port %d of %+v: %s by the oracle, %s by the plane\n%s", i, port, *op, want, got, text)
				}
			}
		}
	}
	t.Logf("%d reach, %d tokens are verified, of mTLS %d are not modelled, %v", reached, verified, ambiguous, modes)
	if reached < rounds || verified < rounds || ambiguous > rounds*12 || modes["STRICT"] < rounds || modes["DISABLE"] < rounds {
		t.Error("the dice are loaded")
	}
}
