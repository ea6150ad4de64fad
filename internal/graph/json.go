package graph

import (
	"bytes"
	"encoding/json"
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
	As        []string `json:"as,omitempty"`
	From      []string `json:"from,omitempty"`
	NotFrom   []string `json:"exceptSources,omitempty"`
	When      string   `json:"when,omitempty"`
	Until     string   `json:"until,omitempty"`
	Because   string   `json:"because,omitempty"`
	File      string   `json:"file,omitempty"`
	Line      int      `json:"line,omitempty"`
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
			x := ruleJSON{r.Text, r.Operation, r.Except, r.As, r.From, r.NotFrom, r.When, r.Until, r.Because, "", 0}
			if r.At.File != nil {
				x.File, x.Line = r.At.File.Name, r.At.File.Position(int(r.At.Start)).Line
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
