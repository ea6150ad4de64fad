package diag

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/zt-lang/ztc/lang/source"
)

// sarifValidator reads the official schema.
func sarifValidator(t testing.TB) *jsonschema.Schema {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "sarif", "sarif-schema-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(sarifSchema, doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile(sarifSchema)
}

func sarif(t testing.TB, l List) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := l.WriteSARIF(&b, "v1.2.3", below); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func valid(schema *jsonschema.Schema, doc []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// TestFormatsGolden shows the cases of the other renderers as SARIF, which the official schema accepts, and as commands of
// GitHub.
func TestFormatsGolden(t *testing.T) {
	schema := sarifValidator(t)
	for name, list := range renderCases(t) {
		doc := sarif(t, list)
		golden(t, filepath.Join("testdata", "render", name+".sarif"), string(doc))
		if err := valid(schema, doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var b strings.Builder
		list.WriteGitHub(&b, below)
		golden(t, filepath.Join("testdata", "render", name+".github"), b.String())
		commands(t, name, list, b.String())
	}
	all := sarif(t, nil)
	if err := valid(schema, all); err != nil {
		t.Errorf("an empty list: %v", err)
	}
	// The schema does find what is wrong.
	for _, bad := range [][2]string{{`"2.1.0"`, `"2.0.0"`}, {`"results": []`, `"results": {}`}, {`"ztc"`, `1`}, {`"unicodeCodePoints"`, `"bytes"`}} {
		if broken := bytes.Replace(all, []byte(bad[0]), []byte(bad[1]), 1); bytes.Equal(broken, all) || valid(schema, broken) == nil {
			t.Errorf("the schema accepts %s", bad[1])
		}
	}
}

// TestSARIFRules wants the page of every code to be a rule that the schema accepts.
func TestSARIFRules(t *testing.T) {
	file := source.New("a b/ü%20:x.zt", "allow a -> b\n")
	var l List
	for _, i := range All() {
		l.Add(i.Code, source.Span{File: file, Start: 6, End: 7}, "message")
	}
	doc := sarif(t, l)
	if err := valid(sarifValidator(t), doc); err != nil {
		t.Error(err)
	}
	var log sarifLog
	if err := json.Unmarshal(doc, &log); err != nil {
		t.Fatal(err)
	}
	rules := log.Runs[0].Tool.Driver.Rules
	if len(rules) != len(All()) || len(log.Runs[0].Results) != len(All()) {
		t.Errorf("%d rules and %d results of %d codes", len(rules), len(log.Runs[0].Results), len(All()))
	}
	for _, r := range log.Runs[0].Results {
		if rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s points at rule %s", r.RuleID, rules[r.RuleIndex].ID)
		}
		if i, _ := Lookup(Code(r.RuleID)); r.Level != i.Severity.String() || !strings.Contains(rules[r.RuleIndex].Help.Markdown, strings.TrimSpace(i.Explanation)) {
			t.Errorf("%s: level %s, help %q", r.RuleID, r.Level, rules[r.RuleIndex].Help.Markdown)
		}
	}
	if got := log.Runs[0].Results[0].Locations[0].Physical.Artifact; got.URI != "a%20b/%C3%BC%2520:x.zt" || got.BaseID != "%SRCROOT%" {
		t.Errorf("artifact %+v", got)
	}
	for name, want := range map[string]sarifArtifact{
		"/tmp/x.zt": {URI: "file:///tmp/x.zt"}, "../x.zt": {URI: "../x.zt"}, "a:b.zt": {URI: "./a:b.zt", BaseID: "%SRCROOT%"},
	} {
		if got := Repository(below).file(source.New(name, "")); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// A text that is no file has no path that a viewer would look for.
func TestFormatsNoFile(t *testing.T) {
	for name, want := range map[string]string{"<stdin>": "ztc:%3Cstdin%3E", "std/istio": "ztc:std/istio"} {
		file := source.NewText(name, "allow a -> b\n")
		l := List{{Code: "ZT1001", Span: source.Span{File: file.Edited("allow a -> c\n"), Start: 6, End: 7}, Message: "a message"}}
		if got := Repository(below).file(l[0].Span.File); got != (sarifArtifact{URI: want}) {
			t.Errorf("%s: %+v", name, got)
		}
		if err := valid(sarifValidator(t), sarif(t, l)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var b strings.Builder
		l.WriteGitHub(&b, below)
		if want := "::error title=ZT1001 unknown workload::" + name + ":1:7: a message\n"; b.String() != want {
			t.Errorf("%s: %q, want %q", name, b.String(), want)
		}
	}
}

// A command as the runner reads it (actions/runner, ActionCommand.cs): "::name key=value,...::data".
var githubCommand = regexp.MustCompile(`^::(error|warning|notice) ((?:[a-zA-Z]+=[^,:]*)(?:,[a-zA-Z]+=[^,:]*)*)::(.*)$`)

// commands reads lines as the runner of GitHub does, and wants one command for each diagnostic.
func commands(t testing.TB, name string, l List, text string) {
	t.Helper()
	data := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%25", "%")
	property := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	n := 0
	l = slices.Clone(l)
	slices.SortStableFunc(l, func(a, b Diagnostic) int { return int(a.Severity/Waived) - int(b.Severity/Waived) })
	for line := range strings.Lines(text) {
		m := githubCommand.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			t.Errorf("%s: not a command: %q", name, line)
			continue
		}
		d := &l[n]
		n++
		if got := data.Replace(m[3]); !strings.HasPrefix(got, message(d.Message)) || d.Waiver != nil && !strings.HasSuffix(got, "\nreason: "+message(d.Waiver.Reason)) {
			t.Errorf("%s: message %q of %q", name, got, d.Message)
		}
		for pair := range strings.SplitSeq(m[2], ",") {
			k, v, _ := strings.Cut(pair, "=")
			if v = property.Replace(v); k == "file" && v != Clean(d.Span.File.Name) || k == "title" && !strings.HasPrefix(v, string(d.Code)) {
				t.Errorf("%s: %s %q", name, k, v)
			}
		}
	}
	if strings.Count(text, "\n") != len(l) {
		t.Errorf("%s: %d commands of %d diagnostics", name, strings.Count(text, "\n"), len(l))
	}
}

func TestGitHubEscapes(t *testing.T) {
	file := source.New("a,b:c%\r\n::error::x.zt", "x\n")
	l := List{{Code: "ZT1001", Severity: Note, Span: source.Span{File: file, Start: 0, End: 1}, Message: "100% of a,b:c\n::error::no", Notes: []string{"one\ntwo%0A"}}}
	var b strings.Builder
	l.WriteGitHub(&b, below)
	const want = `::notice file=a%2Cb%3Ac%25\r\n%3A%3Aerror%3A%3Ax.zt,line=1,endLine=1,col=1,endColumn=2,title=ZT1001 unknown workload::` +
		`100%25 of a,b:c\n::error::no%0Anote: one%0Atwo%250A` + "\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
}

// No bytes and no spans make SARIF that the schema refuses, or a second command.
func FuzzFormats(f *testing.F) {
	f.Add("x.zt", "allow a -> b\n", "message", int32(6), int32(7), "c\nd")
	f.Add("\x1b::\xff", "\x1b\xff\n\r", "\x00%0A::error::", int32(-1), int32(1<<30), "\n")
	schema := sarifValidator(f)
	f.Fuzz(func(t *testing.T, name, text, msg string, start, end int32, edit string) {
		file := source.New(name, text)
		span := source.Span{File: file, Start: start, End: end}
		l := List{{Code: "ZT0001", Span: span, Message: msg, Related: []Related{{span, msg}}, Notes: []string{msg}, Fixes: []Fix{{Message: msg, Edits: []Edit{{span, edit}, {}}}}}, {Code: "ZT3001", Message: msg}}
		l = append(l, l[0])
		l[2].Waive(span, msg)
		if err := valid(schema, sarif(t, l)); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		l.WriteGitHub(&b, below)
		commands(t, "fuzz", l, b.String())
	})
}

// below is the repository of the directory that names are relative to.
func below(name string) (string, bool) {
	return name, !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "../")
}
