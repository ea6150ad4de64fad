package graph

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// Bounds of a label in a drawing. JSON has everything.
const (
	maxLines = 3
	maxRunes = 56
)

// verb is what an edge does: its action, and whom it asks.
func (e *Edge) verb() string {
	v := e.Action.String()
	if e.Provider != "" {
		v += " " + quote(e.Provider)
	}
	if e.DryRun {
		v = "dry-run " + v
	}
	return v
}

// lines is the label of an edge in a drawing: its operations, each once, and only how many there are beyond a few. What is no
// plain allow says what it is.
func (e *Edge) lines() []string {
	var texts []string
	for i := range e.Rules {
		if i == 0 || e.Rules[i].Text != e.Rules[i-1].Text {
			texts = append(texts, e.Rules[i].Text)
		}
	}
	var out []string
	if len(texts) > maxLines {
		out = append(out, fmt.Sprintf("%d operations", len(texts)))
	} else {
		for _, t := range texts {
			out = append(out, short(t))
		}
	}
	if e.Action != ast.Allow || e.DryRun {
		out[0] = short(e.verb() + ": " + out[0])
	}
	return out
}

// label is the text of a node in a drawing; in a namespace it stands in the box of that.
func (n *Node) label() string {
	if n.State == Open {
		return short(n.Name) + " (open)"
	}
	return short(n.Name)
}

// short cuts a text, and spells out what cannot be seen in it.
func short(s string) string {
	if len(s) > 16*maxRunes { // nothing behind is looked at
		s = strings.ToValidUTF8(s[:16*maxRunes], "") + "…"
	}
	s = diag.Clean(s)
	if utf8.RuneCountInString(s) <= maxRunes {
		return s
	}
	return string([]rune(s)[:maxRunes-1]) + "…"
}

// cluster is the nodes of one namespace, which are consecutive.
type cluster struct {
	namespace string // "" for those in none
	nodes     []*Node
}

func (g *Graph) clusters() []cluster {
	var out []cluster
	for i, n := range g.Nodes {
		if i == 0 || n.Namespace != g.Nodes[i-1].Namespace {
			out = append(out, cluster{namespace: n.Namespace})
		}
		c := &out[len(out)-1]
		c.nodes = append(c.nodes, n)
	}
	return out
}
