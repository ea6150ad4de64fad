package graph

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/zt-lang/ztc/lang/ast"
)

// MermaidEdges is how many edges Mermaid draws without being told to draw more (maxEdges).
const MermaidEdges = 500

// Mermaid is the graph as a flowchart of Mermaid, as Markdown renders it on GitHub and elsewhere.
func (g *Graph) Mermaid() []byte {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i, c := range g.clusters() {
		indent := "  "
		if c.namespace != "" {
			fmt.Fprintf(&b, "  subgraph s%d[\"%s\"]\n", i, mermaidText(c.namespace))
			indent = "    "
		}
		for _, n := range c.nodes {
			left, right := mermaidShape(n.Kind)
			fmt.Fprintf(&b, "%sn%d%s\"%s\"%s", indent, n.at, left, mermaidText(n.label()), right)
			if n.State == Open {
				b.WriteString(":::open")
			}
			b.WriteByte('\n')
		}
		if c.namespace != "" {
			b.WriteString("  end\n")
		}
	}
	colours := map[string][]string{}
	for i, e := range g.Edges {
		lines := e.lines()
		for j := range lines {
			lines[j] = mermaidText(lines[j])
		}
		fmt.Fprintf(&b, "  n%d %s|\"%s\"| n%d\n", e.From.at, mermaidArrow(e), strings.Join(lines, "<br>"), e.To.at)
		if c := colour(e); c != "" {
			colours[c] = append(colours[c], fmt.Sprint(i))
		}
	}
	for _, c := range []string{red, blue, grey} {
		if len(colours[c]) > 0 {
			fmt.Fprintf(&b, "  linkStyle %s stroke:%s\n", strings.Join(colours[c], ","), c)
		}
	}
	fmt.Fprintf(&b, "  classDef open stroke:%s,stroke-dasharray:4 3\n", red)
	return []byte(b.String())
}

// The colours of what is no allow.
const (
	red  = "#c00000" // deny, and what nothing closes
	blue = "#0050c0" // delegate
	grey = "#808080" // audit
)

func colour(e *Edge) string {
	switch e.Action {
	case ast.Deny:
		return red
	case ast.Delegate:
		return blue
	case ast.Audit:
		return grey
	}
	return ""
}

func mermaidArrow(e *Edge) string {
	switch {
	case e.Action == ast.Deny && e.DryRun:
		return "-.-x"
	case e.Action == ast.Deny:
		return "--x"
	case e.Action == ast.Audit:
		return "-.-o"
	case e.DryRun:
		return "-.->"
	case e.Action == ast.Delegate:
		return "==>"
	}
	return "-->"
}

func mermaidShape(k Kind) (left, right string) {
	switch k {
	case Anyone, Authenticated, Plaintext, Identities:
		return "([", "])"
	case AllOf, Mesh:
		return "[[", "]]"
	case Account:
		return "(", ")"
	}
	return "[", "]"
}

// mermaidText spells whatever means something in Markdown, in HTML or to Mermaid itself as the number of its character.
func mermaidText(s string) string {
	var b strings.Builder
	for i, r := range s {
		plain := unicode.IsLetter(r) || unicode.IsDigit(r) || i > 0 && strings.ContainsRune(" -.,:/()=…", r)
		if plain {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
