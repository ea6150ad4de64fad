package graph

import (
	"bytes"
	"encoding/json"

	"github.com/zt-lang/ztc/lang/source"
)

type nodeJSON struct {
	ID        string `json:"id"`
	Kind      Kind   `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	State     State  `json:"state,omitempty"`
}

type edgeJSON struct {
	From     string     `json:"from"`
	To       string     `json:"to"`
	Action   string     `json:"action"`
	Provider string     `json:"provider,omitempty"`
	DryRun   bool       `json:"dryRun,omitempty"`
	Rules    []ruleJSON `json:"rules"`
}

type ruleJSON struct {
	Text      string   `json:"text"`
	Operation string   `json:"operation,omitempty"`
	Except    []string `json:"except,omitempty"`
	// As, From and Client are values; all else is text of the language.
	As      []string `json:"as,omitempty"`
	From    []string `json:"from,omitempty"`
	Client  []string `json:"fromClient,omitempty"`
	NotFrom []string `json:"exceptSources,omitempty"`
	When    string   `json:"when,omitempty"`
	Until   string   `json:"until,omitempty"`
	Because string   `json:"because,omitempty"`
	placeJSON
	// Uses are the statements that led into the policy that the rule stands in, the innermost first.
	Uses []placeJSON `json:"uses,omitempty"`
}

type placeJSON struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

func placeOf(s source.Span) placeJSON {
	if s.File == nil {
		return placeJSON{}
	}
	return placeJSON{s.File.Name, s.File.Position(int(s.Start)).Line}
}

// JSON is all of the graph: nothing is shortened or left out.
func (g *Graph) JSON() ([]byte, error) {
	doc := struct {
		Program string     `json:"program,omitempty"`
		Nodes   []nodeJSON `json:"nodes"`
		Edges   []edgeJSON `json:"edges"`
	}{g.Program, make([]nodeJSON, 0, len(g.Nodes)), make([]edgeJSON, 0, len(g.Edges))}
	for _, n := range g.Nodes {
		doc.Nodes = append(doc.Nodes, nodeJSON{n.ID, n.Kind, n.Namespace, n.State})
	}
	for _, e := range g.Edges {
		j := edgeJSON{From: e.From.ID, To: e.To.ID, Action: e.Action.String(), Provider: e.Provider, DryRun: e.DryRun}
		for _, r := range e.Rules {
			x := ruleJSON{r.Text, r.Operation, r.Except, r.As, r.From, r.Client, r.NotFrom, r.When, r.Until, r.Because, placeOf(r.At), nil}
			for u := r.Via; u != nil; u = u.Outer {
				x.Uses = append(x.Uses, placeOf(u.Span))
			}
			j.Rules = append(j.Rules, x)
		}
		doc.Edges = append(doc.Edges, j)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return b.Bytes(), err
}
