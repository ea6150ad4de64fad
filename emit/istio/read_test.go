package istio

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Every field of Istio's types is read.
func TestReadFields(t *testing.T) {
	for _, m := range []proto.Message{&security.AuthorizationPolicy{}, &security.PeerAuthentication{}, &security.RequestAuthentication{}} {
		full(m.ProtoReflect())
		if r, ok := m.(*security.RequestAuthentication); ok {
			for _, j := range r.JwtRules {
				j.Timeout.Nanos = 1_000_000
			}
		}
		text, err := protojson.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got := proto.Clone(m)
		proto.Reset(got)
		r := reader{Reader: manifest.Reader{Piece: manifest.Split(nil, source.New("a.json", string(text)), kinds, manifest.LongList)[0]}}
		if !r.message(r.Decode(), got.ProtoReflect(), "spec") || len(r.Diags) > 0 || !proto.Equal(got, m) {
			t.Errorf("%s\nbecomes %v, and %v", text, got, r.Diags)
		}
	}
}

const twoPolicies = `# a comment
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: one
  namespace: shop
  labels: {a: b}
  annotations: {istio.io/dry-run: "true"}
  resourceVersion: "5"
spec:
  selector: {matchLabels: {app: web}}
  action: DENY
  rules:
  - from:
    - source: {principals: ["*"]}
    - source:
        namespaces: [a]
    to:
    - operation: {ports: ["80"]}
  - when:
    - key: source.ip
      values: [10.0.0.1]
status: {}
---
kind: Deployment
apiVersion: apps/v1
metadata: {name: web}
---
resources: [a.yaml]
---
apiVersion: v1
kind: List
items:
- apiVersion: security.istio.io/v1beta1
  kind: PeerAuthentication
  metadata: {name: two}
  spec:
    selector: {matchLabels: {app: web}}
    mtls: {mode: STRICT}
    portLevelMtls: {8080: {mode: DISABLE}}
- apiVersion: security.istio.io/v1
  kind: RequestAuthentication
  metadata: {name: three, namespace: shop}
  spec:
    jwtRules: [{issuer: i, jwks_uri: "https://i/keys", timeout: 1.5s}]
`

func TestRead(t *testing.T) {
	docs, diags := Read(source.New("a.yaml", twoPolicies))
	if len(docs) != 3 || len(diags) > 0 {
		t.Fatalf("%d documents, %v", len(docs), diags)
	}
	one := docs[0]
	if o := one.Object; o.Name != "one" || o.Namespace != "shop" || o.Labels["a"] != "b" || o.Annotations["istio.io/dry-run"] != "true" ||
		o.APIVersion != "security.istio.io/v1" || o.Authorization.Rules[1].When[0].Values[0] != "10.0.0.1" || one.Span.Text() != "one" {
		t.Errorf("%+v", o)
	}
	at := func(s source.Span) string {
		p := s.File.Position(int(s.Start))
		return fmt.Sprintf("%d:%d %s", p.Line, p.Column, s.Text())
	}
	places := []string{at(one.Rules[0].Span)}
	for _, list := range [][]source.Span{one.Rules[0].From, one.Rules[0].To, one.Rules[0].When, {one.Rules[1].Span}, one.Rules[1].When} {
		for _, s := range list {
			places = append(places, at(s))
		}
	}
	want := `14:5 from:|15:7 source: {principals: ["*"]}|16:7 source:|19:7 operation: {ports: ["80"]}|20:5 when:|21:7 key: source.ip`
	if got := strings.Join(places, "|"); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if p := docs[1].Object; p.Namespace != "default" || p.Peer.PortLevelMtls[8080].Mode != security.PeerAuthentication_MutualTLS_DISABLE || p.Peer.Mtls.Mode != security.PeerAuthentication_MutualTLS_STRICT {
		t.Errorf("%+v", p)
	}
	if j := docs[2].Object.Request.JwtRules[0]; j.JwksUri != "https://i/keys" || j.Timeout.Nanos != 500_000_000 {
		t.Errorf("%+v", j)
	}
}

// What is refused, with the text that is pointed at and words of the reason.
func TestReadRefuses(t *testing.T) {
	head := func(kind, spec string) string {
		return "apiVersion: security.istio.io/v1\nkind: " + kind + "\nmetadata: {name: a, namespace: b}\n" + spec
	}
	policy := func(spec string) string { return head("AuthorizationPolicy", "spec: "+spec+"\n") }
	rule := func(rule string) string { return policy("{rules: [{}, " + rule + "]}") }
	source1 := func(s string) string { return rule("{from: [{source: {namespaces: [a]}}, {source: {" + s + "}}]}") }
	for _, c := range []struct {
		text      string
		code      diag.Code
		at, words string
	}{
		{rule("{form: []}"), diag.PolicyField, "form", `spec.rules[1] has no field "form"`},
		{policy("{Action: DENY, rules: [{}]}"), diag.PolicyField, "Action", "no field"},
		{head("AuthorizationPolicy", "rules: []\n"), diag.PolicyField, "rules", "the AuthorizationPolicy has no field"},
		{strings.Replace(policy("{}"), "namespace", "nmespace", 1), diag.PolicyField, "nmespace", "metadata has no"},
		{policy("{jwksUri: a}"), diag.PolicyField, "jwksUri", "no field"},
		{head("RequestAuthentication", "spec: {jwtRules: [{issuer: a, from_headers: []}]}\n"), diag.PolicyField, "from_headers", "no field"},
		{rule("null"), diag.InventoryWrongType, "null", "must be a mapping, and is null"},
		{policy("{rules: {}}"), diag.InventoryWrongType, "{}}", "must be a list"},
		{policy("{rules: [{}], rules: []}"), diag.InventoryKeyTwice, "rules", "twice"},
		{policy("{action: deny, rules: [{}]}"), diag.InventoryWrongType, "deny", "must be ALLOW, DENY, AUDIT or CUSTOM"},
		{policy("{action: 1, rules: [{}]}"), diag.InventoryWrongType, "1", "must be text"},
		{rule("{to: [{operation: {ports: [80]}}]}"), diag.InventoryWrongType, "80", "spec.rules[1].to[0].operation.ports[0] must be text"},
		{head("PeerAuthentication", "spec: {selector: {matchLabels: {a: b}}, portLevelMtls: {http: {}}}\n"), diag.InventoryWrongType, "http", "a port"},
		{head("PeerAuthentication", "spec: {selector: {matchLabels: {a: b}}, portLevelMtls: {99999: {}}}\n"), diag.PolicyRefused, "{}}}", "99999 is no port"},
		{head("RequestAuthentication", "spec: {jwtRules: [{issuer: a, timeout: 1m}]}\n"), diag.InventoryWrongType, "1m", "a duration"},
		{head("RequestAuthentication", "spec: {jwtRules: [{issuer: a, audiences: [\"\"]}]}\n"), diag.PolicyRefused, `""`, "empty value in audiences"},
		{"apiVersion: security.istio.io/v1alpha1\nkind: AuthorizationPolicy\n", diag.PolicyVersion, "security.istio.io/v1alpha1", "Istio serves"},
		{"apiVersion: rbac.istio.io/v1alpha1\nkind: AuthorizationPolicy\n", diag.PolicyVersion, "rbac.istio.io/v1alpha1", "Istio serves"},
		{"kind: AuthorizationPolicy\n", diag.InventoryMissing, "kind", "no apiVersion"},
		{"apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {}\n", diag.InventoryMissing, "apiVersion", "no metadata.name"},
		{"apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {generateName: a-}\n", diag.InventoryGenerated, "a-", "generateName"},
		{strings.Replace(policy("{}"), "name: a", "name: A", 1), diag.PolicyRefused, "A", "no DNS-1123 subdomain"},
		{strings.Replace(policy("{}"), "name: a", "name: a, annotations: {istio.io/dry-run: perhaps}", 1), diag.PolicyRefused, "perhaps", "no boolean"},
		{policy("{action: DENY}"), diag.PolicyRefused, "DENY", "without rules"},
		{policy("{action: CUSTOM, rules: [{}]}"), diag.PolicyRefused, "CUSTOM", "provider.name"},
		{policy("{selector: {}, targetRefs: []}"), diag.PolicyRefused, "[]}", "exclude each other"},
		{policy("{selector: {matchLabels: {a: \"*\"}}}"), diag.PolicyRefused, `"*"`, "no label value"},
		{policy("{targetRefs: [{kind: Service, name: a}, {kind: Pod, name: a}]}"), diag.PolicyRefused, "Pod", "not supported"},
		{head("RequestAuthentication", `spec: {jwtRules: [{issuer: "", jwksUri: "https://a.example"}]}`), diag.PolicyRefused, `""`, "issuer is empty"},
		{head("RequestAuthentication", `spec: {jwtRules: [{issuer: a, jwksUri: ""}]}`), diag.PolicyRefused, `""`, "jwksUri is empty"},
		{head("RequestAuthentication", `spec: {jwtRules: [{issuer: a, jwksUri: "https://a.example", jwks: ""}]}`), diag.PolicyRefused, `""`, "exclude each other"},
		{head("PeerAuthentication", `spec: {portLevelMtls: {}}`), diag.PolicyRefused, `{}}`, "portLevelMtls has no port"},
		{head("PeerAuthentication", `spec: {selector: {}, portLevelMtls: {80: {mode: STRICT}}}`), diag.PolicyRefused, `{}, portLevelMtls: {80: {mode: STRICT}}}`, "needs a selector"},
		{source1(""), diag.PolicyRefused, "{}}]}]}", "an empty source"},
		{source1("principals: [a, \"\"]"), diag.PolicyRefused, `""`, "empty value in principals"},
		{source1("ipBlocks: [10.0.0.1, 10.0.0]"), diag.PolicyRefused, "10.0.0", "no IP address"},
		{source1("serviceAccounts: [a], principals: []"), diag.PolicyRefused, "[]}}]}]}", "exclude each other"},
		{rule("{from: [{}]}"), diag.PolicyRefused, "{}]}]}", "without source"},
		{rule("{to: [{operation: {paths: [/a, \"/{x}\"]}}]}"), diag.PolicyRefused, `"/{x}"`, "no template"},
		{rule("{when: [{key: source.ip, values: [a]}]}"), diag.PolicyRefused, "a", "no IP address"},
		{rule("{when: [{key: nope, values: [a]}]}"), diag.PolicyRefused, "nope", "unknown"},
		{rule("{when: [{key: source.ip, notValues: [1.1.1.1, x]}]}"), diag.PolicyRefused, "x", "no IP address"},
		{"a: [", diag.InventorySyntax, "a: [", "not YAML"},
		{"a: {{ x }}\nb: c\n", diag.InventoryTemplate, "a: {{ x }}", "template"},
	} {
		if c.code == diag.InventoryTemplate {
			c.text = "{{ if x }}\n" + c.text
			c.at = "{{ if x }}"
		}
		docs, diags := Read(source.New("a.yaml", c.text))
		if len(docs) > 0 || len(diags) == 0 {
			t.Errorf("%s\nis read: %v", c.text, diags)
			continue
		}
		if d := diags[0]; d.Code != c.code || d.Span.Text() != c.at || !strings.Contains(d.Message, c.words) {
			t.Errorf("%s\n%s at %q: %s", c.text, d.Code, d.Span.Text(), d.Message)
		}
	}
	// Fields that exclude each other are one fault, and hide no other.
	for _, c := range []struct {
		text string
		want int
	}{
		{policy("{selector: {matchLabels: {a: b}}, targetRefs: [{kind: Service, name: a}]}"), 1},
		{source1("serviceAccounts: [a], principals: [b]"), 1},
		{source1("serviceAccounts: [a], principals: [b], ipBlocks: [x]"), 2},
		{head("RequestAuthentication", `spec: {jwtRules: [{issuer: a, jwksUri: "https://a.example", jwks: '{"keys":[]}'}]}`), 2}, // and it has no keys
	} {
		if docs, diags := Read(source.New("a.yaml", c.text)); len(docs) > 0 || len(diags) != c.want {
			t.Errorf("%s\n%v", c.text, diags)
		}
	}
}

// A field that is null is not there; a misspelt one has a fix; a fault in one object hides no other.
func TestReadDetails(t *testing.T) {
	docs, diags := Read(source.New("a.yaml", "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec: {rules: [{from: null}]}\n---\n"+
		"apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: b}\nspec: {rules: [{form: []}]}\n---\n"+
		"apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: c}\nspec: null\n"))
	if len(docs) != 2 || len(docs[0].Object.Authorization.Rules) != 1 || docs[1].Object.Name != "c" || len(diags) != 1 {
		t.Fatalf("%d, %v", len(docs), diags)
	}
	if f := diags[0].Fixes; len(f) != 1 || f[0].Edits[0].New != "from" {
		t.Errorf("%+v", f)
	}
	// One anchor for two sources, and a merge.
	docs, diags = Read(source.New("a.yaml", `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: a}
spec:
  rules:
  - from: [{source: &s {namespaces: [a]}}, {source: *s}, {source: {<<: *s, ipBlocks: [x]}}]
`))
	if len(docs) != 0 || len(diags) != 1 || diags[0].Span.Text() != "x" {
		t.Errorf("%v", diags)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "  k%d: v\n", i)
	}
	return b.String()
}

// Hostile files are bounded.
func TestReadHostile(t *testing.T) {
	bomb := "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec:\n  rules:\n  - from: &f0 [{source: {namespaces: [a]}}]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("  - from: &f%d [%s]\n", i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*f%d, ", i), 9), ", "))
	}
	for name, text := range map[string]string{
		"deep":   strings.Repeat("[", 200_000),
		"bomb":   bomb,
		"big":    "a: " + strings.Repeat("x", manifest.MaxDocument),
		"fields": "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec: {rules: [" + strings.Repeat("{x: y},", 100_000) + "]}\n",
		"keys":   "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec:\n" + manyKeys(100_000),
		"faults": strings.Repeat("---\nkind: AuthorizationPolicy\n", 10_000),
	} {
		docs, diags := Read(source.New("a.yaml", text))
		if len(docs) > 0 || !diags.HasErrors() || len(diags) > manifest.MaxFaults {
			t.Errorf("%s: %d documents, %d diagnostics", name, len(docs), len(diags))
		}
	}
	// A document on one long line takes time with its length.
	line := `{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "a"}, "spec": {"rules": [{"when": [` +
		strings.TrimSuffix(strings.Repeat(`{"key": "source.ip", "values": ["::1"]}, `, 30_000), ", ") + "]}]}}"
	for _, text := range []string{line, "# YAML\n---\n" + strings.Replace(line, "{", "? apiVersion\n: security.istio.io/v1\n? spec\n: {", 1)} {
		start := time.Now()
		docs, diags := Read(source.New("a.yaml", text))
		if took := time.Since(start); took > 10*time.Second || len(docs)+len(diags) != 1 {
			t.Errorf("%d documents, %d diagnostics in %v", len(docs), len(diags), took)
		}
	}
	values := strings.Repeat("*v, ", 5000)
	alias := "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\nspec:\n  rules:\n  - from: [&v {source: &s {namespaces: [" + strings.Repeat("a,", 5000) + "]}}, " + values + "]\n"
	if docs, diags := Read(source.New("a.yaml", alias)); len(docs) > 0 || len(diags) != 1 || diags[0].Code != diag.InventoryTooLarge {
		t.Errorf("aliases: %d documents, %d diagnostics", len(docs), len(diags))
	}
}
