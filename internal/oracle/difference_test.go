package oracle_test

import (
	"slices"
	"testing"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/internal/oracle"
)

// regrouped has the rules of policies in other objects, and in another order: that changes nothing.
func (d dice) regrouped(policies []map[string]any) (out []map[string]any) {
	for _, p := range policies {
		spec := p["spec"].(map[string]any)
		rules, _ := spec["rules"].([]any)
		rules = slices.Clone(rules)
		d.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
		for cut := 1; len(rules) > 1 && d.one(2); cut++ {
			n := 1 + d.IntN(len(rules)-1)
			out = append(out, with(p, rules[:n]))
			rules = rules[n:]
		}
		out = append(out, with(p, rules))
	}
	d.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// with is a policy with other rules; nil for those it has.
func with(p map[string]any, rules []any) map[string]any {
	spec := map[string]any{}
	for k, v := range p["spec"].(map[string]any) {
		spec[k] = v
	}
	if rules != nil {
		spec["rules"] = rules
	}
	out := map[string]any{}
	for k, v := range p {
		out[k] = v
	}
	out["spec"] = spec
	return out
}

// reworked has rules that are taken apart, put together or changed in one place: what that changes is for others to say.
func (d dice) reworked(policies []map[string]any) (out []map[string]any) {
	for _, p := range policies {
		var rules []any
		list, _ := p["spec"].(map[string]any)["rules"].([]any)
		for _, r := range list {
			rule := r.(map[string]any)
			copied := func() map[string]any {
				c := map[string]any{}
				for k, v := range rule {
					c[k] = v
				}
				return c
			}
			part := d.pick("from", "to")
			if entries, _ := rule[part].([]any); len(entries) > 1 && d.one(2) { // one rule for each entry
				for _, e := range entries {
					c := copied()
					c[part] = []any{e}
					rules = append(rules, c)
				}
				continue
			}
			if d.one(4) { // the same again
				rules = append(rules, copied())
			}
			if d.one(2) {
				c := copied()
				delete(c, d.pick("from", "to", "when"))
				if len(c) > 0 {
					rule = c
				}
			}
			rules = append(rules, rule)
		}
		if d.one(3) {
			rules = append(rules, d.rule(p["spec"].(map[string]any)["action"] == "CUSTOM", false))
		}
		out = append(out, with(p, rules))
	}
	return out
}

// parts are what sets of policies are compared by.
var parts = []struct {
	name   string
	plane  func(*sem.Ladder) *sem.Expr
	oracle func(*oracle.Verdict) bool
}{
	{"verdict", (*sem.Ladder).Passes, func(v *oracle.Verdict) bool { return v.Allowed }},
	{"ALLOW", func(l *sem.Ladder) *sem.Expr { return l.Allow }, func(v *oracle.Verdict) bool { return v.Allow }},
	{"DENY", func(l *sem.Ladder) *sem.Expr { return l.Deny }, func(v *oracle.Verdict) bool { return v.Deny }},
	{"refusal", func(l *sem.Ladder) *sem.Expr { return sem.Not(l.Passes()) }, func(v *oracle.Verdict) bool { return !v.Allowed }},
	{"neither DENY nor AUDIT", func(l *sem.Ladder) *sem.Expr { return sem.And(sem.Not(l.Deny), sem.Not(l.Audit)) }, func(v *oracle.Verdict) bool { return !v.Deny && !v.Audit }},
}

// Each difference that sem finds between two sets of policies is one for the oracle, and where it finds none there is none.
func TestDifferences(t *testing.T) {
	rounds, seed := times(120)
	equal, different, points := 0, 0, 0
	for i := range rounds {
		d := newDice(seed<<32 + 1<<20 + uint64(i))
		om, pm := meshes(d)
		a := d.policies(false)
		same := i%4 == 0
		b := d.regrouped(a)
		if !same {
			b = d.reworked(a)
		}
		texts := [2]string{stream(a...), stream(b...)}
		for _, c := range chains {
			var policies [2][]oracle.Policy
			var ladders [2]sem.Ladder
			var all []*sem.Expr
			for k := range 2 {
				p, objects := read(t, texts[k], true)
				policies[k] = unverified(p)
				l, err := pm.Ladder(objects, c.plane)
				if err != nil {
					t.Fatal(err)
				}
				ladders[k] = l
				all = append(all, l.Passes(), l.Allow, l.Deny, l.Audit)
			}
			space, err := sem.NewSpace(sem.Limits{}, plane.Possible(attrsOf(all...)), nil, all...)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range parts {
				fail := func(format string, args ...any) {
					t.Helper()
					t.Fatalf("round %d on %v, %s: "+format+"\n%s\nagainst\n%s", append(append([]any{i, c.plane, part.name}, args...), texts[0], texts[1])...)
				}
				decide := func(r sem.Request) (of [2]bool, real *oracle.Request) {
					real, why := d.realise(r)
					if why != "" {
						return of, nil
					}
					for k := range 2 {
						v := om.Decide(c.oracle, policies[k], real)
						of[k] = part.oracle(&v)
					}
					return of, real
				}
				var sets [2]*sem.Set
				for k := range 2 {
					if sets[k], err = space.Set(part.plane(&ladders[k])); err != nil {
						t.Fatal(err)
					}
				}
				diff, inA, err := space.Equal(sets[0], sets[1])
				switch {
				case err != nil:
					t.Fatal(err)
				case diff == nil:
					equal++
					atoms := map[sem.Attr][]sem.Value{}
					for _, a := range attrs {
						atoms[a] = space.Values(a)
					}
					for range 25 {
						points++
						if of, real := decide(d.request(atoms)); real != nil && of[0] != of[1] {
							fail("equal, and not for %s", show(real))
						}
					}
					continue
				case same:
					fail("%v is a difference of the order of things", diff.Request)
				}
				different++
				for k := range 20 {
					r := d.request(nil)
					for a, v := range diff.Request {
						for _, other := range exclusive[a] {
							if _, named := diff.Request[other]; !named {
								delete(r, other)
							}
						}
						r[a] = v
					}
					if k > 0 { // others of the box
						for _, s := range diff.Box {
							if len(s.Values) > 0 {
								r[s.Attr] = s.Values[d.IntN(len(s.Values))]
							}
						}
					}
					of, real := decide(r)
					if real == nil {
						if k == 0 {
							fail("no request is %v", r)
						}
						continue
					}
					points++
					if of != [2]bool{inA, !inA} {
						fail("no difference: %v, in the first set: %v, for %s", of, inA, show(real))
					}
				}
			}
		}
	}
	t.Logf("%d are equal, %d different, %d requests", equal, different, points)
	if equal < rounds || different < rounds/2 {
		t.Error("the dice are loaded")
	}
}
