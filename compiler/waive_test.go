package compiler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// TestWaiverPlaces says, for places that the goldens do not show, which lines a waiver leaves a warning on, and where it is
// itself called useless.
func TestWaiverPlaces(t *testing.T) {
	const head = "deny all in default\n"
	const w = "# ztc:allow ZT1105 why"
	for name, c := range map[string]struct{ text, want string }{
		"two statements, at the end": {`allow a -> b "/x*"; allow a -> b "/y*" ` + w, "warned 2:14, waived 2:34"},
		"two statements, above":      {w + "\n" + `allow a -> b "/x*"; allow a -> b "/y*"`, "waived 3:14, warned 3:34"},
		"inside a list":              {"allow a,\n  " + w + "\n  c -> b \"/x*\"", "waived 4:10"},
		"on an inner line":           {"allow a, " + w + "\n  c -> b \"/x*\"", "waived 3:10"},
		"at the opening brace":       {"allow a -> b { " + w + "\n  \"/x*\"\n}", "waived 3:3"},
		"at the closing brace":       {"allow a -> b {\n  \"/x*\"\n} " + w, "waived 3:3"},
		"before the closing brace":   {"allow a -> b {\n  \"/x*\"\n  " + w + "\n}", "waived 3:3"},
		"the line after":             {"allow a -> b \"/x*\"\n" + w, "warned 2:14, useless 3:1"},
		"two lines above":            {w + "\n\nallow a -> b \"/x*\"", "useless 2:1, warned 4:14"},
		"blanks on the blank line":   {w + "\n \t\r\nallow a -> b \"/x*\"", "useless 2:1, warned 4:14"},
		"crlf":                       {w + "\r\nallow a -> b \"/x*\"\r\nallow a -> b \"/y*\" " + w + "\r\n", "waived 3:14, waived 4:14"},
		"indented":                   {"\t" + w + "\n  allow a -> b \"/x*\"", "waived 3:16"},
		"in a string":                {"allow a -> b \"/x*\" because \"" + w + "\"", "warned 2:14"},
		"at the head of a policy":    {w + "\npolicy p(x) { allow x -> b \"/x*\" }\nuse p(a)", "useless 2:1, warned 3:28"},
		"at the end of a policy":     {"policy p(x) {\n  allow x -> b \"/x*\"\n} " + w + "\nuse p(a)", "warned 3:16, useless 4:3"},
		"last in a policy":           {"policy p(x) {\n  allow x -> b \"/x*\"\n  " + w + "\n}\nuse p(a)", "warned 3:16, useless 4:3"},
		"in a policy":                {"policy p(x) {\n  " + w + "\n  allow x -> b \"/x*\"\n}\nuse p(a)\nuse p(c)", "waived 4:16"},
		"at a use":                   {"policy p(x) {\n  allow x -> b \"/x*\"\n}\nuse p(a)\nuse p(c) " + w, "warned 3:16, waived 3:16"},
		"at a use of a use":          {"policy p(x) {\n  allow x -> b \"/x*\"\n}\npolicy q(x) { use p(x) }\nuse q(a) " + w, "waived 3:16"},
		"at a rule with a relation":  {"deny anyone -> b # ztc:allow ZT1303 why\nallow a -> b # ztc:allow ZT1303 why", "waived 2:1, useless 3:14"},
		"in a test":                  {"test \"t\" {\n  expect deny a -> b \"/x*\" " + w + "\n}", "waived 3:22"},
		"two codes":                  {"# ztc:allow ZT1104 why\n" + w + "\nallow a -> b \"/x*\", \"/a/*/b\"", "waived 4:14, waived 4:21"},
		"in an imported file":        {"-- main.zt --\ndeny all in default\nimport \"./x.zt\"\nallow a -> b x.p\n-- x.zt --\npaths p = \"/x*\" " + w + "\npaths q = \"/y\" " + w + "\n" + w, "waived 1:11, useless 3:1"},
	} {
		a := txtar.Parse([]byte(c.text))
		if len(a.Files) == 0 {
			a.Files = []txtar.File{{Name: "main.zt", Data: []byte(head + c.text)}}
		}
		out, diags := compiler.Compile(context.Background(), input(a.Files))
		var got []string
		for _, d := range diags {
			what := map[bool]string{true: "useless", false: "warned"}[d.Code == diag.UnusedWaiver]
			switch {
			case d.Severity == diag.Waived:
				what = "waived"
				if d.Waiver == nil || d.Waiver.Reason != "why" || !strings.HasPrefix(d.Waiver.Span.Text(), "# ztc:allow "+string(d.Code)) {
					t.Errorf("%s: waived by %+v", name, d.Waiver)
				}
			case d.Severity != diag.Warning:
				continue
			}
			p := d.Span.File.Position(int(d.Span.Start))
			got = append(got, fmt.Sprintf("%s %d:%d", what, p.Line, p.Column))
		}
		if s := strings.Join(got, ", "); s != c.want || len(out.Objects) == 0 {
			t.Errorf("%s: %d objects, %s, want %s\n%s", name, len(out.Objects), s, c.want, brief(diags))
		}
	}
}

// TestWaivedErrors compiles a program for each error that can be waived: with the waiver it is emitted.
func TestWaivedErrors(t *testing.T) {
	n := 0
	for _, i := range diag.All() {
		if i.Waiving != diag.WaivableError {
			continue
		}
		n++
		file := source.New("main.zt", i.Example)
		_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{file}})
		at := -1
		for _, d := range diags {
			if d.Severity == diag.Error {
				at = int(d.Span.Start)
			}
		}
		if at < 0 {
			t.Errorf("%s: the example has no error", i.Code)
			continue
		}
		line := strings.LastIndex(i.Example[:at], "\n") + 1
		text := i.Example[:line] + fmt.Sprintf("# ztc:allow %s a test\n", i.Code) + i.Example[line:]
		out, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("main.zt", text)}})
		if len(out.Objects) == 0 || diags.HasErrors() || diags.Count(diag.Waived) != 1 || diags.Count(diag.Warning) > 0 {
			t.Errorf("%s is not waived\n%s", i.Code, brief(diags))
		}
	}
	if n < 3 {
		t.Errorf("only %d errors can be waived", n)
	}
}

// TestManyWaivers wants time in proportion to their number, whatever they stand at.
func TestManyWaivers(t *testing.T) {
	const n = 20_000
	for name, text := range map[string]string{
		"above one statement": "deny all in default" + strings.Repeat("\n# ztc:allow ZT1105 x", n) + "\nallow web -> db \"/a*\"\n",
		"of nothing":          "deny all in default" + strings.Repeat("\n# ztc:allow ZT1105 x\n", n),
		"a statement each":    "deny all in default" + strings.Repeat("\nallow web -> db \"/a*\" # ztc:allow ZT1105 x", n),
		"in one statement":    "deny all in default\nallow web -> db {" + strings.Repeat("\n# ztc:allow ZT1105 x\n\"/a*\"", n/100) + "\n}\n",
		"in one policy":       "deny all in default\npolicy p(x) {" + strings.Repeat("\nallow x -> db \"/a*\" # ztc:allow ZT1105 x", n/10) + "\n}\nuse p(web)\nuse p(api)\n",
	} {
		start := time.Now()
		_, diags := mustHold(t, compiler.Input{Files: []*source.File{source.New("x.zt", text)}})
		if took := time.Since(start); took > 20*time.Second { // a square of them would take minutes
			t.Errorf("%s: %s", name, took)
		}
		if diags.HasErrors() || diags.Count(diag.Waived)+diags.Count(diag.Warning) < n/100 {
			t.Errorf("%s: %s", name, diags.Summary())
		}
	}
}
