package yaml

import (
	"bytes"
	"math/rand/v2"
	"testing"

	security "istio.io/api/security/v1beta1"
)

// TestCheck holds Check to reading and comparing: a text is what its object says, and no other object or text passes.
func TestCheck(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	passed, differ := 0, 0
	var last []byte
	var checker Checker // with what it has kept of other objects
	for i := range 8000 {
		str := tameString
		if i%4 == 0 {
			str = randomString
		}
		o := randomObject(r, str)
		if hasMergeKey(o) {
			continue
		}
		if a := o.Authorization; a != nil && len(a.Rules) == 0 && i%3 == 0 {
			a.Rules = []*security.Rule{} // as good as none
		}
		for _, rule := range o.Authorization.GetRules() { // istio.Validate refuses empty ones
			for _, f := range rule.From {
				if f.Source == nil {
					f.Source = &security.Source{}
				}
				f.Source.Principals = append(f.Source.Principals, "a")
			}
			for _, to := range rule.To {
				if to.Operation == nil {
					to.Operation = &security.Operation{}
				}
				to.Operation.Paths = append(to.Operation.Paths, "/a")
			}
			for _, c := range rule.When {
				c.Key, c.Values = "source.ip", append(c.Values, "10.0.0.1")
			}
		}
		doc := Append(nil, o)
		if err := checker.Check(doc, o); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		passed++
		for _, other := range [][]byte{last, damage(r, bytes.Clone(doc))} {
			back, err := sigsRead(other)
			if got := checker.Check(other, o) == nil; got && (err != nil || !sameObject(back, o)) {
				t.Fatalf("passes for another object (%v):\n%s\nis not\n%s", err, other, doc)
			} else if !got {
				differ++
			}
		}
		last = doc
	}
	if passed < 4000 || differ < passed {
		t.Errorf("%d objects passed, %d texts differed", passed, differ)
	}
}
