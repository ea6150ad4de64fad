package istio

import (
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	security "istio.io/api/security/v1beta1"
)

// Every list of strings that Istio has in a source, an operation or a condition counts.
func TestSize(t *testing.T) {
	fields := 0
	fill := func(m protoreflect.Message) {
		list := m.Descriptor().Fields()
		for i := range list.Len() {
			if f := list.Get(i); f.IsList() && f.Kind() == protoreflect.StringKind {
				l := m.Mutable(f).List()
				l.Append(protoreflect.ValueOfString("x"))
				l.Append(protoreflect.ValueOfString("y"))
				fields++
			}
		}
	}
	s, p, c := &security.Source{}, &security.Operation{}, &security.Condition{Key: "k"}
	fill(s.ProtoReflect())
	fill(p.ProtoReflect())
	fill(c.ProtoReflect())
	if fields < 20 {
		t.Fatalf("only %d fields", fields)
	}
	o := &Object{Kind: AuthorizationPolicy, Authorization: &security.AuthorizationPolicy{Rules: []*security.Rule{
		{From: []*security.Rule_From{{Source: s}}, To: []*security.Rule_To{{Operation: p}}, When: []*security.Condition{c}},
		{},
	}}}
	if rules, values := Size(o); rules != 2 || values != 2*fields {
		t.Errorf("%d rules with %d values, want 2 with %d", rules, values, 2*fields)
	}
	if rules, values := Size(&Object{Kind: PeerAuthentication, Peer: &security.PeerAuthentication{}}); rules != 0 || values != 0 {
		t.Errorf("a PeerAuthentication has %d rules with %d values", rules, values)
	}
}
