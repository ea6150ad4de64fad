package lower

import (
	"fmt"
	"testing"

	security "istio.io/api/security/v1beta1"
)

func values(format string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(format, i)
	}
	return out
}

// TestPartition splits a rule that is too large both ways, and wants every pair of a principal and a path once, and no part
// over a limit.
func TestPartition(t *testing.T) {
	principals, paths := values("cluster.local/ns/default/sa/a-rather-long-name-of-an-account-%d", 1500), values("/a/rather/long/path/with/many/segments/in/it/%d", 1500)
	r := &security.Rule{
		From: []*security.Rule_From{{Source: &security.Source{Principals: principals, NotIpBlocks: []string{"10.0.0.0/8"}}}},
		To:   []*security.Rule_To{{Operation: &security.Operation{Methods: []string{"GET"}, Paths: paths, NotPorts: []string{"9"}}}},
		When: []*security.Condition{{Key: "connection.sni", Values: []string{"a"}}},
	}
	parts := partition([]*security.Rule{r})
	pairs := map[[2]string]int{}
	for _, rules := range parts {
		size := 0
		for _, r := range rules {
			size += ruleSize(r)
			if len(r.When) != 1 {
				t.Fatal("a part lost its condition")
			}
			for _, f := range r.From {
				if len(f.Source.NotIpBlocks) != 1 {
					t.Fatal("a part lost an exception of its sources")
				}
				for _, o := range r.To {
					if len(o.Operation.NotPorts) != 1 || len(o.Operation.Methods) != 1 {
						t.Fatal("a part lost a field of its operation")
					}
					for _, p := range f.Source.Principals {
						for _, q := range o.Operation.Paths {
							pairs[[2]string{p, q}]++
						}
					}
				}
			}
		}
		if len(rules) > maxRules || len(rules) > 1 && size > maxBytes {
			t.Errorf("a part of %d rules and %d bytes", len(rules), size)
		}
	}
	if want := len(principals) * len(paths); len(pairs) != want {
		t.Errorf("%d pairs, want %d", len(pairs), want)
	}
	for p, n := range pairs {
		if n != 1 {
			t.Fatalf("%v %d times", p, n)
		}
	}
}

// TestPartitionStable adds one rule to many and wants all parts but one unchanged.
func TestPartitionStable(t *testing.T) {
	var rules []*security.Rule
	for i := range 900 {
		rules = append(rules, &security.Rule{From: []*security.Rule_From{{Source: &security.Source{Principals: []string{fmt.Sprintf("td/ns/a/sa/%d", i)}}}}})
	}
	before, after := partition(rules[:899]), partition(rules)
	if len(before) < 2 || len(before) != len(after) {
		t.Fatalf("%d and %d parts", len(before), len(after))
	}
	changed := 0
	for i := range before {
		if len(before[i]) != len(after[i]) {
			changed++
		}
		for j := range before[i] {
			if ruleText(before[i][j]) != ruleText(after[i][j]) {
				changed++
			}
		}
	}
	if changed != 1 {
		t.Errorf("%d parts changed", changed)
	}
}
