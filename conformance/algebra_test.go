package conformance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// judged is how the algebra's sets are called, and what a verdict says of them.
var judged = []struct {
	name    string
	set     func(*sem.Ladder) *sem.Expr
	verdict func(Verdict, sem.Request) bool
}{
	{"DENY", func(l *sem.Ladder) *sem.Expr { return l.Deny }, func(v Verdict, _ sem.Request) bool { return v.Deny }},
	{"ALLOW", func(l *sem.Ladder) *sem.Expr { return l.Allow }, func(v Verdict, _ sem.Request) bool { return v.Allow }},
	{"not ALLOW", func(l *sem.Ladder) *sem.Expr { return sem.Not(l.Allow) }, func(v Verdict, _ sem.Request) bool { return !v.Allow }},
	{"AUDIT", func(l *sem.Ladder) *sem.Expr { return l.Audit }, func(v Verdict, _ sem.Request) bool { return v.Audit }},
	{"neither DENY nor AUDIT", func(l *sem.Ladder) *sem.Expr { return sem.And(sem.Not(l.Deny), sem.Not(l.Audit)) }, func(v Verdict, _ sem.Request) bool { return !v.Deny && !v.Audit }},
	{"what passes", (*sem.Ladder).Passes, passes},
	{"what is refused", func(l *sem.Ladder) *sem.Expr { return sem.Not(l.Passes()) }, func(v Verdict, q sem.Request) bool { return !passes(v, q) }},
}

// passes is the decision, with what the authorizer says.
func passes(v Verdict, q sem.Request) bool {
	says := q[sem.Attr{Kind: sem.Answer, Name: provider}]
	return v.Passes() && (!v.Custom || len(says.Parts) == 1 && says.Parts[0] == "yes")
}

// The requests that the algebra finds in sets, and in the difference of two sets, are there by Istio's reading and by the naive
// one; and where it finds none, none of the cells is.
func TestAlgebra(t *testing.T) {
	seed, only := seeds(t, 9)
	want := 30_000
	if full() {
		want = 500_000
	}
	counts := map[string]int{}
	answers := 0
	for i := max(only, 0); answers < want && !t.Failed(); i++ {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		a := randomSetting(Everything(r))
		a.Policies = slices.DeleteFunc(a.Policies, readsTokens)
		b := *a
		b.Policies = changed(r, a.Policies)
		for _, c := range sidecars {
			n, err := find(a, &b, c, r, counts)
			answers += n
			if err != nil {
				t.Errorf("%s, %v: %v\n%sagainst\n%s", repeats(t, seed, i), c, err, a.YAML(), b.YAML())
			}
		}
		if only >= 0 {
			return
		}
	}
	t.Logf("%d answers of the algebra, %v, seed %d", answers, counts, seed)
	for _, k := range []string{"found", "nothing", "different", "equal", "beside"} {
		if counts[k] < want/200 {
			t.Errorf("%s: only %d times", k, counts[k])
		}
	}
}

// readsTokens reports whether a policy has an authorizer asked by what is in a token: the token is not verified by then.
func readsTokens(o *istio.Object) (reads bool) {
	if o.Authorization.Action == security.AuthorizationPolicy_CUSTOM {
		fields(o, func(field string, _ bool, _ []string) {
			reads = reads || field == "requestPrincipals" || len(field) > 12 && field[:12] == "request.auth"
		})
	}
	return reads
}

// changed has rules in another order, where a proof that nothing differs is wanted, and mostly lacks one of each policy.
func changed(r *rand.Rand, policies []*istio.Object) (out []*istio.Object) {
	less := r.IntN(4) > 0
	for _, o := range policies {
		c := *o
		c.Authorization = proto.Clone(o.Authorization).(*security.AuthorizationPolicy)
		rules := c.Authorization.Rules
		slices.Reverse(rules)
		if less && len(rules) > 0 {
			c.Authorization.Rules = rules[1:]
		}
		out = append(out, &c)
	}
	return out
}

// find asks the algebra about what policies do, and about what others do differently, and holds each answer to the readings.
func find(a, b *Setting, c plane.Chain, r *rand.Rand, counts map[string]int) (answers int, err error) {
	var ladders [2]sem.Ladder
	var by [2][]Answer
	var all []*sem.Expr
	for k, s := range []*Setting{a, b} {
		if ladders[k], err = s.Ladder(c); err != nil {
			return 0, nil // not modelled, and said so
		}
		for _, j := range judged {
			all = append(all, j.set(&ladders[k]))
		}
		for _, x := range []Reading{Readings[0], Readings[2]} {
			answer, err := x.Read(s, c)
			if err != nil {
				return 0, err
			}
			by[k] = append(by[k], answer)
		}
	}
	tested := map[sem.Attr]bool{}
	for _, x := range all {
		x.Attrs(tested)
	}
	space, err := sem.NewSpace(sem.Limits{}, plane.Possible(maps.Clone(tested)), nil, all...)
	if err != nil {
		return 0, nil
	}
	cells, err := NewCells(all...)
	if err != nil {
		return 0, nil
	}
	// is holds one request to what the algebra says of it.
	is := func(what string, q sem.Request, k int, verdict func(Verdict, sem.Request) bool, want bool) error {
		full := Plain(c == plane.HTTP)
		maps.Copy(full, q)
		real, ok := Concrete(full, c == plane.HTTP)
		if !ok {
			return nil
		}
		for n, answer := range by[k] {
			v, err := answer(&Asked{full, real})
			if err != nil {
				return err
			}
			if verdict(v, full) != want {
				return fmt.Errorf("%s: the algebra says %t of %v, and %s %v", what, want, q, []string{"Istio", "the oracle"}[n], v)
			}
		}
		answers++
		return nil
	}
	// around are a request and others of the box around it.
	around := func(d *sem.Difference, f func(sem.Request) error) error {
		if err := f(d.Request); err != nil {
			return err
		}
		for range 4 {
			q := maps.Clone(d.Request)
			for _, s := range d.Box {
				if len(s.Values) > 0 {
					q[s.Attr] = s.Values[r.IntN(len(s.Values))]
				}
			}
			counts["beside"]++
			if err := f(q); err != nil {
				return err
			}
		}
		return nil
	}
	for _, j := range judged {
		var sets [2]*sem.Set
		for k := range sets {
			if sets[k], err = space.Set(j.set(&ladders[k])); err != nil {
				return answers, nil
			}
		}
		some, err := space.Any(sets[0])
		switch {
		case err != nil: // past the budget
		case some != nil:
			counts["found"]++
			if err := around(some, func(q sem.Request) error { return is(j.name, q, 0, j.verdict, true) }); err != nil {
				return answers, err
			}
		default:
			counts["nothing"]++
			for _, q := range cells.Requests(r, 10, c == plane.HTTP)[:10] {
				if err := is(j.name, q, 0, j.verdict, false); err != nil {
					return answers, err
				}
			}
		}
		d, inA, err := space.Equal(sets[0], sets[1])
		switch {
		case err != nil:
		case d != nil:
			counts["different"]++
			if err := around(d, func(q sem.Request) error {
				if err := is(j.name+" of the first", q, 0, j.verdict, inA); err != nil {
					return err
				}
				return is(j.name+" of the second", q, 1, j.verdict, !inA)
			}); err != nil {
				return answers, err
			}
		default:
			counts["equal"]++
			for _, q := range cells.Requests(r, 10, c == plane.HTTP)[:10] {
				if err := is(j.name+" of the second, which is equal", q, 1, j.verdict, j.set(&ladders[0]).Holds(q)); err != nil {
					return answers, err
				}
			}
		}
	}
	return answers, nil
}
