package proof_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// mesh has n workloads, with ten statements each if they are to differ.
func mesh(n int, differ bool) string {
	var b strings.Builder
	b.WriteString("deny all in mesh\nmtls strict in mesh\nallow w0 -> default/* GET \"/healthz\"\n")
	for i := range n {
		fmt.Fprintf(&b, "workload w%d { port http 8080 }\n", i)
		for j := range 10 {
			if differ {
				fmt.Fprintf(&b, "allow w%d -> w%d GET \"/p%d\"\n", (i*7+j+1)%n, i, j)
			}
		}
	}
	return b.String()
}

// TestProofBudgets holds proofs over many destinations to a number of allocations for each.
func TestProofBudgets(t *testing.T) {
	const n = 400
	for _, x := range []struct {
		name   string
		differ bool
		prove  string
		budget float64 // allocations for a destination
	}{
		{"no such caller", true, "prove never plaintext -> mesh", 1000},
		{"no such path", true, "prove never authenticated -> mesh \"/admin/*\"", 1200},
		{"of one class", false, "prove never plaintext -> mesh", 70},
		{"of one class, with a space", false, "prove never authenticated -> mesh \"/a*\"", 70},
	} {
		compile := func(text string) float64 {
			return testing.AllocsPerRun(1, func() {
				if _, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("mesh.zt", text)}}); diags.HasErrors() {
					t.Fatal(diags[0])
				}
			})
		}
		base := mesh(n, x.differ)
		got := (compile(base+x.prove+"\n") - compile(base)) / n
		t.Logf("%s: %.0f allocations for a destination, budget %.0f", x.name, got, x.budget)
		if got > x.budget {
			t.Errorf("%s: %.0f allocations for a destination, budget %.0f", x.name, got, x.budget)
		}
	}
}

// TestCoverageBudget holds what coverage asks of each statement to a number of allocations: whether a proof speaks of it, and
// not of which request.
func TestCoverageBudget(t *testing.T) {
	const n, budget = 40, 500 // statements, and allocations for each
	var b strings.Builder
	b.WriteString("workload web { port http 8080 }\nworkload api { port http 8080 }\ndeny all in default\nallow web -> api\n")
	for i := range n {
		run := strings.Repeat(string(rune('a'+i%26)), 1+i/26)
		fmt.Fprintf(&b, "deny web -> api when header[\"a\"]==\"%s*\" and header[\"b\"]==\"*%s\"\n", run, run)
	}
	b.WriteString("prove never web -> api when header[\"a\"]==\"zzzz\" and header[\"b\"]==\"other\"\n")
	allocations := func(coverage bool) float64 {
		return testing.AllocsPerRun(1, func() {
			in := compiler.Input{Files: []*source.File{source.New("x.zt", b.String())}, Coverage: coverage}
			compiler.Compile(context.Background(), in)
		})
	}
	got := (allocations(true) - allocations(false)) / n
	t.Logf("%.0f allocations for a statement, budget %d", got, budget)
	if got > budget {
		t.Errorf("%.0f allocations for a statement, budget %d", got, budget)
	}
}

func rules(list []proof.Match) (names []string) {
	for _, m := range list {
		names = append(names, m.String())
	}
	return names
}

// TestTrialsDoNotDependOnProcessors wants one report, however many classes are worked on at a time.
func TestTrialsDoNotDependOnProcessors(t *testing.T) {
	text := mesh(60, true) + `
prove never w3, w9 -> mesh
prove only w1 -> default/* GET
prove always w0 -> mesh GET "/healthz"
prove always w0 -> default/* GET "/healthz"
test "all" { expect deny w4 -> default/* }
test "some" { expect allow w0 -> default/*:8080 GET "/healthz" }
`
	run := func(processors int) (string, []*proof.Trial) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		out, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("mesh.zt", text)}, Coverage: true})
		var said []string
		for _, d := range diags {
			said = append(said, fmt.Sprint(d.Code, d.Span, d.Message, d.Notes, d.Related))
		}
		return strings.Join(append(said, fmt.Sprint(out.Coverage.Statements, out.Coverage.Open, out.Coverage.Rules, rules(out.Coverage.OpenRules))), "\n"), out.Trials
	}
	want, trials := run(1)
	failed := 0
	for _, x := range trials {
		if !x.Holds() {
			failed++
		}
	}
	if len(trials) != 6 || failed < 3 || failed == 6 {
		t.Fatalf("%d of %d trials fail: the cases are not varied", failed, len(trials))
	}
	for range 3 {
		got, again := run(4)
		if got != want {
			t.Fatalf("with one processor:\n%s\nwith four:\n%s", want, got)
		}
		for i := range again {
			if len(again[i].Failures) != len(trials[i].Failures) {
				t.Fatalf("trial %d: %d failures and %d", i, len(again[i].Failures), len(trials[i].Failures))
			}
		}
	}
}

// TestBroadProofs asks about paths of so many prefixes and suffixes that their classes are too many for one space: such questions
// are answered part by part.
func TestBroadProofs(t *testing.T) {
	var b strings.Builder
	b.WriteString("workload web { port http 8080 }\nworkload api { port http 8080 }\nworkload ops { port http 8080 }\ndeny all in default\nmtls strict in default\n")
	for i := range 150 {
		fmt.Fprintf(&b, "allow web -> api GET \"/%c%c/*\", \"*/x/%c%c\"\n", 'a'+i/26, 'a'+i%26, 'a'+i/26, 'a'+i%26)
	}
	for _, c := range []struct {
		ask, want string // the code, or nothing where it holds
		smallest  string
	}{
		{"prove only web -> api GET", "", ""},
		{"prove only web, ops -> api", "", ""},
		{"prove never anyone except web -> api", "", ""},
		{"prove never web -> api POST", "", ""},
		{"prove always web -> api GET \"/aa/*\", \"*/x/ab\"", "", ""},
		{"prove only web -> api GET \"/aa/*\", \"/ab/*\"", "ZT1802", "more passes than these requests: the smallest is web -> api GET \"/ac/\""},
		{"prove never web -> api", "ZT1802", "such requests pass: the smallest is web -> api GET \"/aa/\""},
		{"prove never web -> api except \"/aa/*\", \"/ab/*\"", "ZT1802", "such requests pass: the smallest is web -> api GET \"/ac/\""},
		{"prove never web -> api \"/zz/q\"", "", ""},
		{"prove never web -> api \"/zz/q\", \"/aa/q\"", "ZT1802", "such requests pass: the smallest is web -> api GET \"/aa/q\""},
		{"test \"x\" { expect deny anyone -> api }", "ZT1801", "this should be refused, and passes: web -> api GET \"/aa/\""},
		{"test \"x\" { expect deny ops -> api }", "", ""},
	} {
		_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", b.String()+c.ask+"\n")}})
		got, said := "", ""
		for _, d := range diags {
			if d.Severity == diag.Error {
				got, said = string(d.Code), d.Message
			}
		}
		if got != c.want || said != c.smallest {
			t.Errorf("%s: %q, want %q: %v", c.ask, got, c.want, diags)
		}
	}
}

// TestPerhapsNotTheSmallest: of a list that so many values are asked of that each is asked by itself, it is not known what costs the
// least, and the report says so.
func TestPerhapsNotTheSmallest(t *testing.T) {
	var b strings.Builder
	b.WriteString("workload web { port http 8080 }\nworkload api { port http 8080 }\ndeny all in default\nmtls strict in default\njwt \"https://i.example\" on api { claims groups list }\n")
	for i := range 20 {
		fmt.Fprintf(&b, "allow web as \"https://i.example/*\" -> api \"/%c\" when claim[\"groups\"] == \"g%d*\"\n", 'a'+i, i)
	}
	for _, c := range []struct {
		ask, want string
		perhaps   bool
	}{
		{"prove never web -> api", "such requests pass: one of them is web", true},
		{"prove never web -> api \"/c\"", "such requests pass: the smallest is web", false},
		{"test \"t\" { expect deny web as \"https://i.example/a\" -> api }", "this should be refused, and passes: web", true},
	} {
		_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", b.String()+c.ask+"\n")}})
		i := slices.IndexFunc(diags, func(d diag.Diagnostic) bool { return d.Severity == diag.Error })
		if i < 0 || !strings.HasPrefix(diags[i].Message, c.want) || slices.Contains(diags[i].Notes, "whether there is a smaller one is not known") != c.perhaps {
			t.Errorf("%s: %v", c.ask, diags)
		}
	}
}

// TestPickedIsBounded declares so many pods by labels that those which several selectors pick at once are too many to ask about:
// then the answer is not known.
func TestPickedIsBounded(t *testing.T) {
	for n, want := range map[int]diag.Code{20: "", 300: diag.NotProven} {
		var b strings.Builder
		b.WriteString("workload web\ndeny all in default\nmtls strict in default\nprove never plaintext -> default/*\n")
		for i := range n {
			fmt.Fprintf(&b, "pods p%d { k%d: v }\nallow web -> p%[1]d\nmtls permissive on p%[1]d\n", i, i)
		}
		_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", b.String())}})
		var got diag.Code
		for _, d := range diags {
			if d.Severity == diag.Error {
				got = d.Code
			}
		}
		if got != want {
			t.Errorf("%d pods: %q, want %q", n, got, want)
		}
	}
}
