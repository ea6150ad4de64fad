package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// testFormats are what `test --format` takes.
var testFormats = []string{"text", "json", "junit"}

func (a *app) testCommand() *cobra.Command {
	var s settings
	var format, run string
	var coverage bool
	c := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Run the tests and proofs of a program",
		Long: "test compiles a program and asks the emitted policies what its test and prove statements ask. Answers are exact: a proof\n" +
			"speaks of every request there can be. Past a bound of work the answer is \"not proven\", which fails.\n\n" +
			"build runs them, too, and writes nothing when one fails.\n\n" +
			"--with adds policies of others, in YAML, which the questions are asked beside. What of them this program emits itself is\n" +
			"left out.",
		Example:           "  ztc test policies/\n  ztc test --run payments --coverage\n  ztc test --with others.yaml --format junit > tests.xml",
		ValidArgsFunction: completePrograms,
		RunE: func(c *cobra.Command, paths []string) error {
			if !slices.Contains(testFormats, format) {
				return usagef(c, "--format %q is none of %s", format, strings.Join(testFormats, ", "))
			}
			pick, err := regexp.Compile(run)
			if err != nil {
				return usagef(c, "--run wants a regular expression, and is given %q: %v", run, err)
			}
			if err := s.check(c, paths); err != nil {
				return err
			}
			there, picked := 0, 0
			s.coverage = true
			s.only = func(name string) bool {
				there++
				if !pick.MatchString(name) {
					return false
				}
				picked++
				return true
			}
			in, out, diags, err := a.compile(c, paths, &s)
			defer in.close()
			a.report(diags)
			a.explainWerror(diags, s.werror)
			if out.Trials == nil && err != nil { // nothing was asked
				if format != "text" && err != exit(exitUsage) { // who reads it waits for something
					if err := a.writeTests(format, unasked(diags), false); err != nil {
						return err
					}
				}
				return err
			}
			if run != "" && picked == 0 { // a gate that asks nothing must not hold
				has := "no tests and no proofs"
				if there > 0 {
					has = plural(there, "question, and its name does not match", "questions, and no name matches")
				}
				return usagef(c, "--run %q picks nothing: the program has %s", run, has)
			}
			if err := a.writeTests(format, summary(out, coverage), coverage); err != nil {
				return err
			}
			return err
		},
	}
	s.flags(c)
	s.withFlag(c)
	c.Flags().StringVar(&run, "run", "", "run only the tests whose name, and the proofs whose text, matches `REGEXP`")
	c.Flags().BoolVar(&coverage, "coverage", false, "list the statements, and the rules of the YAML, that no test or proof speaks of")
	c.Flags().StringVar(&format, "format", "text", "of the results on standard output: text, json or junit (`FORMAT`)")
	return c
}

// tested is the outcome of a run, as JSON has it.
type tested struct {
	Version   int             `json:"version"`
	Tests     []testResult    `json:"tests"`
	Passed    int             `json:"passed"`
	Failed    int             `json:"failed"`
	Assumes   []string        `json:"assumptions"`
	Covered   int             `json:"coveredStatements"`
	Uncovered []jsonUncovered `json:"uncoveredStatements,omitempty"`
	Rules     int             `json:"coveredRules"`
	NoRules   []jsonOpenRule  `json:"uncoveredRules,omitempty"`
	// Errors are why nothing was asked.
	Errors []testFailed `json:"errors,omitempty"`
}

// testResult is one test, with all of its expectations, or one proof.
type testResult struct {
	Kind     string       `json:"kind"` // test or prove
	Name     string       `json:"name"`
	Place    jsonPlace    `json:"place"`
	Asked    int          `json:"questions"`
	Passed   bool         `json:"passed"`
	Failures []testFailed `json:"failures,omitempty"`
}

type testFailed struct {
	Code    diag.Code `json:"code"`
	Place   jsonPlace `json:"place"`
	Message string    `json:"message"`
	Notes   []string  `json:"notes,omitempty"`
	// Related are the statements that decide.
	Related []testRelated `json:"related,omitempty"`
}

type testRelated struct {
	Place   jsonPlace `json:"place"`
	Message string    `json:"message"`
}

type jsonPlace struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

type jsonUncovered struct {
	jsonPlace
	Text string `json:"text"`
}

// jsonOpenRule is a rule of which no test speaks, and the statements that are in it.
type jsonOpenRule struct {
	jsonRule
	Statements []jsonStatement `json:"statements"`
}

func (r *jsonOpenRule) String() string {
	return fmt.Sprintf("rule[%d] of %s/%s", r.Rule, r.Namespace, r.Name)
}

func (p jsonPlace) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

func placeOf(s source.Span) jsonPlace {
	if s.File == nil {
		return jsonPlace{}
	}
	at := s.File.Position(int(s.Start))
	return jsonPlace{s.File.Name, at.Line, at.Column}
}

func failed(d *diag.Diagnostic) testFailed {
	f := testFailed{Code: d.Code, Place: placeOf(d.Span), Message: d.Message, Notes: d.Notes}
	for _, x := range d.Related {
		f.Related = append(f.Related, testRelated{placeOf(x.Span), x.Message})
	}
	return f
}

// unasked are the errors of a program of which nothing was asked.
func unasked(diags diag.List) tested {
	t := tested{Version: 1, Tests: []testResult{}, Assumes: []string{}}
	for i := range diags {
		if d := &diags[i]; d.Severity == diag.Error && len(t.Errors) < maxShown {
			t.Errors = append(t.Errors, failed(d))
		}
	}
	return t
}

// inLine is a text on one line.
func inLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// summary gathers the trials of each test, and with coverage what none of them speaks of.
func summary(out compiler.Output, coverage bool) tested {
	t := tested{Version: 1, Tests: []testResult{}, Assumes: []string{}}
	if len(out.Trials) > 0 {
		t.Assumes = out.Trials[0].Assumptions()
	}
	var within source.Span // the name of the last test
	for _, x := range out.Trials {
		kind, at := "prove", x.Span()
		if x.Expect != nil {
			kind, at = "test", x.Expect.In
		}
		if kind == "prove" || at != within {
			t.Tests = append(t.Tests, testResult{Kind: kind, Name: inLine(x.Name()), Place: placeOf(at), Passed: true})
			within = at
		}
		r := &t.Tests[len(t.Tests)-1]
		r.Asked++
		r.Passed = r.Passed && x.Holds()
		for _, d := range x.Report() {
			r.Failures = append(r.Failures, failed(&d))
		}
	}
	for i := range t.Tests {
		if t.Tests[i].Passed {
			t.Passed++
		} else {
			t.Failed++
		}
	}
	c := &out.Coverage
	t.Covered, t.Rules = c.Statements, c.Rules
	if !coverage {
		return t
	}
	for _, s := range c.Open {
		t.Uncovered = append(t.Uncovered, jsonUncovered{placeOf(s), inLine(s.Text())})
	}
	for _, m := range c.OpenRules {
		t.NoRules = append(t.NoRules, jsonOpenRule{ruleOf(m), statementsOf(c.In(m))})
	}
	return t
}

func (a *app) writeTests(format string, t tested, coverage bool) error {
	var b strings.Builder
	switch format {
	case "json":
		return a.printJSON(t)
	case "junit":
		if err := writeJUnit(&b, t); err != nil {
			return err
		}
	default:
		writeTestText(&b, t, coverage)
	}
	return a.print([]byte(b.String()))
}

func writeTestText(b *strings.Builder, t tested, coverage bool) {
	for _, r := range t.Tests {
		word := "ok  "
		if !r.Passed {
			word = "FAIL"
		}
		fmt.Fprintf(b, "%s  %s\n", word, diag.Clean(r.Name))
	}
	if len(t.Tests) == 0 {
		b.WriteString("no tests, and no proofs\n")
	} else {
		fmt.Fprintf(b, "%d passed, %d failed\n", t.Passed, t.Failed)
	}
	for _, s := range t.Assumes {
		fmt.Fprintf(b, "assumed: %s\n", s)
	}
	if coverage {
		fmt.Fprintf(b, "covered: %d of %d statements, %d of %d rules\n", t.Covered, t.Covered+len(t.Uncovered), t.Rules, t.Rules+len(t.NoRules))
		for _, p := range t.Uncovered {
			fmt.Fprintf(b, "  no test speaks of %s: %s\n", p, diag.Clean(p.Text))
		}
		for i := range t.NoRules {
			r := &t.NoRules[i]
			fmt.Fprintf(b, "  no test speaks of %s\n", r)
			for _, s := range r.Statements {
				fmt.Fprintf(b, "    %s: %s\n", s.jsonPlace, diag.Clean(s.Text))
			}
		}
	}
}
