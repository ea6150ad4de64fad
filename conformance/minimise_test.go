package conformance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// faults leave one field of every rule unread.
var faults = map[string]func(*security.Rule){
	"hosts":         func(r *security.Rule) { operations(r, func(o *security.Operation) { o.Hosts = nil }) },
	"notPaths":      func(r *security.Rule) { operations(r, func(o *security.Operation) { o.NotPaths = nil }) },
	"notPorts":      func(r *security.Rule) { operations(r, func(o *security.Operation) { o.NotPorts = nil }) },
	"principals":    func(r *security.Rule) { sources(r, func(s *security.Source) { s.Principals = nil }) },
	"notIpBlocks":   func(r *security.Rule) { sources(r, func(s *security.Source) { s.NotIpBlocks = nil }) },
	"notNamespaces": func(r *security.Rule) { sources(r, func(s *security.Source) { s.NotNamespaces = nil }) },
	"notValues": func(r *security.Rule) {
		for _, c := range r.When {
			c.NotValues = nil
		}
	},
}

func operations(r *security.Rule, f func(*security.Operation)) {
	for _, t := range r.To {
		f(t.Operation)
	}
}

func sources(r *security.Rule, f func(*security.Source)) {
	for _, x := range r.From {
		f(x.Source)
	}
}

// wrong is ztc's reading with a fault.
func wrong(fault func(*security.Rule)) Reading {
	return Reading{"wrong", func(s *Setting, c plane.Chain) (Answer, error) {
		bad := *s
		bad.Policies = nil
		for _, o := range s.Policies {
			x := *o
			x.Authorization = proto.Clone(o.Authorization).(*security.AuthorizationPolicy)
			for _, r := range x.Authorization.Rules {
				fault(r)
			}
			bad.Policies = append(bad.Policies, &x)
		}
		return readPlane(&bad, c)
	}}
}

// Of what a fault is found by, one rule of one policy is left, with the field and one value of it.
func TestMinimise(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		fault := faults[name]
		t.Run(name, func(t *testing.T) {
			readings := []Reading{Readings[0], wrong(fault)}
			var found *Disagreement
			for i := 0; i < 200 && found == nil; i++ {
				r := rand.New(rand.NewPCG(11, uint64(i)))
				s := randomSetting(Everything(r))
				_, d, err := agree(s, sidecars, r, 150, readings, nil)
				if err != nil {
					t.Fatal(err)
				}
				if d != nil && size(d.Policies) > 8 {
					d.Seed = fmt.Sprintf("seed %d", i)
					found = d
				}
			}
			if found == nil {
				t.Fatal("no mesh of some size shows the fault")
			}
			before := found.YAML()
			m := found.Minimise()
			text := m.String()
			if found.YAML() != before {
				t.Error("what was found is changed")
			}
			if said, differ := m.verdicts(); !differ {
				t.Errorf("nothing differs any more: %v", said)
			}
			if len(m.Policies) != 1 || len(m.Policies[0].Authorization.Rules) != 1 || size(m.Policies) != 1 {
				t.Errorf("%d policies with %d values are left of %d with %d:\n%s", len(m.Policies), size(m.Policies), len(found.Policies), size(found.Policies), text)
			}
			for _, want := range []string{name + ":\n", found.Seed, "Istio:", "wrong:", "kind: AuthorizationPolicy"} {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in\n%s", want, text)
				}
			}
			usual := Plain(m.Chain == plane.HTTP)
			var own []string
			for a, v := range m.Request {
				if u, always := usual[a]; !always || !slices.Equal(u.Parts, v.Parts) {
					own = append(own, kindNames[a.Kind])
				}
			}
			if len(own) > 1 {
				t.Errorf("the request has %v of its own:\n%s", own, text)
			}
			if again := found.Minimise().String(); again != text {
				t.Errorf("another time it is\n%s\nafter\n%s", again, text)
			}
		})
	}
}

// size counts the values of policies.
func size(policies []*istio.Object) (n int) {
	for _, o := range policies {
		fields(o, func(_ string, _ bool, values []string) { n += len(values) })
	}
	return n
}
