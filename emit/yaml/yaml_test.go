package yaml

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	sigs "sigs.k8s.io/yaml"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// asciiJSON is JSON with every other character escaped: yaml/v2 reads no control characters.
func asciiJSON(t testing.TB, v any) []byte {
	t.Helper()
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, r := range string(j) {
		switch {
		case r < 0x7f:
			b = append(b, byte(r))
		case r > 0xffff:
			b = utf8.AppendRune(b, r) // yaml/v2 knows no pairs of surrogates
		default:
			b = append(b, `\u`...)
			b = append(b, strconv.FormatInt(int64(0x10000+r), 16)[1:]...)
		}
	}
	return b
}

// document is the JSON value of an object, made by protojson.
func document(t testing.TB, o *istio.Object) map[string]any {
	t.Helper()
	var spec proto.Message
	switch {
	case o.Authorization != nil:
		spec = o.Authorization
	case o.Peer != nil:
		spec = o.Peer
	default:
		spec = o.Request
	}
	j, err := protojson.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal(j, &s); err != nil {
		t.Fatal(err)
	}
	if a := o.Authorization; a != nil && len(a.Rules) > 0 {
		s["action"] = a.Action.String()
	}
	if p := o.Peer; p != nil {
		if m, ok := s["mtls"].(map[string]any); ok {
			m["mode"] = p.Mtls.Mode.String()
		}
		ports, _ := s["portLevelMtls"].(map[string]any)
		for port, m := range ports {
			n, _ := strconv.Atoi(port)
			m.(map[string]any)["mode"] = p.PortLevelMtls[uint32(n)].Mode.String()
		}
	}
	meta := map[string]any{"name": o.Name}
	if o.Namespace != "" {
		meta["namespace"] = o.Namespace
	}
	if len(o.Labels) > 0 {
		meta["labels"] = o.Labels
	}
	if len(o.Annotations) > 0 {
		meta["annotations"] = o.Annotations
	}
	return map[string]any{"apiVersion": o.APIVersion, "kind": string(o.Kind), "metadata": meta, "spec": s}
}

func reference(t testing.TB, v any) []byte {
	t.Helper()
	want, err := sigs.JSONToYAML(asciiJSON(t, v))
	if err != nil {
		t.Fatalf("%v: %q", err, v)
	}
	return want
}

// holder has s at each place that a string can have, at several depths, as values and as keys.
func holder(s string) *istio.Object {
	return &istio.Object{
		APIVersion: "security.istio.io/v1", Kind: istio.AuthorizationPolicy, Name: s, Namespace: "n",
		Annotations: map[string]string{s: s}, Labels: map[string]string{"k": s},
		Authorization: &security.AuthorizationPolicy{
			Rules: []*security.Rule{{
				From: []*security.Rule_From{{Source: &security.Source{Principals: []string{s, s}}}},
				When: []*security.Condition{{Key: s, Values: []string{s}}},
			}},
		},
	}
}

// maxReferenceKey is the longest key in JSON that yaml/v2 reads.
const maxReferenceKey = 1000

func checkScalar(t *testing.T, s string) {
	t.Helper()
	if elsewhere(s) || len(asciiJSON(t, s)) > maxReferenceKey { // of which JSONToYAML cannot carry << as a key at all
		return
	}
	o := holder(s)
	got := Append(nil, o)
	valid := holder(strings.ToValidUTF8(s, ""))
	if clean := sanitise(s); clean != s {
		valid = holder(clean)
	}
	want := reference(t, document(t, valid))
	if !bytes.Equal(got, want) {
		t.Fatalf("%q:\n%q\nwant\n%q", s, got, want)
	}
}

func TestScalars(t *testing.T) {
	for _, s := range pieces {
		checkScalar(t, s)
		for _, u := range pieces {
			checkScalar(t, s+u)
		}
	}
	checkScalar(t, "")
	for c := range 0x180 {
		checkScalar(t, string(rune(c)))
		checkScalar(t, "a"+string(rune(c)))
		checkScalar(t, string(rune(c))+" a")
	}
	r := rand.New(rand.NewPCG(1, 2))
	n := 4_000
	if testing.Short() {
		n = 2_000
	}
	for range n {
		checkScalar(t, randomString(r))
	}
}

func TestObjects(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 2_500 {
		str := tameString
		if i%2 == 0 {
			str = randomString
		}
		o := randomObject(r, str)
		if oddKeys(o) {
			continue
		}
		got, want := Append([]byte("x"), o)[1:], reference(t, document(t, o))
		if !bytes.Equal(got, want) {
			t.Fatalf("%s\nwant\n%s", got, want)
		}
	}
}

// oddKeys reports keys that JSONToYAML sorts in more than one way.
func oddKeys(o *istio.Object) bool {
	maps := []map[string]string{o.Labels, o.Annotations, o.Authorization.GetSelector().GetMatchLabels(),
		o.Peer.GetSelector().GetMatchLabels(), o.Request.GetSelector().GetMatchLabels()}
	for _, m := range maps {
		for k := range m {
			for l := range m {
				for n := range m {
					if naturalLess(k, l) && naturalLess(l, n) && !naturalLess(k, n) ||
						k != l && !naturalLess(k, l) && !naturalLess(l, k) {
						return true
					}
				}
			}
		}
	}
	return false
}

func TestList(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for i := range 300 {
		items := make([]any, 0, 3)
		var objs []*istio.Object
		for range i % 4 {
			o := randomObject(r, randomString)
			objs = append(objs, o)
			items = append(items, document(t, o))
		}
		want, err := json.MarshalIndent(map[string]any{"apiVersion": "v1", "kind": "List", "items": items}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got := AppendList(nil, objs)
		if !bytes.Equal(got, append(want, '\n')) {
			t.Fatalf("%s\nwant\n%s", got, want)
		}
		if len(objs) > 0 {
			want, _ := json.MarshalIndent(items[0], "", "  ")
			if got := AppendJSON(nil, objs[0]); !bytes.Equal(got, want) {
				t.Fatalf("%s\nwant\n%s", got, want)
			}
		}
	}
}
