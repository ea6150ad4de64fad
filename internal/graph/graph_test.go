package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/txtar"
	"gonum.org/v1/gonum/graph/formats/dot"
	dotast "gonum.org/v1/gonum/graph/formats/dot/ast"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

var update = flag.Bool("update", false, "rewrite the expected parts of the archives")

const now = "2026-06-01"

// program compiles the files of an archive; nil when it has an error.
func program(files []txtar.File) (*ir.Program, diag.List) {
	in := compiler.Input{Options: compiler.Options{Now: now}}
	m := fstest.MapFS{}
	for _, f := range files {
		m[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o444}
		if strings.HasSuffix(f.Name, ".zt") && !strings.Contains(f.Name, "/") {
			in.Files = append(in.Files, source.New(f.Name, string(f.Data)))
		}
	}
	in.FS = fs.FS(m)
	return compiler.Program(context.Background(), in)
}

func must(t *testing.T, text string) *Graph {
	t.Helper()
	p, diags := program([]txtar.File{{Name: "main.zt", Data: []byte(text)}})
	if p == nil {
		for _, d := range diags {
			t.Log(d.Span, d.Message)
		}
		t.Fatal("the program has an error")
	}
	g, ok := New(p, now)
	if !ok {
		t.Fatal("the graph is too large")
	}
	return g
}

// TestGolden holds every format to the archives, and the formats to each other.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) < 4 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			given := slices.DeleteFunc(slices.Clone(a.Files), func(f txtar.File) bool { return strings.HasPrefix(f.Name, "want.") })
			p, diags := program(given)
			if p == nil {
				for _, d := range diags {
					t.Log(d.Span, d.Message)
				}
				t.Fatal("the program has an error")
			}
			g, ok := New(p, now)
			if !ok {
				t.Fatal("too large")
			}
			text := formats(t, g)
			got := given
			for _, ext := range []string{"mmd", "dot", "json", "svg"} {
				got = append(got, txtar.File{Name: "want." + ext, Data: text[ext]})
			}
			fresh := txtar.Format(&txtar.Archive{Comment: a.Comment, Files: got})
			if *update {
				if err := os.WriteFile(name, fresh, 0o644); err != nil {
					t.Fatal(err)
				}
			} else if !bytes.Equal(txtar.Format(a), fresh) {
				t.Errorf("run `go test ./internal/graph -update` if this is meant\n--- got\n%s", fresh)
			}
		})
	}
}

// TestPrograms draws every program of the compiler's goldens: each drawing is well-formed and has every node and edge.
func TestPrograms(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/golden/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	drawn := 0
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if p, _ := program(a.Files); p != nil {
			g, ok := New(p, now)
			if !ok {
				t.Fatal(name)
			}
			t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { formats(t, g) })
			drawn++
		}
	}
	if drawn < 40 {
		t.Errorf("only %d programs are drawn", drawn)
	}
}

// formats returns all formats of a graph, each read back.
func formats(t *testing.T, g *Graph) map[string][]byte {
	t.Helper()
	out := map[string][]byte{"mmd": g.Mermaid(), "dot": g.DOT()}
	var err error
	if out["json"], err = g.JSON(); err != nil {
		t.Fatal(err)
	}
	var ok bool
	if out["svg"], ok = g.SVG(); !ok {
		t.Fatal("too large to draw")
	}
	checkMermaid(t, g, string(out["mmd"]))
	checkDOT(t, g, out["dot"])
	checkJSON(t, g, out["json"])
	checkSVG(t, g, out["svg"])
	return out
}

// mermaidLines are all shapes of lines that there are. A text holds nothing but letters, digits, a little punctuation and
// characters as numbers, so nothing ends it early and nothing in it is markup; <br> is between lines.
var mermaidLines = func() []*regexp.Regexp {
	text := `"(?:[\p{L}\p{Nd} \-.,:/()=…]|#\d+;|<br>)+"`
	var out []*regexp.Regexp
	for _, s := range []string{
		`flowchart LR`,
		`  subgraph s\d+\[` + text + `\]`,
		`  end`,
		`(?:  )+n(\d+)(?:\[|\[\[|\(|\(\[)` + text + `(?:\]|\]\]|\)|\]\))(?::::open)?`,
		`  n(\d+) (?:-->|-\.->|--x|-\.-x|-\.-o|==>)\|` + text + `\| n(\d+)`,
		`  linkStyle \d+(?:,\d+)* stroke:#[0-9a-f]{6}`,
		`  classDef open [a-z0-9:#, -]+`,
	} {
		out = append(out, regexp.MustCompile(`^`+s+`$`))
	}
	return out
}()

func checkMermaid(t *testing.T, g *Graph, text string) {
	t.Helper()
	var nodes, edges []string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		i := slices.IndexFunc(mermaidLines, func(r *regexp.Regexp) bool { return r.MatchString(line) })
		if i < 0 {
			t.Errorf("no line of Mermaid: %q", line)
			continue
		}
		switch m := mermaidLines[i].FindStringSubmatch(line); len(m) {
		case 2:
			nodes = append(nodes, m[1])
		case 3:
			edges = append(edges, m[1]+" "+m[2])
		}
	}
	if len(nodes) != len(g.Nodes) || len(edges) != len(g.Edges) {
		t.Errorf("Mermaid has %d nodes and %d edges, the graph %d and %d", len(nodes), len(edges), len(g.Nodes), len(g.Edges))
		return
	}
	for i, e := range g.Edges {
		if want := fmt.Sprintf("%d %d", e.From.at, e.To.at); edges[i] != want {
			t.Errorf("edge %d of Mermaid is %s, want %s", i, edges[i], want)
		}
	}
}

func checkDOT(t *testing.T, g *Graph, text []byte) {
	t.Helper()
	file, err := dot.ParseBytes(text)
	if err != nil || len(file.Graphs) != 1 {
		t.Fatalf("no DOT: %v\n%s", err, text)
	}
	var nodes, edges []string
	var walk func([]dotast.Stmt)
	walk = func(list []dotast.Stmt) {
		for _, s := range list {
			switch s := s.(type) {
			case *dotast.NodeStmt:
				nodes = append(nodes, s.Node.ID)
			case *dotast.EdgeStmt:
				edges = append(edges, fmt.Sprint(s.From, " ", s.To.Vertex))
				if len(s.Attrs) == 0 || s.Attrs[0].Key != "label" {
					t.Errorf("an edge without a label: %v", s)
				}
			case *dotast.Subgraph:
				walk(s.Stmts)
			}
		}
	}
	walk(file.Graphs[0].Stmts)
	var wantNodes, wantEdges []string
	for _, n := range g.Nodes {
		wantNodes = append(wantNodes, dotText(n.ID))
	}
	for _, e := range g.Edges {
		wantEdges = append(wantEdges, dotText(e.From.ID)+" "+dotText(e.To.ID))
	}
	if !slices.Equal(nodes, wantNodes) || !slices.Equal(edges, wantEdges) {
		t.Errorf("DOT has %q and %q,\nthe graph %q and %q", nodes, edges, wantNodes, wantEdges)
	}
}

func checkJSON(t *testing.T, g *Graph, text []byte) {
	t.Helper()
	var doc struct {
		Program string
		Nodes   []nodeJSON
		Edges   []edgeJSON
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, n := range doc.Nodes {
		if ids[n.ID] {
			t.Errorf("node %q twice", n.ID)
		}
		ids[n.ID] = true
	}
	if len(doc.Nodes) != len(g.Nodes) || len(doc.Edges) != len(g.Edges) {
		t.Errorf("JSON has %d nodes and %d edges, the graph %d and %d", len(doc.Nodes), len(doc.Edges), len(g.Nodes), len(g.Edges))
	}
	for _, e := range doc.Edges {
		if !ids[e.From] || !ids[e.To] || len(e.Rules) == 0 {
			t.Errorf("an edge from %q to %q with %d rules", e.From, e.To, len(e.Rules))
		}
		for _, r := range e.Rules {
			if r.Text == "" || r.File == "" || r.Line < 1 {
				t.Errorf("a rule without text or place: %+v", r)
			}
		}
	}
}

// checkSVG reads a drawing as XML: all of it is inside the frame, each edge has its group and its lines a place of their own.
func checkSVG(t *testing.T, g *Graph, text []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(text))
	rules, nodes := 0, 0
	var w, h int
	rows := map[string]string{}
	var x, y, inside string
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("no XML: %v\n%s", err, text)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			at := map[string]string{}
			for _, a := range tok.Attr {
				at[a.Name.Local] = a.Value
			}
			inside, x, y = tok.Name.Local, at["x"], at["y"]
			if inside == "svg" {
				w, h = number(t, at["width"]), number(t, at["height"])
			}
			for _, k := range []string{"x", "x1", "x2", "cx"} {
				if v, ok := at[k]; ok && (number(t, v) < 0 || number(t, v) > w) {
					t.Errorf("%s=%s is outside of a drawing %d wide", k, v, w)
				}
			}
			for _, k := range []string{"y", "y1", "y2", "cy"} {
				if v, ok := at[k]; ok && (number(t, v) < 0 || number(t, v) > h) {
					t.Errorf("%s=%s is outside of a drawing %d high", k, v, h)
				}
			}
			switch {
			case !slices.Contains([]string{"svg", "style", "g", "title", "path", "line", "text", "rect", "circle", "polygon"}, inside):
				t.Errorf("an element %s", inside)
			case at["class"] == "rule":
				rules++
			case strings.HasPrefix(at["class"], "node"):
				nodes++
			}
		case xml.CharData:
			if inside == "text" {
				if old, taken := rows[x+" "+y]; taken {
					t.Errorf("%q is drawn over %q", tok, old)
				}
				rows[x+" "+y] = string(tok)
				if n := utf8.RuneCount(tok); n > maxRunes+len(" (open)") {
					t.Errorf("a text of %d characters", n)
				}
			}
		case xml.EndElement:
			inside = ""
		}
	}
	calls := map[*Node]bool{}
	for _, e := range g.Edges {
		calls[e.From] = true
	}
	want := len(calls)
	for _, n := range g.Nodes {
		if n.State != NoTarget {
			want++
		}
	}
	if rules != len(g.Edges) || nodes != want {
		t.Errorf("%d edges and %d nodes are drawn, want %d and %d", rules, nodes, len(g.Edges), want)
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A graph does not depend on the order of statements.
func TestOrder(t *testing.T) {
	const head = "workload web\nworkload api { port http 8080 }\nworkload db { port db 5432 tcp }\nworkload job\n"
	lines := []string{
		"deny all in default", "allow web -> api GET", "allow job, web -> api POST \"/x\"", "allow api -> db:5432", "allow web -> api PUT",
		"deny plaintext -> api", "dry-run deny web -> api DELETE", "audit anyone -> api", "allow web -> db:5432 when sni == \"a.example\"",
	}
	want := must(t, head+strings.Join(lines, "\n"))
	for i := range lines {
		turned := slices.Concat(lines[i:], lines[:i])
		slices.Reverse(turned)
		got := must(t, head+strings.Join(turned, "\n"))
		a, _ := want.SVG()
		b, _ := got.SVG()
		if !bytes.Equal(want.Mermaid(), got.Mermaid()) || !bytes.Equal(want.DOT(), got.DOT()) || !bytes.Equal(a, b) {
			t.Fatalf("another order of statements gives another graph\n%s\n%s", want.Mermaid(), got.Mermaid())
		}
	}
}

// A label is short, whatever is in a rule.
func TestLabels(t *testing.T) {
	var ops strings.Builder
	for i := range 500 {
		fmt.Fprintf(&ops, "GET \"/%d\"; ", i)
	}
	g := must(t, "deny all in default\nallow web -> api { "+ops.String()+"POST }\nallow web -> db when header[\"x\"] == \""+strings.Repeat("é", 5000)+"\"\n")
	if len(g.Edges) != 2 {
		t.Fatal(len(g.Edges), "edges")
	}
	if got := g.Edges[0].lines(); len(got) != 1 || got[0] != "501 operations" {
		t.Errorf("got %q", got)
	}
	if got := g.Edges[1].lines(); len(got) != 1 || utf8.RuneCountInString(got[0]) != maxRunes || !strings.HasSuffix(got[0], "é…") {
		t.Errorf("got %q", got)
	}
	if got := short("a\u202eb\n\xff"); got != `a\u202eb\n\xff` {
		t.Errorf("hidden characters in %q", got)
	}
	if n := len(g.Edges[1].Rules[0].Text); n < 10000 {
		t.Errorf("JSON has %d bytes of it only", n)
	}
}

// What is too large is not drawn, and not gathered either.
func TestBounds(t *testing.T) {
	var b strings.Builder
	b.WriteString("deny all in default\n")
	for i := range MaxDrawn {
		fmt.Fprintf(&b, "allow web -> api%d GET\n", i)
	}
	g := must(t, b.String())
	if _, ok := g.SVG(); ok {
		t.Errorf("%d nodes and %d edges are drawn", len(g.Nodes), len(g.Edges))
	}
	many := &ir.Program{}
	s := &ir.Sources{Any: make([]ir.Source, 1001)}
	for range 1000 {
		many.Rules = append(many.Rules, &ir.Rule{More: ir.NoMore, Sources: s, Entries: make([]ir.Entry, 1), Target: &ir.Target{Kind: ir.OnMesh}})
	}
	if _, ok := New(many, ""); ok {
		t.Error("a million rules and more make a graph")
	}
}
