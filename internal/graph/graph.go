// Package graph draws who may reach whom: it takes a resolved program and gives a graph, and its text as Mermaid, DOT, SVG or
// JSON. Nothing in it depends on the order of statements.
package graph

import (
	"cmp"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/lower"
	"github.com/zt-lang/ztc/lang/ast"
)

// MaxRules bounds a graph: rules of one source on one target.
const MaxRules = 1_000_000

// Graph is who may reach whom. Nodes and edges are sorted.
type Graph struct {
	Program string
	Nodes   []*Node
	Edges   []*Edge
}

// Node is somebody who calls or is called.
type Node struct {
	ID        string // as `.zt` spells it
	Kind      Kind
	Namespace string // "" for what is in none
	Name      string // in its namespace
	State     State
	at        int // in Graph.Nodes
}

// Kind says what a node stands for.
type Kind string

const (
	Anyone        Kind = "anyone"
	Authenticated Kind = "authenticated"
	Plaintext     Kind = "plaintext"
	Identities    Kind = "identities" // a principal, a namespace pattern or a trust domain
	Mesh          Kind = "mesh"
	AllOf         Kind = "namespace" // every workload of a namespace
	Account       Kind = "account"   // an account that not exactly one workload runs as
	Workload      Kind = "workload"
	Pods          Kind = "pods"
)

// State says whether a baseline closes what a node stands for.
type State string

const (
	NoTarget State = "" // nothing that could be closed
	Closed   State = "closed"
	Open     State = "open" // whatever no deny refuses passes
)

// Edge is all that the rules of one action say of one source and one target.
type Edge struct {
	From, To *Node
	Action   ast.Action
	Provider string // of delegate
	DryRun   bool
	Rules    []Rule
}

type builder struct {
	p        *ir.Program
	closed   func(*ir.Target) bool
	nodes    map[string]*Node
	edges    map[edgeKey]*Edge
	accounts map[string][]*ir.Workload // by principal
}

type edgeKey struct {
	from, to *Node
	action   ast.Action
	provider string
	dryRun   bool
}

// New makes the graph of a program. now is the day that `until` is held against, "" for none. ok is false when there would be
// more than MaxRules.
func New(p *ir.Program, now string) (g *Graph, ok bool) {
	b := &builder{p: p, closed: p.Closed().Any, nodes: map[string]*Node{}, edges: map[edgeKey]*Edge{}, accounts: map[string][]*ir.Workload{}}
	for _, w := range p.Workloads {
		id := p.Mesh.Identity(w.Namespace, w.Account)
		b.accounts[id] = append(b.accounts[id], w)
		b.target(&ir.Target{Kind: ir.OnWorkload, Workload: w, Namespace: w.Namespace})
	}
	n := 0
	for _, r := range p.Rules {
		if lower.Lapsed(r, now) {
			continue
		}
		if n += len(r.Sources.Any) * len(r.Entries); n > MaxRules {
			return nil, false
		}
		to := b.target(r.Target)
		rules := rulesOf(r, b.spell)
		seen := map[*Node]bool{} // a group may name somebody twice
		for i := range r.Sources.Any {
			if r.Sources.Any[i].Alias {
				continue
			}
			from := b.source(&r.Sources.Any[i])
			if seen[from] {
				continue
			}
			seen[from] = true
			k := edgeKey{from, to, r.Action, r.Provider, r.DryRun}
			e := b.edges[k]
			if e == nil {
				e = &Edge{From: from, To: to, Action: r.Action, Provider: r.Provider, DryRun: r.DryRun}
				b.edges[k] = e
			}
			e.Rules = append(e.Rules, rules...)
		}
	}
	return b.sorted(), true
}

func (b *builder) sorted() *Graph {
	g := &Graph{Program: b.p.Mesh.Program}
	for _, n := range b.nodes {
		g.Nodes = append(g.Nodes, n)
	}
	slices.SortFunc(g.Nodes, func(x, y *Node) int {
		return cmp.Or(strings.Compare(x.Namespace, y.Namespace), rank(x.Kind)-rank(y.Kind), strings.Compare(x.ID, y.ID))
	})
	for i, n := range g.Nodes {
		n.at = i
	}
	for _, e := range b.edges {
		slices.SortFunc(e.Rules, compareRules)
		g.Edges = append(g.Edges, e)
	}
	slices.SortFunc(g.Edges, func(x, y *Edge) int {
		dry := func(e *Edge) int {
			if e.DryRun {
				return 1
			}
			return 0
		}
		return cmp.Or(x.To.at-y.To.at, x.From.at-y.From.at, int(x.Action)-int(y.Action), dry(x)-dry(y), strings.Compare(x.Provider, y.Provider))
	})
	return g
}

// rank orders the nodes of a namespace: from all to one.
func rank(k Kind) int {
	return slices.Index([]Kind{Anyone, Authenticated, Plaintext, Identities, Mesh, AllOf, Account, Workload, Pods}, k)
}

// node returns the node of an ID, new or not.
func (b *builder) node(id string, k Kind, ns, name string) *Node {
	n := b.nodes[id]
	if n == nil {
		n = &Node{ID: id, Kind: k, Namespace: ns, Name: name}
		b.nodes[id] = n
	}
	return n
}

// target returns the node of a target, its port aside.
func (b *builder) target(t *ir.Target) *Node {
	var n *Node
	switch t.Kind {
	case ir.OnWorkload:
		n = b.node(t.Workload.Ref(), Workload, t.Workload.Namespace, t.Workload.Name)
	case ir.OnPods:
		id, ns := "pods "+t.Pods.Namespace+"/"+t.Pods.Name, t.Pods.Namespace
		if t.Pods.Mesh {
			id, ns = "pods "+t.Pods.Name, ""
		}
		n = b.node(id, Pods, ns, "pods "+t.Pods.Name)
	case ir.OnNamespace:
		n = b.node(t.Namespace+"/*", AllOf, t.Namespace, t.Namespace+"/*")
	default:
		n = b.node("mesh", Mesh, "", "mesh")
	}
	if n.State == NoTarget {
		n.State = Open
		if b.closed(t) {
			n.State = Closed
		}
	}
	return n
}

// source returns the node of a source: the workload, where an identity is one workload's.
func (b *builder) source(s *ir.Source) *Node {
	id := b.spell(s)
	switch s.Kind {
	case ir.Anyone:
		return b.node(id, Anyone, "", id)
	case ir.Authenticated:
		return b.node(id, Authenticated, "", id)
	case ir.Plaintext:
		return b.node(id, Plaintext, "", id)
	}
	ns, account, ok := b.identity(s)
	switch {
	case !ok:
		return b.node(id, Identities, "", id)
	case account == "*":
		return b.node(id, AllOf, ns, id)
	case strings.HasPrefix(id, "account "):
		return b.node(id, Account, ns, "account "+account)
	}
	return b.nodes[id] // every workload has one
}

// spell writes a source as `.zt` does.
func (b *builder) spell(s *ir.Source) string {
	switch s.Kind {
	case ir.Anyone:
		return "anyone"
	case ir.Authenticated:
		return "authenticated"
	case ir.Plaintext:
		return "plaintext"
	case ir.Namespace:
		return "namespace " + quote(s.Value)
	case ir.TrustDomain:
		return "trust-domain " + quote(s.Value)
	}
	ns, account, ok := b.identity(s)
	switch {
	case !ok:
		return "principal " + quote(s.Value)
	case account == "*":
		return ns + "/*"
	}
	if run := b.accounts[s.Value]; len(run) == 1 {
		return run[0].Ref()
	}
	return "account " + ns + "/" + account
}

// identity takes a principal of this mesh apart; account is "*" for all of a namespace.
func (b *builder) identity(s *ir.Source) (ns, account string, ok bool) {
	if s.Kind != ir.Principal {
		return "", "", false
	}
	rest, ok := strings.CutPrefix(s.Value, b.p.Mesh.TrustDomain+"/ns/")
	if !ok {
		return "", "", false
	}
	ns, account, ok = strings.Cut(rest, "/sa/")
	if ok = ok && ns != "" && account != "" && !strings.ContainsAny(ns, "*/") && !strings.Contains(account, "/"); ok && account != "*" {
		ok = !strings.Contains(account, "*")
	}
	return ns, account, ok
}
