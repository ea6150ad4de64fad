package proof_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// brought is a request as TestDeclaredRandom takes it: a method, an issuer of its token ("" without one), and the claim tier.
type brought struct {
	method, issuer string
	tier           []string
}

// words is a part of a statement, and what it says of a request.
type words struct {
	text  string
	holds func(brought) bool
}

// randomSpoken is what a statement or a question is about: tokens, methods and tiers.
func randomSpoken(r *rand.Rand) words {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	issuer, method := pick("i", "i", "j", "*"), pick("GET", "POST", "")
	as := issuer
	if issuer != "*" {
		as = "https://" + issuer + ".example/*"
	}
	test := func() words {
		v := pick("a", "b")
		equal := func(q brought) bool { return slices.Contains(q.tier, v) }
		switch r.IntN(5) {
		case 0:
			return words{fmt.Sprintf("claim[\"tier\"] != %q", v), func(q brought) bool { return len(q.tier) > 0 && !equal(q) }}
		case 1:
			return words{fmt.Sprintf("not (claim[\"tier\"] == %q)", v), func(q brought) bool { return !equal(q) }}
		}
		return words{fmt.Sprintf("claim[\"tier\"] == %q", v), equal}
	}
	x, when := test(), words{}
	switch y := test(); r.IntN(4) {
	case 0:
		when = words{x.text + " and " + y.text, func(q brought) bool { return x.holds(q) && y.holds(q) }}
	case 1:
		when = words{x.text + " or " + y.text, func(q brought) bool { return x.holds(q) || y.holds(q) }}
	default:
		when = x
	}
	operation := method
	if method == "" {
		operation = "{ http }"
	}
	return words{
		fmt.Sprintf("authenticated as %q -> api %s when %s", as, operation, when.text),
		func(q brought) bool {
			return q.issuer != "" && (issuer == "*" || q.issuer == issuer) && (method == "" || q.method == method) && when.holds(q)
		},
	}
}

// TestDeclaredRandom holds proofs about tokens of which one issuer's have a string, and another one's a list, to every request there
// is of few values.
func TestDeclaredRandom(t *testing.T) {
	var sent []brought // also with tokens of an issuer that nobody verifies
	for _, method := range []string{"GET", "POST", "PUT"} {
		sent = append(sent, brought{method: method})
		for _, issuer := range []string{"i", "j", "k"} {
			for set := range 8 {
				q := brought{method: method, issuer: issuer}
				for n, v := range []string{"a", "b", "c"} {
					if set>>n&1 != 0 {
						q.tier = append(q.tier, v)
					}
				}
				if issuer != "i" || len(q.tier) < 2 {
					sent = append(sent, q)
				}
			}
		}
	}
	asked, held, lists := 0, 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 12))
		var b strings.Builder
		b.WriteString("workload web\nworkload api { port http 8080 }\nmtls strict in default\ndeny all in default\njwt \"https://i.example\" on api { claims tier string }\njwt \"https://j.example\" on api { claims tier list }\n")
		var allows, denies []words
		for range 1 + r.IntN(3) {
			allows = append(allows, randomSpoken(r))
			b.WriteString("# ztc:allow ZT1307 it is random\nallow " + allows[len(allows)-1].text + "\n")
		}
		for range r.IntN(3) {
			denies = append(denies, randomSpoken(r))
			b.WriteString("# ztc:allow ZT1303 it is random\ndeny " + denies[len(denies)-1].text + "\n")
		}
		about := func(list []words, q brought) bool {
			return slices.ContainsFunc(list, func(w words) bool { return w.holds(q) })
		}
		passes := func(q brought) bool { return about(allows, q) && !about(denies, q) }
		question := randomSpoken(r)
		mode := []string{"always", "never", "only"}[r.IntN(3)]
		b.WriteString("prove " + mode + " " + question.text + "\n")

		some, want := false, true
		listed := false // a list of i's would decide otherwise
		for _, q := range append(slices.Clone(sent), brought{"GET", "i", []string{"a", "b"}}, brought{"POST", "i", []string{"a", "b"}}, brought{"PUT", "i", []string{"a", "b", "c"}}) {
			in, verified, possible := question.holds(q), q.issuer != "k", q.issuer != "i" || len(q.tier) < 2
			wrong := false
			switch mode {
			case "always":
				some = some || in && possible && verified
				wrong = in && verified && !passes(q)
			case "never":
				some = some || in && possible
				wrong = in && verified && passes(q)
			case "only":
				some = some || passes(q) && verified && possible
				wrong = !in && verified && passes(q)
			}
			if wrong && possible {
				want = false
			} else if wrong {
				listed = true
			}
		}
		out, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", b.String())}})
		if len(out.Trials) == 0 { // some statement is refused
			if !diags.HasErrors() {
				t.Fatalf("%s: %v", b.String(), diags)
			}
			continue
		}
		asked++
		if want && listed {
			lists++
		}
		if want = want && some; want {
			held++
		}
		if x := out.Trials[0]; x.Unknown != nil || x.Holds() != want {
			t.Errorf("seed %d: it holds: %t, and of all requests: %t\n%s%v", seed, x.Holds(), want, b.String(), slices.DeleteFunc(diags, func(d diag.Diagnostic) bool { return d.Severity != diag.Error }))
		}
	}
	t.Logf("%d proofs, %d hold, %d of them since a string is no list", asked, held, lists)
	if asked < 200 || held < 50 || held > asked-50 || lists < 10 {
		t.Errorf("%d proofs are asked, %d hold, %d of them since a string is no list: they are not varied", asked, held, lists)
	}
}
