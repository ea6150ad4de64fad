package conformance

import (
	"fmt"
	"testing"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/conformance/envoy"
	ztc "github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// keptApart are headers of which a proxy keeps each line, however well known they are.
var keptApart = []string{"x-user", "accept-language", "accept-charset", "forwarded", "range", "x-real-ip", "x-api-key", "proxy-authorization", "traceparent", "b3",
	"x-requested-with", "sec-fetch-site", "content-disposition", "content-language", "date", "grpc-encoding", "prefer", "max-forwards"}

// known are headers of which it keeps one value, as emit/istio has it.
var known = []string{"accept", "accept-encoding", "access-control-request-headers", "access-control-request-method", "access-control-request-private-network",
	"authorization", "cache-control", "cdn-loop", "content-encoding", "content-type", "cookie", "expect", "grpc-accept-encoding", "grpc-timeout", "if-match",
	"if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "origin", "pragma", "proxy-status", "referer", "user-agent", "via",
	"x-client-trace-id", "x-envoy-attempt-count", "x-envoy-decorator-operation", "x-envoy-downstream-service-cluster", "x-envoy-downstream-service-node",
	"x-envoy-external-address", "x-envoy-original-host", "x-envoy-original-path", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
	"x-forwarded-proto", "x-request-id"}

// A header in two lines is compared line by line, or as one text with what ztc says between them.
func TestHeaderLines(t *testing.T) {
	bin := envoyBinary(t)
	values := []string{"a", "b", "a,b", "a; b"}
	names := append(append([]string{}, keptApart...), known...)
	var listeners []envoy.Listener
	for i, name := range names {
		for j, v := range values {
			s := &Setting{TrustDomain: "cluster.local", Pod: plane.Pod{Namespace: "foo"}, Policies: []*ztc.Object{{
				APIVersion: "security.istio.io/v1", Kind: ztc.AuthorizationPolicy, Name: "p", Namespace: "foo",
				Authorization: &security.AuthorizationPolicy{Rules: []*security.Rule{{When: []*security.Condition{{Key: "request.headers[" + name + "]", Values: []string{v}}}}}},
			}}}
			listeners = append(listeners, listenersOf(s, addressesOf(len(values)*i+j))[0])
		}
	}
	server, err := envoy.Start(bin, t.TempDir(), listeners)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	for i, name := range names {
		want := map[string]bool{"a": true, "b": true}
		if between := ztc.JoinsLines(name); between != "" {
			want = map[string]bool{"a" + between + "b": true}
		}
		if joins := ztc.JoinsLines(name) != ""; joins != (i >= len(keptApart)) {
			t.Errorf("ztc takes the lines of %s to be joined: %t", name, joins)
		}
		for j, v := range values {
			q := envoy.HTTPRequest{Method: "GET", Host: "h.example", Path: "/", Headers: [][2]string{{name, "a"}, {name, "b"}}}
			codes, err := server.HTTP(envoy.Caller{Identity: "spiffe://cluster.local/ns/a/sa/a"}, addressesOf(len(values)*i + j)[0], 8080, []envoy.HTTPRequest{q})
			if err != nil {
				t.Fatal(err)
			}
			if got := codes[0] == 200; got != want[v] || !got && codes[0] != 403 {
				t.Errorf("%s with the lines a and b is %q: %t (status %d), and ztc says %t", name, v, got, codes[0], want[v])
			}
		}
	}
	t.Log(fmt.Sprint(len(names)*len(values), " requests"))
}
