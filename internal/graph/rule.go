package graph

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

// Rule is one operation of one statement, with all that narrows it, as `.zt` spells it. Sets and groups are expanded.
type Rule struct {
	Text      string // all of it in one line, but for its dates and reasons
	Operation string // "" for every connection
	Except    []string
	As        []string // verified tokens, one of them; values
	From      []string // addresses of the peer, one of them; values
	Client    []string // addresses of the client, one of them; values
	NotFrom   []string // sources that are cut off
	When      string
	Until     string
	Because   string
	At        source.Span
	Via       *ir.Use // that led into the policy that the rule stands in
}

func (r *Rule) text() string {
	parts := []string{cmp.Or(r.Operation, "everything")}
	for _, x := range r.Except {
		parts = append(parts, "except "+cmp.Or(x, "everything"))
	}
	if len(r.As) > 0 {
		parts = append(parts, "as "+list(r.As))
	}
	if len(r.From) > 0 {
		parts = append(parts, "from "+list(r.From))
	}
	if len(r.Client) > 0 {
		parts = append(parts, "from client "+list(r.Client))
	}
	if len(r.NotFrom) > 0 {
		parts = append(parts, "except "+strings.Join(r.NotFrom, ", "))
	}
	if r.When != "" {
		parts = append(parts, "when "+r.When)
	}
	return strings.Join(parts, " ")
}

func compareRules(a, b Rule) int {
	return cmp.Or(strings.Compare(a.Text, b.Text), a.At.Compare(b.At))
}

// rulesOf takes a rule apart into its operations.
func rulesOf(r *ir.Rule, spell func(*ir.Source) string) []Rule {
	s := r.Sources
	var common Rule
	common.Until, common.Because, common.At, common.Via = r.Until, r.Because, r.Span, r.Via
	common.As = values(s.As)
	for i := range s.From { // at most one of either kind
		if n := &s.From[i]; n.Client {
			common.Client = append(common.Client, values(n.Blocks)...)
		} else {
			common.From = append(common.From, values(n.Blocks)...)
		}
	}
	for i := range s.Except {
		common.NotFrom = append(common.NotFrom, spell(&s.Except[i]))
	}
	for _, t := range values(s.NotAs) {
		common.NotFrom = append(common.NotFrom, "as "+quote(t))
	}
	for i := range s.NotNet {
		common.NotFrom = append(common.NotFrom, net(&s.NotNet[i]))
	}
	out := make([]Rule, 0, len(r.Entries))
	for i := range r.Entries {
		e, x := &r.Entries[i], common
		x.Operation = operation(&e.Op, r.Target.Port)
		for j := range e.Cuts {
			x.Except = append(x.Except, operation(&e.Cuts[j], 0))
		}
		for j := range r.Cuts {
			x.Except = append(x.Except, operation(&r.Cuts[j], 0))
		}
		x.When = both(e.When, r.When)
		x.Text = x.text()
		out = append(out, x)
	}
	return out
}

func net(n *ir.Net) string {
	word := "from "
	if n.Client {
		word = "from client "
	}
	return word + list(values(n.Blocks))
}

// operation writes an operation; port is the one of the target, 0 for none.
func operation(o *ir.Operation, port int) string {
	var parts []string
	add := func(s string) { parts = append(parts, s) }
	switch {
	case o.GRPC:
		names := make([]string, len(o.Paths))
		for i, p := range o.Paths {
			names[i] = strings.TrimPrefix(p, "/")
		}
		add("grpc " + list(names))
	default:
		if len(o.Methods) > 0 {
			add(strings.Join(o.Methods, ", "))
		}
		if len(o.Paths) > 0 {
			add(list(o.Paths))
		}
	}
	if len(o.Hosts) > 0 {
		add("host " + list(hosts(o.Hosts)))
	}
	ports := o.Ports
	if len(ports) == 0 && port != 0 {
		ports = []int{port}
	}
	if len(ports) > 0 {
		n := make([]string, len(ports))
		for i, p := range ports {
			n[i] = strconv.Itoa(p)
		}
		add("port " + strings.Join(n, ", "))
	}
	switch {
	case o.Speaks == ir.TCPTraffic:
		add("tcp")
	case o.Speaks == ir.HTTPTraffic && len(o.Methods)+len(o.Paths)+len(o.Hosts) == 0:
		add("http")
	}
	return strings.Join(parts, " ")
}

// hosts leaves out the patterns that stand for the ports of a host beside it.
func hosts(in []string) []string {
	have := map[string]bool{}
	for _, h := range in {
		have[h] = true
	}
	return slices.DeleteFunc(slices.Clone(in), func(h string) bool {
		bare, ports := strings.CutSuffix(h, ":*")
		return ports && have[bare]
	})
}

// both writes two conditions that must both hold; nil always does.
func both(a, b *ir.Cond) string {
	switch {
	case a == nil && b == nil:
		return ""
	case a == nil:
		return condition(b, false)
	case b == nil:
		return condition(a, false)
	}
	return condition(&ir.Cond{Op: ir.CondAnd, List: []*ir.Cond{a, b}}, false)
}

// condition writes a condition, in parentheses where it stands in another one and needs them.
func condition(c *ir.Cond, inside bool) string {
	switch c.Op {
	case ir.CondTest:
		return test(&c.Test)
	case ir.CondNot:
		return "not (" + condition(c.List[0], false) + ")"
	}
	word := " and "
	if c.Op == ir.CondOr {
		word = " or "
	}
	parts := make([]string, len(c.List))
	for i, x := range c.List {
		parts[i] = condition(x, true)
	}
	text := strings.Join(parts, word)
	if inside && len(parts) > 1 {
		return "(" + text + ")"
	}
	return text
}

// attributes are the words of `.zt` for Istio's keys.
var attributes = map[ir.AttrKind]struct{ word, key string }{
	ir.AttrHeader:      {"header", "request.headers"},
	ir.AttrClaim:       {"claim", "request.auth.claims"},
	ir.AttrAudience:    {"audience", "request.auth.audiences"},
	ir.AttrPresenter:   {"presenter", "request.auth.presenter"},
	ir.AttrSNI:         {"sni", "connection.sni"},
	ir.AttrDestination: {"destination", "destination.ip"},
	ir.AttrMetadata:    {"metadata", "experimental."},
}

func test(t *ir.Test) string {
	a := attributes[t.Kind]
	text := a.word
	filter, keys, _ := strings.Cut(strings.TrimPrefix(t.Key, a.key), "[")
	if filter != "" {
		text += "[" + quote(filter) + "]"
	}
	if keys != "" { // no key has a bracket
		for k := range strings.SplitSeq(strings.TrimSuffix(keys, "]"), "][") {
			text += "[" + quote(k) + "]"
		}
	}
	text += " " + t.Op.String()
	switch {
	case t.Op == ast.In || t.Op == ast.NotIn:
		text += " [" + list(t.Values) + "]"
	case len(t.Values) > 0:
		text += " " + list(t.Values)
	}
	return text
}

func values(list []ir.Text) []string {
	var out []string
	for _, t := range list {
		out = append(out, t.Value)
	}
	return out
}

func list(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = quote(v)
	}
	return strings.Join(out, ", ")
}

// quote writes a string of `.zt`.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // to a strings.Builder, a string
	return strings.TrimSuffix(b.String(), "\n")
}
