package yaml

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	sigs "sigs.k8s.io/yaml"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// sigsRead is what Kubernetes makes of one document: sigs.k8s.io/yaml and a strict protojson.
func sigsRead(doc []byte) (*istio.Object, error) {
	var o struct {
		APIVersion string     `json:"apiVersion"`
		Kind       istio.Kind `json:"kind"`
		Metadata   struct {
			Name        string            `json:"name"`
			Namespace   string            `json:"namespace"`
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
		Spec json.RawMessage `json:"spec"`
	}
	if err := sigs.UnmarshalStrict(doc, &o); err != nil {
		return nil, err
	}
	out := &istio.Object{APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Metadata.Name, Namespace: o.Metadata.Namespace,
		Labels: o.Metadata.Labels, Annotations: o.Metadata.Annotations}
	var spec proto.Message
	switch o.Kind {
	case istio.PeerAuthentication:
		out.Peer = &security.PeerAuthentication{}
		spec = out.Peer
	case istio.RequestAuthentication:
		out.Request = &security.RequestAuthentication{}
		spec = out.Request
	default:
		out.Authorization = &security.AuthorizationPolicy{}
		spec = out.Authorization
	}
	return out, protojson.Unmarshal(o.Spec, spec)
}

func sameObject(a, b *istio.Object) bool {
	return istio.Equal(a, b) && proto.Equal(a.Authorization, b.Authorization) && proto.Equal(a.Peer, b.Peer) && proto.Equal(a.Request, b.Request)
}

func mustRead(t testing.TB, doc []byte) *istio.Object {
	t.Helper()
	o, err := ReadOne(doc)
	if err != nil {
		t.Fatalf("%v\n%s\n%q", err, doc, doc)
	}
	return o
}

func hasMergeKey(o *istio.Object) bool { return strings.Contains(string(Append(nil, o)), `"<<":`) }

func TestReadScalars(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	check := func(s string) {
		t.Helper()
		if s = sanitise(s); s == "<<" { // no key
			return
		}
		o := holder(s)
		if o.Authorization.Rules[0].When[0].Key == "" {
			o.Authorization.Rules[0].When[0].Key = "k"
		}
		if got := mustRead(t, Append(nil, o)); !sameObject(got, o) {
			t.Fatalf("%q: %v\nread as %v", s, o, got)
		}
	}
	for _, s := range pieces {
		check(s)
		for _, u := range pieces {
			check(s + u)
		}
	}
	for range 10_000 {
		check(randomString(r))
	}
}

func TestReadObjects(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	var stream []byte
	var all []*istio.Object
	for i := range 4_000 {
		str := tameString
		if i%2 == 0 {
			str = randomString
		}
		o := randomObject(r, str)
		if hasMergeKey(o) {
			continue
		}
		doc := Append(nil, o)
		got := mustRead(t, doc)
		if !sameObject(got, o) {
			t.Fatalf("%s\nis read as\n%s", doc, Append(nil, got))
		}
		if i%4 == 0 {
			want, err := sigsRead(doc)
			if err != nil {
				t.Fatalf("%v\n%s", err, doc)
			}
			if !sameObject(got, want) {
				t.Fatalf("%s\nis read as\n%s\nand by sigs as\n%s", doc, Append(nil, got), Append(nil, want))
			}
		}
		if len(all) > 0 || i%3 == 0 {
			stream = append(stream, "---\n"...)
		}
		stream = append(stream, doc...)
		all = append(all, o)
	}
	got, err := Read(stream)
	if err != nil || len(got) != len(all) {
		t.Fatalf("%d of %d documents: %v", len(got), len(all), err)
	}
	for i := range all {
		if !sameObject(got[i], all[i]) {
			t.Fatalf("document %d differs", i)
		}
	}
}

// TestReadDamaged changes texts at random: what the reader still takes is what sigs and protojson read in it.
func TestReadDamaged(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	taken := 0
	for i := range 15_000 {
		str := tameString
		if i%4 == 0 {
			str = randomString
		}
		doc := Append(nil, randomObject(r, str))
		for range 1 + r.IntN(2) {
			doc = damage(r, doc)
		}
		got, err := ReadOne(doc)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") {
				t.Fatalf("no line in %v", err)
			}
			continue
		}
		taken++
		want, err := sigsRead(doc)
		if err != nil {
			t.Fatalf("taken, and by sigs refused: %v\n%s\n%q", err, doc, doc)
		}
		if !sameObject(got, want) {
			t.Fatalf("%s\nis read as\n%s\nand by sigs as\n%s", doc, Append(nil, got), Append(nil, want))
		}
	}
	if taken < 1000 || taken > 15_000 {
		t.Errorf("%d damaged texts were taken: the test shows nothing", taken)
	}
}

func damage(r *rand.Rand, doc []byte) []byte {
	lines := bytes.SplitAfter(doc, []byte("\n"))
	i := r.IntN(len(lines))
	switch r.IntN(8) {
	case 0: // drop a line
		lines = append(lines[:i:i], lines[i+1:]...)
		return bytes.Join(lines, nil)
	case 1: // double a line
		lines = append(lines[:i+1:i+1], lines[i:]...)
		return bytes.Join(lines, nil)
	case 2: // swap two lines
		j := r.IntN(len(lines))
		lines[i], lines[j] = lines[j], lines[i]
		return bytes.Join(lines, nil)
	}
	doc = bytes.Clone(doc)
	if len(doc) == 0 {
		return doc
	}
	at := r.IntN(len(doc))
	switch r.IntN(4) {
	case 0: // drop a byte
		return append(doc[:at], doc[at+1:]...)
	case 1: // another byte
		doc[at] = byte(r.UintN(256))
		return doc
	case 2: // a likely byte
		doc[at] = likely[r.IntN(len(likely))]
		return doc
	}
	piece := pieces[r.IntN(len(pieces))]
	return append(doc[:at:at], append([]byte(piece), doc[at:]...)...)
}

func TestReadRefuses(t *testing.T) {
	good := string(Append(nil, policy()))
	mustRead(t, []byte(good))
	for what, doc := range map[string]string{
		"line 1: empty":             "",
		"line 1: comment":           "# c\n" + good,
		"line 1: separator":         "---\n" + good,
		"line 2: quotes":            strings.Replace(good, "kind: AuthorizationPolicy", `kind: "AuthorizationPolicy"`, 1),
		"line 2: kind":              strings.Replace(good, "kind: AuthorizationPolicy", `kind: Secret`, 1),
		"line 1: version":           strings.Replace(good, "security.istio.io/v1\n", "v1\n", 1),
		"line 10: doubled field":    strings.Replace(good, "  action: ALLOW\n", "  action: ALLOW\n  action: ALLOW\n", 1),
		"line 9: unknown value":     strings.Replace(good, "ALLOW", "ALLOWED", 1),
		"line 9: no action":         strings.Replace(good, "  action: ALLOW\n", "", 1),
		"line 9: space at the end":  strings.Replace(good, "ALLOW\n", "ALLOW \n", 1),
		"line 11: unknown field":    strings.Replace(good, "- from:", "- form:", 1),
		"line 8: flow":              strings.Replace(good, "spec:\n", "spec: {x: y}\n", 1),
		"line 14: a list in a list": strings.Replace(good, "        - cluster", "        - - cluster", 1),
	} {
		o, err := ReadOne([]byte(doc))
		if err == nil {
			t.Errorf("%s: taken as %v", what, o)
			continue
		}
		if line, _, _ := strings.Cut(what, ":"); !strings.HasPrefix(err.Error(), line+":") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if o, err := Read([]byte("---\n" + good + "---\n" + good)); err != nil || len(o) != 2 {
		t.Errorf("%d objects, %v", len(o), err)
	}
	if o, err := Read(nil); err != nil || len(o) != 0 {
		t.Errorf("%d objects, %v", len(o), err)
	}
	for _, doc := range []string{"---\n", good + good, good + "---", good + "---\n", good + "---\n---\n" + good, good + "\n"} {
		if _, err := Read([]byte(doc)); err == nil {
			t.Errorf("taken: %s", doc)
		}
	}
}

// policy is a typical object of about 500 bytes.
func policy() *istio.Object {
	return &istio.Object{
		APIVersion: "security.istio.io/v1", Kind: istio.AuthorizationPolicy, Name: "ztc-checkout", Namespace: "shop",
		Labels: map[string]string{"app.kubernetes.io/managed-by": "ztc"},
		Authorization: &security.AuthorizationPolicy{
			Rules: []*security.Rule{{
				From: []*security.Rule_From{{Source: &security.Source{Principals: []string{"cluster.local/ns/shop/sa/frontend", "cluster.local/ns/shop/sa/mobile"}}}},
				To: []*security.Rule_To{{Operation: &security.Operation{
					Methods: []string{"GET", "POST"}, Paths: []string{"/v1/carts/*", "/v1/orders"}, Ports: []string{"8080"}}}},
				When: []*security.Condition{{Key: "request.auth.claims[groups]", Values: []string{"buyers"}}},
			}},
		},
	}
}

func BenchmarkAppend(b *testing.B) {
	o, buf := policy(), []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], o)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkRead(b *testing.B) {
	var stream []byte
	for range 1000 {
		stream = append(append(stream, "---\n"...), Append(nil, policy())...)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		if objs, err := Read(stream); err != nil || len(objs) != 1000 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "docs/s")
}

func FuzzRead(f *testing.F) {
	r := rand.New(rand.NewPCG(17, 18))
	for range 20 {
		f.Add(Append(nil, randomObject(r, randomString)))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		o, err := ReadOne(doc)
		if err != nil {
			return
		}
		want, err := sigsRead(doc)
		if err != nil || !sameObject(o, want) {
			t.Fatalf("%q: %v", doc, err)
		}
	})
}

func FuzzScalar(f *testing.F) {
	for _, s := range pieces {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkScalar(t, s) })
}

const likely = " \n:-'\"|>#{}[]&*!?ab0\\~<"
