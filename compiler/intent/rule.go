package intent

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
)

// Reader reads rules as sets of requests. It remembers what it has read, and is for one goroutine.
type Reader struct {
	m     *Program
	tcp   map[string][]int        // by key of a scope: ports that some workload declares to speak something other than HTTP
	from  [modes][]*sem.Expr      // by number of ir.Plain.Sources
	plain [modes]map[op]*sem.Expr // operations of plain rules
	known map[parts]*sem.Expr     // see some
}

// parts are what the rules of one statement share, on the port of their target.
type parts struct {
	sources *ir.Sources
	entries *ir.Entry
	more    *ir.More
	port    int
}

// maxParts bounds what is remembered of statements.
const maxParts = 4096

// op is an operation of plain rules, on one port of their target or on all.
type op struct {
	entries int32
	port    int
}

// Reader returns a new reader.
func (m *Program) Reader() *Reader { return &Reader{m: m, tcp: map[string][]int{}} }

// mode is a way to read what is of HTTP: operations that speak of HTTP or of everything else, and tests of attributes that
// only HTTP requests have. Negation is driven inwards first, to single tests, so that each of these has a value of its own.
type mode uint8

const (
	request mode = iota // an HTTP request: tests are what they are
	// A connection that is not HTTP: `tcp` holds, `http` does not, and no test holds, negated or not. What a rule says of
	// headers, it says of requests.
	connection
	every  // an HTTP request for which every test fails, negated or not: what is left holds for all of them
	absent // a connection that is not HTTP, of which nothing of HTTP holds, and every negation does
	modes
)

// fails reports whether all tests of HTTP fail, negated or not.
func (m mode) fails() bool { return m == connection || m == every }

// Rule is the set of the requests on a chain that a rule speaks of.
//
// It is the rule as it is written, a connection that is not HTTP taken for a request of which nothing of HTTP holds, where the
// data plane can tell the two apart. Where it cannot:
//
//   - An ALLOW lets connections pass only by their ports. So they pass on the ports that their one target declares to speak
//     something other than HTTP, and elsewhere only where every HTTP request from there passes.
//   - Any other rule with something of HTTP leaves the ports alone that its target declares to speak something else, but for
//     those whose connections it speaks of. On all others it covers connections where it may cover a request.
//   - A provider of the HTTP kind is asked about requests, and about nothing else.
//
// The error is sem.ErrBudget.
func (r *Reader) Rule(x *ir.Rule, c Chain) (*sem.Expr, error) {
	http := x.Action == ast.Delegate && r.m.p.Mesh.Providers[x.Provider] == ir.HTTPProvider
	switch {
	case http && c == TCP:
		return sem.False, nil
	case http || !ofHTTP(x) || x.Action == ast.Allow && c == HTTP:
		return r.read(x, request), nil
	case x.Action == ast.Allow:
		var declared []int
		if x.Target.Kind == ir.OnWorkload {
			declared = r.tcpPorts(x.Target)
		}
		return and(r.read(x, connection), or(isPort(declared), r.read(x, every))), nil
	}
	declared := isPort(r.tcpPorts(x.Target))
	if c == HTTP {
		return and(r.read(x, request), or(not(declared), r.read(x, connection))), nil
	}
	some, err := r.some(x)
	if err != nil {
		return nil, err
	}
	return or(r.read(x, connection), and(some, not(declared))), nil
}

// some is where a rule covers a request, as far as a connection can tell: where there are values of all that it cannot read
// with which the rule holds.
func (r *Reader) some(x *ir.Rule) (*sem.Expr, error) {
	k := parts{x.Sources, &x.Entries[0], x.More, x.Target.Port}
	if set := r.known[k]; set != nil {
		return set, nil
	}
	set, err := sem.Forget(sem.Limits{}, func(a sem.Attr) bool { return unread[a.Kind] }, r.read(x, request))
	if err != nil {
		return nil, err
	}
	if r.known == nil || len(r.known) == maxParts {
		r.known = map[parts]*sem.Expr{}
	}
	r.known[k] = set
	return set, nil
}

// unread are the attributes that only HTTP requests have.
var unread = map[sem.Kind]bool{sem.Method: true, sem.Host: true, sem.Path: true, sem.Header: true, sem.Token: true, sem.Claim: true}

// Ladder is what a scope means on a chain, by itself: what is enforced, or what is on dry run. A provider that is not in it is
// asked about nothing. The error is sem.ErrBudget.
func (r *Reader) Ladder(s *Scope, c Chain, dryRun bool) (sem.Ladder, error) {
	var allow, deny, audit []*sem.Expr
	custom := map[string][]*sem.Expr{}
	closed := slices.ContainsFunc(s.Baselines, func(b *ir.Baseline) bool { return b.DryRun == dryRun })
	rules := s.Rules
	if s.units != nil && !dryRun {
		closed, rules = true, nil
		allow = append(allow, r.m.units.Allow(s, c))
	}
	for _, x := range rules {
		if x.DryRun != dryRun {
			continue
		}
		set, err := r.Rule(x, c)
		if err != nil {
			return sem.Ladder{}, err
		}
		switch x.Action {
		case ast.Allow:
			closed = true
			allow = append(allow, set)
		case ast.Deny:
			deny = append(deny, set)
		case ast.Audit:
			audit = append(audit, set)
		case ast.Delegate:
			custom[x.Provider] = append(custom[x.Provider], set)
		}
	}
	l := sem.Ladder{Custom: map[string]*sem.Expr{}, Deny: or(deny...), Allow: or(allow...), Audit: or(audit...), Closed: closed}
	for name, list := range custom {
		if set := or(list...); set != sem.False {
			l.Custom[name] = set
		}
	}
	return l, nil
}

// tcpPorts are the ports that workloads of a target declare to speak something other than HTTP.
func (r *Reader) tcpPorts(t *ir.Target) []int {
	if t.Kind == ir.OnWorkload {
		return speaking(t.Workload, ir.TCP)
	}
	k := Key(t.Namespace, t.Labels())
	if reachesMesh(t) {
		k = "mesh\x00" + k // of the root namespace alone it is another one
	}
	if ports, known := r.tcp[k]; known {
		return ports
	}
	covered := slices.Values(r.m.p.Workloads)
	switch t.Kind {
	case ir.OnPods:
		covered = r.m.bearers.Picked(t.Pods)
	case ir.OnNamespace:
		covered = slices.Values(r.m.in(t.Namespace))
	}
	var ports []int
	for w := range covered {
		ports = append(ports, speaking(w, ir.TCP)...)
	}
	slices.Sort(ports)
	ports = slices.Compact(ports)
	r.tcp[k] = ports
	return ports
}

// ofHTTP reports whether something of a rule is of HTTP, or of everything but HTTP.
func ofHTTP(x *ir.Rule) bool {
	of := func(o ir.Operation) bool { return o.HTTP() || o.Speaks != ir.AnyTraffic }
	return len(x.Sources.As)+len(x.Sources.NotAs) > 0 || testsHTTP(x.When) || slices.ContainsFunc(x.Cuts, of) ||
		slices.ContainsFunc(x.Entries, func(e ir.Entry) bool {
			return of(e.Op) || testsHTTP(e.When) || slices.ContainsFunc(e.Cuts, of)
		})
}

func testsHTTP(c *ir.Cond) bool {
	return c != nil && (c.Op == ir.CondTest && c.Test.Kind.HTTP() || slices.ContainsFunc(c.List, testsHTTP))
}

// read reads all parts of a rule: any source, any entry without its cuts, all conditions.
func (r *Reader) read(x *ir.Rule, m mode) *sem.Expr {
	if x.Plain.Sources != 0 && x.Plain.Entries != 0 && len(x.Cuts) == 0 && x.When == nil {
		return and(r.plainSources(x, m), r.plainEntries(x, m))
	}
	return and(m.sources(x.Sources), m.entries(x), m.cond(x.When, false))
}

func (m mode) entries(x *ir.Rule) *sem.Expr {
	list := make([]*sem.Expr, len(x.Entries))
	for i := range x.Entries {
		e := &x.Entries[i]
		parts := []*sem.Expr{m.operation(&e.Op, false), m.cond(e.When, false)}
		for _, cuts := range [][]ir.Operation{e.Cuts, x.Cuts} {
			for j := range cuts {
				parts = append(parts, m.operation(&cuts[j], true))
			}
		}
		list[i] = and(parts...)
	}
	if n := x.Target.Port; n != 0 {
		return and(isPort([]int{n}), or(list...))
	}
	return or(list...)
}

// plainSources and plainEntries read each part of plain rules once.
func (r *Reader) plainSources(x *ir.Rule, m mode) *sem.Expr {
	list := &r.from[m]
	n := int(x.Plain.Sources)
	if n >= len(*list) {
		*list = append(*list, make([]*sem.Expr, n+1-len(*list))...)
	}
	if (*list)[n] == nil {
		(*list)[n] = m.sources(x.Sources)
	}
	return (*list)[n]
}

func (r *Reader) plainEntries(x *ir.Rule, m mode) *sem.Expr {
	k := op{x.Plain.Entries, x.Target.Port}
	set, known := r.plain[m][k]
	if !known {
		if r.plain[m] == nil {
			r.plain[m] = map[op]*sem.Expr{}
		}
		set = m.entries(x)
		r.plain[m][k] = set
	}
	return set
}
