package proof

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/ast"
)

// stepActions are what decides on each step, in both vocabularies.
var stepActions = map[Step]struct {
	istio security.AuthorizationPolicy_Action
	ast   ast.Action
}{
	ByCustom: {security.AuthorizationPolicy_CUSTOM, ast.Delegate},
	ByDeny:   {security.AuthorizationPolicy_DENY, ast.Deny},
	ByAllow:  {security.AuthorizationPolicy_ALLOW, ast.Allow},
}

// actionOf is the action of the policies that statements become.
var actionOf = map[ast.Action]security.AuthorizationPolicy_Action{
	ast.Allow: security.AuthorizationPolicy_ALLOW, ast.Deny: security.AuthorizationPolicy_DENY,
	ast.Audit: security.AuthorizationPolicy_AUDIT, ast.Delegate: security.AuthorizationPolicy_CUSTOM,
}

func inForce(o *istio.Object) bool { return !plane.DryRun(o) }

// Miss is the rule that comes nearest to a request that it does not match: the one that fails in the fewest fields.
type Miss struct {
	Match
	Fields []Missed
	// Statements would speak of the request if only these fields differed.
	Statements []*ir.Rule
}

// Missed is a field of a rule that a request fails, in the words of the YAML.
type Missed struct {
	Field string // "methods", "notPaths", or the key of a condition
	Why   string // what the request has, and what the field asks for

	attrs  map[sem.Attr]bool
	caller bool // it is of a source
}

// mostMisses is how many rules are told that come equally near.
const mostMisses = 3

// nearest finds the nearest misses among the rules of some policies; nil where they have no rules. Of rules that fail in
// equally many fields those come first that speak of the caller.
func (w *World) nearest(chain int, r sem.Request, policies []*istio.Object) (best []Miss) {
	least, callers := 0, 0
	for _, o := range policies {
		for i, rule := range o.Authorization.Rules {
			m := Miss{Match: w.Rule(o, i), Fields: w.missed(o, rule, chain, r)}
			if len(m.Fields) == 0 {
				continue // past what can be told field by field
			}
			n := 0
			for _, f := range m.Fields {
				if f.caller {
					n++
				}
			}
			switch c := cmp.Or(cmp.Compare(len(m.Fields), least), cmp.Compare(n, callers)); {
			case len(best) == 0 || c < 0:
				best, least, callers = []Miss{m}, len(m.Fields), n
			case c == 0 && len(best) < mostMisses:
				best = append(best, m)
			}
		}
	}
	for i := range best {
		w.missing(&best[i], chain, r)
	}
	return best
}

// missing finds the statements that would speak of the request if the fields of a miss were others.
func (w *World) missing(m *Miss, chain int, r sem.Request) {
	if w.others[m.Policy] != nil {
		return
	}
	free := maps.Clone(r)
	for _, f := range m.Fields {
		for a := range f.attrs {
			delete(free, a)
		}
	}
	fix := sem.Given(free)
	within := fix(w.holds(m.Policy, m.Index, chain))
	m.Statements = w.statements(chain, m.Policy, func(_ *ir.Rule, means *sem.Expr) bool { return w.meets(fix(means), within) })
	if len(m.Statements) == 0 {
		m.Statements = w.In(m.Policy, m.Index)
	}
}

// holds is what a rule of a policy matches.
func (w *World) holds(o *istio.Object, index, chain int) *sem.Expr {
	rules, err := w.mesh.Rules(o, chains[chain].plane)
	if err != nil {
		return sem.False
	}
	return rules[index].Holds()
}

// meets reports whether two sets have a request in common. Where that takes too long they may have.
func (w *World) meets(a, b *sem.Expr) bool {
	none, err := empty(nil, a, b)
	return err != nil || !none
}

// statements are the statements in the scope of a policy that have its action, and a meaning of which ok approves.
func (w *World) statements(chain int, o *istio.Object, ok func(*ir.Rule, *sem.Expr) bool) (out []*ir.Rule) {
	s := w.scope(o)
	if s == nil {
		return nil
	}
	for _, x := range s.Rules {
		if actionOf[x.Action] != o.Authorization.Action || x.DryRun != plane.DryRun(o) {
			continue
		}
		if set, err := w.reader.Rule(x, chains[chain].intent); err == nil && ok(x, set) { // what cannot be told is not named
			out = append(out, x)
		}
	}
	return out
}

// scope is the scope of a policy of the program; nil where nothing is said of it.
func (w *World) scope(o *istio.Object) *intent.Scope {
	var labels []ir.Label
	for k, v := range o.Authorization.GetSelector().GetMatchLabels() {
		labels = append(labels, ir.Label{Key: k, Value: v})
	}
	slices.SortFunc(labels, func(a, b ir.Label) int { return strings.Compare(a.Key, b.Key) })
	return w.intent.Find(o.Namespace, labels)
}

// In finds the statements that are in a rule of a policy of the program: those of its scope that are part of what the rule
// matches, or have it as a part. Where these are not all of the rule, the others that meet it are in it, too. What a statement
// says of HTTP decides about it; of other connections only where it says nothing of HTTP, since a deny says more of them.
func (w *World) In(o *istio.Object, index int) []*ir.Rule {
	s := w.scope(o)
	if s == nil {
		return nil
	}
	if w.parted.of != o {
		w.parted = parted{of: o, parts: w.parts(s, o)}
	}
	var out []*ir.Rule
	for chain := range chains {
		rule := sem.And(w.holds(o, index, chain), w.intent.Universe(s, chains[chain].intent))
		var meets, whole []*ir.Rule
		var parts []*sem.Expr
		for _, x := range w.parted.parts[chain] {
			if !w.meets(x.means, rule) {
				continue
			}
			meets = append(meets, x.statement)
			if w.inside(x.means, rule) || w.inside(rule, x.means) {
				parts, whole = append(parts, x.means), append(whole, x.statement)
			}
		}
		if w.inside(rule, sem.Or(parts...)) {
			meets = whole
		}
		out = append(out, meets...)
	}
	slices.SortStableFunc(out, func(a, b *ir.Rule) int { return a.Span.Compare(b.Span) })
	return out
}

// parted is the policy that In was asked about last, and the statements that may be in it, each on one chain.
type parted struct {
	of    *istio.Object
	parts [len(chains)][]part
}

// part is a statement and what it means on a chain.
type part struct {
	statement *ir.Rule
	means     *sem.Expr
}

// parts are the statements that may be in a policy of a scope.
func (w *World) parts(s *intent.Scope, o *istio.Object) (out [len(chains)][]part) {
	judged := map[*ir.Rule]bool{}
	for chain := range chains {
		ports := w.intent.Universe(s, chains[chain].intent)
		w.statements(chain, o, func(x *ir.Rule, means *sem.Expr) bool {
			if means = sem.And(means, ports); !judged[x] && w.meets(means, sem.True) {
				judged[x] = true
				out[chain] = append(out[chain], part{x, means})
			}
			return false
		})
	}
	return out
}

// inside reports whether a set is proven to be part of another one.
func (w *World) inside(a, b *sem.Expr) bool {
	none, err := empty(nil, a, sem.Not(b))
	return err == nil && none
}

// missed lists the fields of a rule that a request fails: of its sources and of its operations those of the nearest one.
func (w *World) missed(o *istio.Object, rule *security.Rule, chain int, r sem.Request) []Missed {
	var out []Missed
	var from, to [][]Missed
	for _, f := range rule.From {
		from = append(from, w.fields(o, chain, r, f.GetSource(), func(m proto.Message) *security.Rule {
			return &security.Rule{From: []*security.Rule_From{{Source: m.(*security.Source)}}}
		}))
	}
	for _, f := range rule.To {
		to = append(to, w.fields(o, chain, r, f.GetOperation(), func(m proto.Message) *security.Rule {
			return &security.Rule{To: []*security.Rule_To{{Operation: m.(*security.Operation)}}}
		}))
	}
	for _, f := range fewest(from) {
		f.caller = true
		out = append(out, f)
	}
	out = append(out, fewest(to)...)
	for _, c := range rule.When {
		for _, part := range []*security.Condition{{Key: c.Key, Values: c.Values}, {Key: c.Key, NotValues: c.NotValues}} {
			not := len(part.NotValues) > 0
			values := append(slices.Clone(part.Values), part.NotValues...)
			if len(values) == 0 {
				continue
			}
			one := func(values []string) *security.Rule {
				x := &security.Condition{Key: c.Key, Values: values}
				if not {
					x.Values, x.NotValues = nil, values
				}
				return &security.Rule{When: []*security.Condition{x}}
			}
			if m := w.field(o, chain, r, c.Key, not, values, one); m != nil {
				out = append(out, *m)
			}
		}
	}
	return out
}

// fewest is the shortest of some lists, the first of them.
func fewest(lists [][]Missed) []Missed {
	if len(lists) == 0 {
		return nil
	}
	return slices.MinFunc(lists, func(a, b []Missed) int { return cmp.Compare(len(a), len(b)) })
}

// fields lists the fields of a source or an operation that a request fails. Every field is asked by itself.
func (w *World) fields(o *istio.Object, chain int, r sem.Request, m proto.Message, rule func(proto.Message) *security.Rule) (out []Missed) {
	all := m.ProtoReflect()
	list := all.Descriptor().Fields()
	for i := range list.Len() {
		fd := list.Get(i)
		if !all.Has(fd) || !fd.IsList() || fd.Kind() != protoreflect.StringKind {
			continue
		}
		var values []string
		for j := range all.Get(fd).List().Len() {
			values = append(values, all.Get(fd).List().Get(j).String())
		}
		one := func(values []string) *security.Rule {
			x := all.New()
			into := x.Mutable(fd).List()
			for _, v := range values {
				into.Append(protoreflect.ValueOfString(v))
			}
			return rule(x.Interface())
		}
		name := fd.JSONName()
		if f := w.field(o, chain, r, name, strings.HasPrefix(name, "not"), values, one); f != nil {
			out = append(out, *f)
		}
	}
	return out
}

// field tells how a request fails a field; nil where it does not. rule makes the rule that has this field alone.
func (w *World) field(o *istio.Object, chain int, r sem.Request, name string, not bool, values []string, rule func([]string) *security.Rule) *Missed {
	alone := func(values []string) (*plane.Rule, bool) {
		p := &istio.Object{APIVersion: o.APIVersion, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
			Authorization: &security.AuthorizationPolicy{Action: o.Authorization.Action, Rules: []*security.Rule{rule(values)}}}
		rules, err := w.mesh.Rules(p, chains[chain].plane)
		if err != nil {
			return nil, false
		}
		return &rules[0], true
	}
	all, ok := alone(values)
	if !ok || all.Holds().Holds(r) {
		return nil
	}
	m := &Missed{Field: name, attrs: map[sem.Attr]bool{}}
	if all.Gone {
		m.Why = "Istio drops a rule with this, which only HTTP has, where the port is not HTTP"
		if chains[chain].plane == plane.HTTP {
			m.Why = "Istio makes nothing of it, and drops the rule"
		}
		return m
	}
	all.Holds().Attrs(m.attrs)
	have := ""
	for a := range m.attrs {
		have = short(name, a, r[a])
	}
	if not {
		m.Field = strings.TrimPrefix(name, "not")
		m.Field = "not" + strings.ToUpper(m.Field[:1]) + m.Field[1:]
		if strings.ContainsAny(name, ".[") { // a condition: its values are in notValues
			m.Field = name + " notValues"
		}
		var out []string
		for _, v := range values {
			if one, ok := alone([]string{v}); ok && !one.Holds().Holds(r) {
				out = append(out, v)
			}
		}
		m.Why = fmt.Sprintf("%s is excluded, as %s", have, few(out))
		return m
	}
	switch {
	case have == "":
		m.Why = "none, and it asks for " + few(values)
	case len(values) == 1:
		m.Why = have + " is not " + value(values[0])
	default:
		m.Why = have + " is none of " + few(values)
	}
	return m
}

// few writes a few values of a field.
func few(values []string) string {
	const most = 4
	var out []string
	for _, v := range values[:min(len(values), most)] {
		out = append(out, value(v))
	}
	if n := len(values) - most; n > 0 {
		out = append(out, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(out, ", ")
}

// short is what a request has for a field, as the field writes it; "" for nothing.
func short(field string, a sem.Attr, v sem.Value) string {
	if v.Absent || len(v.Parts) == 0 {
		return ""
	}
	field = strings.ToLower(strings.TrimPrefix(field, "not"))
	switch a.Kind {
	case sem.Peer:
		switch {
		case strings.Contains(field, "namespace"):
			return value(v.Parts[1])
		case strings.Contains(field, "account"):
			return value(v.Parts[1] + "/" + v.Parts[2])
		case strings.Contains(field, "domain"):
			return value(v.Parts[0])
		}
		return value(v.Parts[0] + "/ns/" + v.Parts[1] + "/sa/" + v.Parts[2])
	case sem.Token:
		switch {
		case v.Missing[0] && v.Missing[1]:
			return ""
		case strings.HasSuffix(field, "[iss]"):
			return value(v.Parts[0])
		case strings.HasSuffix(field, "[sub]"), v.Missing[0]:
			return value(v.Parts[1])
		case v.Missing[1]:
			return value(v.Parts[0]) + " without a subject"
		}
		return value(v.Parts[0] + "/" + v.Parts[1])
	}
	return few(v.Parts)
}

// value writes a value bare where nothing can be mistaken in it.
func value(s string) string {
	if s == "" {
		return `""`
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("-._~/:*@+={}[]", rune(c)) {
			return fmt.Sprintf("%q", s)
		}
	}
	return s
}
