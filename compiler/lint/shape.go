package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
)

// item is a rule with what a quick look needs.
type item struct {
	r       *ir.Rule
	callers []int32 // numbers of its callers, where all are single principals; else nil
	op      *shape
	simple  bool // it has nothing but these
}

// shape is the operations of a rule, with two requests that they have.
type shape struct {
	entries     []ir.Entry
	port        int
	first, last sample
	literal     bool // nothing but paths without wildcards, and few
	simple      bool // no exceptions, conditions or kinds of traffic
	cut         bool // the samples may be excepted
}

// sample is an operation of one value in each part. A part that is not tested has a value that nobody tests for.
type sample struct {
	method, path, host string
	port               int
}

// strange is in no text of a program.
const strange = "~\x00~"

// numbers are those of principals and of shapes.
type numbers struct {
	principals map[string]int32
	sources    [][]int32 // by number of ir.Plain.Sources; a nil list was not yet asked for
	shapes     map[opKey]*shape
	forms      map[string]*shape // by what they say
	key        []byte
}

type opKey struct {
	entries int32
	port    int
}

// sourcesOf are the callers of a rule; empty if they are not single principals.
func (n *numbers) sourcesOf(r *ir.Rule) []int32 {
	k := int(r.Plain.Sources)
	if k == 0 {
		return n.callers(r.Sources)
	}
	if k >= len(n.sources) {
		n.sources = append(n.sources, make([][]int32, k+1-len(n.sources))...)
	}
	if n.sources[k] == nil {
		n.sources[k] = n.callers(r.Sources)
	}
	return n.sources[k]
}

func (n *numbers) item(r *ir.Rule) item {
	x := item{r: r, callers: n.sourcesOf(r)}
	if len(x.callers) == 0 {
		x.callers = nil
	}
	if r.Plain.Entries == 0 {
		x.op = n.shape(r)
	} else {
		k := opKey{r.Plain.Entries, r.Target.Port}
		if x.op = n.shapes[k]; x.op == nil {
			if n.shapes == nil {
				n.shapes = map[opKey]*shape{}
			}
			x.op = n.shape(r)
			n.shapes[k] = x.op
		}
	}
	from := r.Sources
	x.simple = x.callers != nil && x.op.simple && r.Until == "" && r.Action == ast.Allow &&
		(r.Plain.Sources != 0 || r.When == nil && len(r.Cuts)+len(from.As)+len(from.From)+len(from.Except)+len(from.NotAs)+len(from.NotNet) == 0)
	return x
}

// shape is the shape of a rule: one for all whose operations are equal, if they are simple.
func (n *numbers) shape(r *ir.Rule) *shape {
	n.key = strconv.AppendInt(n.key[:0], int64(r.Target.Port), 10)
	for i := range r.Entries {
		o := &r.Entries[i].Op
		if len(r.Entries[i].Cuts) > 0 || r.Entries[i].When != nil || o.Speaks != ir.AnyTraffic {
			return newShape(r)
		}
		for _, list := range [][]string{o.Methods, o.Paths, o.Hosts} {
			for _, v := range list {
				n.key = append(append(n.key, 0), v...)
			}
			n.key = append(n.key, 1)
		}
		for _, p := range o.Ports {
			n.key = append(strconv.AppendInt(n.key, int64(p), 10), ' ')
		}
		n.key = append(n.key, 2)
	}
	x := n.forms[string(n.key)]
	if x == nil {
		if n.forms == nil {
			n.forms = map[string]*shape{}
		}
		x = newShape(r)
		x.simple = true
		n.forms[string(n.key)] = x
	}
	return x
}

// callers numbers callers that are single principals; empty if one is not.
func (n *numbers) callers(s *ir.Sources) []int32 {
	out := make([]int32, 0, len(s.Any))
	for i := range s.Any {
		x := &s.Any[i]
		if x.Kind != ir.Principal || strings.Contains(x.Value, "*") {
			return []int32{}
		}
		k, known := n.principals[x.Value]
		if !known {
			k = int32(len(n.principals))
			n.principals[x.Value] = k
		}
		out = append(out, k)
	}
	return out
}

func newShape(r *ir.Rule) *shape {
	x := &shape{entries: r.Entries, port: r.Target.Port, literal: len(r.Entries) == 1, cut: len(r.Cuts) > 0}
	for i := range r.Entries {
		x.cut = x.cut || len(r.Entries[i].Cuts) > 0
	}
	x.first = sampleOf(&r.Entries[0], r.Target.Port, func(n int) int { return 0 })
	x.last = sampleOf(&r.Entries[len(r.Entries)-1], r.Target.Port, func(n int) int { return n - 1 })
	paths := r.Entries[0].Op.Paths
	x.literal = x.literal && len(paths) > 0 && len(paths) <= 8 && !slices.ContainsFunc(paths, func(p string) bool { return strings.ContainsAny(p, "*{") })
	return x
}

func sampleOf(e *ir.Entry, port int, which func(n int) int) sample {
	text := func(list []string) string {
		if len(list) == 0 {
			return strange
		}
		v := list[which(len(list))]
		if strings.Contains(v, "{*") {
			return strings.NewReplacer("{**}", "~", "{*}", "~").Replace(v)
		}
		if strings.HasPrefix(v, "*") {
			return strange + v[1:]
		}
		if head, open := strings.CutSuffix(v, "*"); open {
			return head + strange
		}
		return v
	}
	x := sample{text(e.Op.Methods), text(e.Op.Paths), text(e.Op.Hosts), port}
	if port == 0 && len(e.Op.Ports) > 0 {
		x.port = e.Op.Ports[which(len(e.Op.Ports))]
	}
	return x
}

// has reports whether the operations may have a sample. False is certain, but for exceptions.
func (x *shape) has(s *sample) bool {
	if x.port != 0 && x.port != s.port {
		return false
	}
	for i := range x.entries {
		o := &x.entries[i].Op
		if matches(o.Methods, s.method) && (len(o.Ports) == 0 || slices.Contains(o.Ports, s.port)) && matches(o.Paths, s.path) && matches(o.Hosts, s.host) {
			return true
		}
	}
	return false
}

func matches(patterns []string, v string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return ir.MatchPath(p, v) })
}

// sample of an item: its caller and its operation.
func (x *item) sample(last bool) (caller *ir.Source, number int32, op *sample) {
	number = -1
	any := x.r.Sources.Any
	if last {
		if x.callers != nil {
			number = x.callers[len(x.callers)-1]
		}
		return &any[len(any)-1], number, &x.op.last
	}
	if x.callers != nil {
		number = x.callers[0]
	}
	return &any[0], number, &x.op.first
}

// may reports whether a rule may have the sample of another one. False is certain.
func (x *item) may(other *item, last bool) bool {
	caller, number, op := other.sample(last)
	if x.callers != nil {
		if !slices.Contains(x.callers, number) {
			return false
		}
	} else if !slices.ContainsFunc(x.r.Sources.Any, func(s ir.Source) bool { return s.Meets(*caller) }) {
		return false
	}
	return other.op.cut || x.op.has(op)
}

// twin reports whether two simple rules are equal.
func (x *item) twin(y *item) bool {
	return x.simple && y.simple && x.op == y.op && slices.Equal(x.callers, y.callers)
}

// within reports whether a simple rule surely lies in another one.
func (x *item) within(y *item) bool {
	if !x.simple || !y.simple || y.op.port != 0 && y.op.port != x.op.port || slices.ContainsFunc(x.callers, func(c int32) bool { return !slices.Contains(y.callers, c) }) {
		return false
	}
	for i := range x.op.entries {
		a := &x.op.entries[i].Op
		if !slices.ContainsFunc(y.op.entries, func(e ir.Entry) bool {
			b := &e.Op
			return inside(a.Methods, b.Methods, equal) && inside(a.Paths, b.Paths, covers) && inside(a.Hosts, b.Hosts, equal) && inside(a.Ports, b.Ports, equal)
		}) {
			return false
		}
	}
	return true
}

// inside compares alternatives; an empty list is no test.
func inside[T any](a, b []T, covers func(b, a T) bool) bool {
	return len(b) == 0 || len(a) > 0 && !slices.ContainsFunc(a, func(x T) bool { return !slices.ContainsFunc(b, func(y T) bool { return covers(y, x) }) })
}

func equal[T comparable](b, a T) bool { return a == b }

// covers reports whether a pattern of paths surely matches all that another one does.
func covers(b, a string) bool {
	head, open := strings.CutSuffix(b, "*")
	return a == b || b == "*" || open && !strings.HasPrefix(b, "*") && !strings.Contains(b, "{") && !strings.HasPrefix(a, "*") && !strings.Contains(a, "{") && strings.HasPrefix(a, head)
}
