package istio_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	security "istio.io/api/security/v1beta1"
	sigs "sigs.k8s.io/yaml"

	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/yaml"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// FuzzRead reads any text: a diagnostic has a place in it, and a policy is one that Istio takes, has rules where it says, reads
// the same when it is written, and is what the readers of Kubernetes and protobuf make of the text.
func FuzzRead(f *testing.F) {
	archives, err := filepath.Glob("../../testdata/golden/*.txtar")
	if err != nil || len(archives) == 0 {
		f.Fatalf("%d archives: %v", len(archives), err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			if file.Name == "want.yaml" {
				for doc := range strings.SplitSeq(string(file.Data), "\n---\n") {
					f.Add(doc)
				}
			}
		}
	}
	const head = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a}\n"
	for _, spec := range []string{
		"spec: {selector: &s {matchLabels: {a: b}}, rules: [{from: [{source: {namespaces: [&n a, *n]}}]}]}\n",
		"spec:\n  rules:\n  - &r\n    when: [{key: 'request.headers[x]', values: [\"1\", yes, 0x1f, 2001-01-01]}]\n  - <<: *r\n    to: [{operation: {ports: [\"80\"]}}]\n",
		"spec: {action: CUSTOM, provider: {name: opa}, rules: null}\n", "spec: {rules: [{}, null]}\n", "spec:\n", "",
	} {
		f.Add(head + spec)
	}
	f.Add(`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"security.istio.io/v1","kind":"PeerAuthentication","metadata":{"name":"a"},"spec":{"mtls":{"mode":"STRICT"}}}]}`)
	f.Add("apiVersion: security.istio.io/v1beta1\nkind: RequestAuthentication\nmetadata: {name: a}\nspec: {jwtRules: [{issuer: i, jwks_uri: https://i/, timeout: 5s}]}\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		file := source.New("fuzz.yaml", text)
		docs, diags := istio.Read(file)
		for _, d := range diags {
			if _, ok := diag.Lookup(d.Code); !ok || d.Message == "" || d.Span.File != file || d.Span.Start < 0 || d.Span.End < d.Span.Start || int(d.Span.End) > len(text) {
				t.Errorf("diagnostic %+v", d)
			}
		}
		for _, d := range docs {
			if faults := istio.Validate(d.Object); len(faults) > 0 {
				t.Errorf("%v\n%q", faults, text)
			}
			if len(d.Rules) != len(d.Object.Authorization.GetRules()) {
				t.Errorf("%d places of %d rules\n%q", len(d.Rules), len(d.Object.Authorization.GetRules()), text)
			}
			written := string(yaml.Append(nil, d.Object))
			if again, diags := istio.Read(source.New("again.yaml", written)); len(again) != 1 || len(diags) > 0 || !istio.Equal(again[0].Object, d.Object) {
				t.Errorf("%v\n%s\nreads otherwise than\n%q", diags, written, text)
			}
		}
		if len(docs) == 1 && len(diags) == 0 && !strings.Contains(text, "---") && !strings.Contains(text, "List") {
			theirs, err := kubernetes(text, docs[0].Object.Kind)
			ours := docs[0].Object
			if err != nil || theirs == nil || !proto.Equal(spec(ours), theirs) {
				t.Errorf("%v: %v\nand not %v\n%q", err, spec(ours), theirs, text)
			}
		}
	})
}

// spec is the one spec of an object.
func spec(o *istio.Object) proto.Message {
	switch o.Kind {
	case istio.PeerAuthentication:
		return o.Peer
	case istio.RequestAuthentication:
		return o.Request
	}
	return o.Authorization
}

// kubernetes reads the spec of an object as an API server and istiod do.
func kubernetes(text string, kind istio.Kind) (proto.Message, error) {
	var o struct{ Spec json.RawMessage }
	if err := sigs.Unmarshal([]byte(text), &o); err != nil {
		return nil, err
	}
	var m proto.Message = &security.AuthorizationPolicy{}
	switch kind {
	case istio.PeerAuthentication:
		m = &security.PeerAuthentication{}
	case istio.RequestAuthentication:
		m = &security.RequestAuthentication{}
	}
	if len(o.Spec) == 0 || string(o.Spec) == "null" {
		return m, nil
	}
	return m, protojson.Unmarshal(o.Spec, m)
}
