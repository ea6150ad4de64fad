package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
)

// Outcome is what becomes of one value of a field for one request.
type Outcome string

const (
	Hit     Outcome = "hit"
	Several Outcome = "hit among several" // by one element of a list, and not by another one
	Missed  Outcome = "missed"
	Close   Outcome = "missed closely" // by one byte, one address or one port
	Absent  Outcome = "absent"
)

// Tried is a kind of test: a field or the key of a condition, whether it stands among the negated ones, and how it compares.
type Tried struct {
	Field string
	Not   bool
	Kind  string
}

func (t Tried) String() string {
	if t.Not {
		return "not " + t.Field + ", " + t.Kind
	}
	return t.Field + ", " + t.Kind
}

// Tally counts what became of each kind of test.
type Tally map[Tried]map[Outcome]int

// probe is one value of a field, by itself.
type probe struct {
	tried Tried
	value string
	attr  sem.Attr
	holds *sem.Expr
}

// Watch returns what counts requests to a setting.
func (t Tally) Watch(s *Setting) func(plane.Chain, sem.Request) {
	probes := map[plane.Chain][]probe{}
	return func(c plane.Chain, q sem.Request) {
		list, made := probes[c]
		if !made {
			list = probesOf(s, c)
			probes[c] = list
		}
		for i := range list {
			p := &list[i]
			of := t[p.tried]
			if of == nil {
				of = map[Outcome]int{}
				t[p.tried] = of
			}
			of[p.outcome(q)]++
		}
	}
}

func (p *probe) outcome(q sem.Request) Outcome {
	v := q[p.attr]
	switch {
	case len(v.Parts) == 0 || v.Absent || v.Missing == [2]bool{true, true}:
		return Absent
	case !p.holds.Holds(q):
		if slices.ContainsFunc(v.Parts, p.close) {
			return Close
		}
		return Missed
	case isList(p.attr.Kind) && slices.ContainsFunc(v.Parts, func(s string) bool {
		return !p.holds.Holds(sem.Request{p.attr: {Parts: []string{s}}})
	}):
		return Several
	}
	return Hit
}

// close tells if a value that is missed is so for one byte at an end, or for the case of letters, or is the next number.
func (p *probe) close(s string) bool {
	text := strings.Trim(p.value, "[]*")
	holds := func(s string) bool { return p.holds.Holds(sem.Request{p.attr: {Parts: []string{s}}}) }
	switch p.attr.Kind {
	case sem.SourceIP, sem.RemoteIP, sem.DestIP, sem.Port:
		return slices.ContainsFunc(beside(p.attr.Kind, s), holds)
	}
	longer := len(s) == len(text)+1 && (strings.HasPrefix(s, text) || strings.HasSuffix(s, text))
	shorter := len(text) == len(s)+1 && (strings.HasPrefix(text, s) || strings.HasSuffix(text, s))
	return text != "" && (strings.EqualFold(s, text) || longer || shorter) || holds(s+"a") || s != "" && (holds(s[1:]) || holds(s[:len(s)-1]))
}

// probesOf are the values of the policies that reach a pod, those aside that mean nothing on the chain.
func probesOf(s *Setting, c plane.Chain) (out []probe) {
	mesh, policies := s.reaching(c)
	seen := map[string]bool{}
	for _, o := range policies {
		add := func(field string, not bool, values []string) {
			for _, v := range values {
				if id := fmt.Sprint(field, not, v, o.Namespace); seen[id] {
					continue
				} else {
					seen[id] = true
				}
				alone := &istio.Object{Namespace: o.Namespace, Authorization: &security.AuthorizationPolicy{Rules: []*security.Rule{Alone(field, false, v)}}}
				rules, err := mesh.Rules(alone, c)
				if err != nil || rules[0].Gone {
					continue
				}
				x := rules[0].Holds()
				attrs := map[sem.Attr]bool{}
				if x.Attrs(attrs); len(attrs) == 1 {
					out = append(out, probe{Tried{field, not, KindOf(field, v)}, v, sortedAttrs(attrs)[0], x})
				}
			}
		}
		fields(o, add)
	}
	return out
}

// fields calls f for each field of the rules of a policy, and for each condition.
func fields(o *istio.Object, f func(field string, not bool, values []string)) {
	for _, r := range o.Authorization.Rules {
		for _, x := range r.From {
			each(x.Source, f)
		}
		for _, x := range r.To {
			each(x.Operation, f)
		}
		for _, w := range r.When {
			f(w.Key, false, w.Values)
			f(w.Key, true, w.NotValues)
		}
	}
}

// each calls f for each field of a source or an operation; those of what is not wanted have the name of their twin.
func each(m proto.Message, f func(field string, not bool, values []string)) {
	m.ProtoReflect().Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		var values []string
		for i := range v.List().Len() {
			values = append(values, v.List().Get(i).String())
		}
		field, not := strings.CutPrefix(d.JSONName(), "not")
		f(strings.ToLower(field[:1])+field[1:], not, values)
		return true
	})
}

// Alone is a rule that asks for values of one field, or of the key of a condition, and nothing else.
func Alone(field string, not bool, values ...string) *security.Rule {
	if strings.ContainsAny(field, ".") {
		c := &security.Condition{Key: field, Values: values}
		if not {
			c.Values, c.NotValues = nil, values
		}
		return &security.Rule{When: []*security.Condition{c}}
	}
	name := field
	if not {
		name = "not" + strings.ToUpper(field[:1]) + field[1:]
	}
	set := func(m proto.Message) bool {
		d := m.ProtoReflect().Descriptor().Fields().ByJSONName(name)
		if d == nil {
			return false
		}
		list := m.ProtoReflect().Mutable(d).List()
		for _, v := range values {
			list.Append(protoreflect.ValueOfString(v))
		}
		return true
	}
	source, operation := &security.Source{}, &security.Operation{}
	switch {
	case set(source):
		return &security.Rule{From: []*security.Rule_From{{Source: source}}}
	case set(operation):
		return &security.Rule{To: []*security.Rule_To{{Operation: operation}}}
	}
	panic("no field " + name)
}

// KindOf is how a value of a field compares.
func KindOf(field, v string) string {
	switch field {
	case "ipBlocks", "remoteIpBlocks", "source.ip", "remote.ip", "destination.ip":
		family, what := "IPv4", "address"
		if strings.Contains(v, ":") {
			family = "IPv6"
		}
		if strings.Contains(v, "/") {
			what = "block"
		}
		return family + " " + what
	case "ports", "destination.port":
		return "number"
	}
	element, list := strings.CutPrefix(v, "[")
	if element, list = strings.CutSuffix(element, "]"); list && strings.HasPrefix(v, "[") {
		return "list, " + KindOf("", element)
	}
	switch {
	case strings.Contains(v, "{**}"):
		return "template of segments"
	case strings.Contains(v, "{*}"):
		return "template of a segment"
	case v == "*":
		return "present"
	case strings.HasPrefix(v, "*"):
		return "suffix"
	case strings.HasSuffix(v, "*"):
		return "prefix"
	case strings.Contains(v, "*") && (field == "namespaces" || field == "source.namespace"):
		return "infix"
	}
	return "exact"
}

// Kinds are the kinds of tests that a generator can make: each comes with the pool of its values.
func (g *Generator) Kinds() (kinds []Tried, pools map[string]string) {
	pools = map[string]string{"remoteIpBlocks": "ipBlocks"}
	for _, f := range []string{"principals", "namespaces", "serviceAccounts", "trustDomains", "requestPrincipals", "ipBlocks", "hosts", "methods", "paths", "ports"} {
		pools[f] = f
	}
	for _, k := range g.Keys {
		if !meaningless[k.Key] {
			pools[k.Key] = k.Pool
		}
	}
	for _, field := range slices.Sorted(maps.Keys(pools)) {
		seen := map[string]bool{}
		for _, v := range g.Pools[pools[field]] {
			if kind := KindOf(field, v); !seen[kind] {
				seen[kind] = true
				kinds = append(kinds, Tried{field, false, kind}, Tried{field, true, kind})
			}
		}
	}
	return kinds, pools
}

// Missing are the kinds of tests of a generator that came to an outcome fewer than n times, with how often they did.
func (t Tally) Missing(g *Generator, n int) (out []string) {
	kinds, _ := g.Kinds()
	for _, tried := range kinds {
		for _, o := range outcomes(tried.Field, tried.Kind) {
			got := t[tried][o]
			if o == Missed {
				got += t[tried][Close]
			}
			if got < n {
				out = append(out, fmt.Sprintf("%v: %s %d times", tried, o, got))
			}
		}
	}
	return out
}

// meaningless are keys that Istio makes nothing of.
var meaningless = map[string]bool{"request.headersX[y]": true, "request.auth.claims[a]x[b]": true, "bogus.key": true}

// outcomes are those that a test can come to.
func outcomes(field, kind string) (out []Outcome) {
	out = []Outcome{Hit}
	base := strings.TrimPrefix(kind, "list, ")
	token := strings.HasPrefix(field, "request.auth.") || field == "requestPrincipals"
	identity := slices.Contains([]string{"principals", "namespaces", "serviceAccounts", "trustDomains"}, field) || strings.HasPrefix(field, "source.") && field != "source.ip"
	metadata := strings.HasPrefix(field, "experimental.")
	header := strings.HasPrefix(field, "request.headers[") && !slices.Contains([]string{"request.headers[:authority]", "request.headers[:method]", "request.headers[Host]"}, field)
	if base != "present" || token || metadata { // what must not be empty may be so there
		out = append(out, Missed)
	}
	if base != "present" && !identity && field != "requestPrincipals" && field != "request.auth.principal" {
		out = append(out, Close)
	}
	if token || identity || metadata || header || field == "connection.sni" {
		out = append(out, Absent)
	}
	single := field == "requestPrincipals" || field == "request.auth.principal" || field == "request.auth.claims[iss]" || field == "request.auth.claims[sub]"
	if base != "present" && (token && !single || header || metadata && strings.HasPrefix(kind, "list, ")) {
		out = append(out, Several)
	}
	return out
}
