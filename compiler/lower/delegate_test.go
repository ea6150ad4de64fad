package lower

import (
	"strconv"
	"testing"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/source"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ provider, want string }{
		{"opa", "opa"},
		{"opa.ext_authz", "opa-ext-authz"},
		{"Sample-Ext-Authz.Grpc", "sample-ext-authz-grpc"},
		{"--a//b--", "a-b"},
		{"日本", letters(hash("日本")%11881376, 5)},
		{"日本2", "2"},
	} {
		if got := fold(c.provider); got != c.want {
			t.Errorf("fold(%q) = %q, want %q", c.provider, got, c.want)
		}
	}
}

// TestGuards wants the first two providers, whatever the order in which statements come.
func TestGuards(t *testing.T) {
	f := source.New("a.zt", "0123456789")
	rule := func(at int32, provider string) *ir.Rule {
		return &ir.Rule{More: &ir.More{Provider: provider}, Span: source.Span{File: f, Start: at, End: at + 1}}
	}
	rules := []*ir.Rule{rule(5, "a"), rule(1, "b"), rule(3, "a"), rule(2, "b"), rule(4, "c")}
	var all func(done guards, left []*ir.Rule)
	all = func(done guards, left []*ir.Rule) {
		if len(left) == 0 {
			if done.first != rules[1] || done.second != rules[2] {
				t.Errorf("got %v and %v", done.first.Span, done.second.Span)
			}
			return
		}
		for i := range left {
			rest := append(append([]*ir.Rule{}, left[:i]...), left[i+1:]...)
			all(done.and(left[i]), rest)
		}
	}
	all(guards{}, rules)
	if g := (guards{}).and(nil, rules[0], rules[2]); g.first != rules[2] || g.second != nil {
		t.Error("one provider is two")
	}
}

func TestLookalikes(t *testing.T) {
	pods := func(ns string, labels ...string) *ir.Target {
		p := &ir.Pods{Namespace: ns, Mesh: ns == ""}
		for i := 0; i < len(labels); i += 2 {
			p.Labels = append(p.Labels, ir.Label{Key: labels[i], Value: labels[i+1]})
		}
		return &ir.Target{Kind: ir.OnPods, Pods: p, Namespace: ns}
	}
	for i, c := range []struct {
		a, b  *ir.Target
		alike bool
	}{
		{pods("x", "tier", "a"), pods("x", "tier", "b"), false},
		{pods("x", "tier", "a"), pods("x", "tier", "a", "app", "c"), true},
		{pods("x", "tier", "a"), pods("x", "app", "c"), true},
		{pods("x", "tier", "a"), pods("y", "tier", "a"), false},
		{pods("", "tier", "a"), pods("", "app", "a"), true},
		{pods("x", "tier", "a"), &ir.Target{Kind: ir.OnNamespace, Namespace: "x"}, false},
	} {
		if got := lookalikes([]*ir.Target{c.a, c.b}); got[0] == got[1] != c.alike {
			t.Errorf("%d: %q", i, got)
		}
	}
}

// TestApart wants no false difference between what a delegate and an allow match, and a bounded look.
func TestApart(t *testing.T) {
	cubeOf := func(f field, in, out []string) *cube {
		c := &cube{}
		c.f[f] = set{in: in, out: out}
		return c
	}
	for i, c := range []struct {
		a, b  *cube
		apart bool
	}{
		{cubeOf(paths, []string{"/a/*"}, nil), cubeOf(paths, []string{"/b/*"}, nil), true},
		{cubeOf(paths, []string{"/a/*"}, nil), cubeOf(paths, []string{"/a/b"}, nil), false},
		{cubeOf(paths, []string{"/a/*"}, nil), cubeOf(paths, []string{"*b"}, nil), false},
		{cubeOf(paths, []string{"/a/b", "/a/c"}, nil), cubeOf(paths, nil, []string{"/a/*"}), true},
		{cubeOf(paths, nil, []string{"/a/*"}), cubeOf(paths, []string{"/a/b", "/c"}, nil), false},
		{cubeOf(methods, nil, star), cubeOf(methods, []string{"GET"}, nil), true},
		{cubeOf(methods, []string{"GET"}, nil), cubeOf(paths, []string{"/"}, nil), false},
		{cubeOf(ipBlocks, []string{"10.0.0.0/8"}, nil), cubeOf(ipBlocks, []string{"10.1.0.0/16"}, nil), false},
		{cubeOf(ipBlocks, []string{"10.0.0.0/8"}, nil), cubeOf(ipBlocks, []string{"192.168.0.0/16"}, nil), true},
	} {
		budget := 100
		if got := apart(c.a, c.b, &budget); got != c.apart {
			t.Errorf("%d: apart = %v", i, got)
		}
	}
	var a, b []string
	for i := range 100 {
		a, b = append(a, "/a"+strconv.Itoa(i)), append(b, "/b"+strconv.Itoa(i))
	}
	if budget := 50; apart(cubeOf(paths, a, nil), cubeOf(paths, b, nil), &budget) {
		t.Error("more was compared than is paid for")
	}
}
