package graph

import (
	"fmt"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
)

// DOT is the graph in the language of Graphviz.
func (g *Graph) DOT() []byte {
	var b strings.Builder
	name := g.Program
	if name == "" {
		name = "ztc"
	}
	fmt.Fprintf(&b, "digraph %s {\n  rankdir=LR;\n  node [shape=box];\n", dotText(name))
	for _, c := range g.clusters() {
		indent := "  "
		if c.namespace != "" {
			fmt.Fprintf(&b, "  subgraph %s {\n    label=%s;\n", dotText("cluster_"+c.namespace), dotLabel(c.namespace))
			indent = "    "
		}
		for _, n := range c.nodes {
			fmt.Fprintf(&b, "%s%s [label=%s%s];\n", indent, dotText(n.ID), dotLabel(n.label()), dotNode(n))
		}
		if c.namespace != "" {
			b.WriteString("  }\n")
		}
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "  %s -> %s [label=%s%s];\n", dotText(e.From.ID), dotText(e.To.ID), dotLabel(strings.Join(e.lines(), "\n")), dotEdge(e))
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

func dotNode(n *Node) string {
	s := ""
	switch n.Kind {
	case Anyone, Authenticated, Plaintext, Identities:
		s = ", shape=ellipse"
	case AllOf, Mesh:
		s = ", peripheries=2"
	case Account:
		s = ", style=rounded"
	}
	if n.State == Open {
		s += fmt.Sprintf(", color=%q", red)
	}
	return s
}

func dotEdge(e *Edge) string {
	var s strings.Builder
	if c := colour(e); c != "" {
		fmt.Fprintf(&s, ", color=%q, fontcolor=%q", c, c)
	}
	switch e.Action {
	case ast.Deny:
		s.WriteString(", arrowhead=tee")
	case ast.Audit:
		s.WriteString(", arrowhead=odot")
	case ast.Delegate:
		s.WriteString(", arrowhead=diamond")
	}
	switch {
	case e.DryRun:
		s.WriteString(", style=dashed")
	case e.Action == ast.Audit:
		s.WriteString(", style=dotted")
	}
	return s.String()
}

// dotText is a quoted string; a backslash in it means nothing.
func dotText(s string) string { return `"` + dotEscape.Replace(s) + `"` }

var dotEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// dotLabel is a quoted string in which Graphviz finds no character entities.
func dotLabel(s string) string { return dotText(strings.ReplaceAll(s, "&", "&amp;")) }
