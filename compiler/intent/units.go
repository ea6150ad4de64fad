package intent

import (
	"slices"
	"strings"
	"sync"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/known"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/lang/ast"
)

// Units give plain rules a normal form that costs little: the set of pairs of one caller and one operation of one value in
// each part. Equal sets are equal meanings, on every chain. Unequal ones prove nothing, since a value may cover another.
//
// The units are those of a program; they do not change, and may be asked from several goroutines.
type Units struct {
	m       *Program
	callers map[string]uint32
	ops     map[unit]uint32
	wild    bool // a caller has a wildcard

	// What the parts of plain rules are, by their numbers; without a list where it is not known yet.
	bySources [][]uint32
	byEntries [][]uint32
	withPort  map[op][]uint32 // entries on one port of their target
	named     []naming        // by caller: the last rule that names it
	share     []bool          // by rule of the scope at hand: another one names one of its callers

	spell sync.Once
	names []short // of callers, by number
	spelt []short // of operations, by number
}

// unit is one value in each part of an operation; nothing where a part is not tested.
type unit struct {
	method, path, host string
	port               int
}

// maxUnits bounds the units of one operation: lists multiply.
const maxUnits = 4096

// Units brings the scopes of plain rules into normal form.
func (m *Program) Units() *Units {
	if m.units != nil {
		return m.units
	}
	parts := &m.p.Parts
	u := &Units{
		m: m, callers: make(map[string]uint32, parts.Sources), ops: make(map[unit]uint32, parts.Entries), withPort: map[op][]uint32{},
		bySources: make([][]uint32, parts.Sources+1), byEntries: make([][]uint32, parts.Entries+1),
	}
	for _, r := range m.p.Rules { // one after the other, as they lie in memory
		if n := r.Plain.Target; n != 0 && int(n) < len(m.byPlain) && m.byPlain[n] != nil && !m.byPlain[n].other {
			u.learn(r)
		}
	}
	n := 0
	for _, s := range m.Scopes {
		if !s.other {
			for i := range s.plain {
				callers, ops := u.parts(&s.plain[i])
				n += len(callers) * len(ops)
			}
		}
	}
	all := make([]uint64, 0, n)
	u.named = make([]naming, len(u.callers))
	for _, s := range m.Scopes {
		if !s.other && len(s.plain) > 0 {
			from := len(all)
			var ok bool
			if all, ok = u.pairs(all, s); ok {
				s.units = all[from:len(all):len(all)]
			}
		}
		s.plain = nil
	}
	u.bySources, u.byEntries, u.withPort, u.named, u.share, m.units = nil, nil, nil, nil, nil, u
	return u
}

// plainRule is a plain rule in its scope: the numbers of its sources and entries, and its port.
type plainRule struct{ sources, entries, port int32 }

// plain reports whether a rule is an enforced allow that shares its parts.
func plain(r *ir.Rule) bool {
	return r.Action == ast.Allow && !r.DryRun && r.Plain.Sources != 0 && r.Plain.Entries != 0 && len(r.Cuts) == 0 && r.When == nil
}

// learn numbers the callers and the operations of a rule. Those that have no units get an empty list, which is no list.
func (u *Units) learn(r *ir.Rule) {
	if callers := at(&u.bySources, r.Plain.Sources); *callers == nil {
		*callers = u.learnCallers(r.Sources)
	}
	if port := r.Target.Port; port != 0 {
		if k := (op{r.Plain.Entries, port}); u.withPort[k] == nil {
			u.withPort[k] = u.learnOps(r)
		}
	} else if ops := at(&u.byEntries, r.Plain.Entries); *ops == nil {
		*ops = u.learnOps(r)
	}
}

// at returns the place of a number in a list that grows with the numbers.
func at[T any](list *[]T, n int32) *T {
	if more := int(n) + 1 - len(*list); more > 0 {
		*list = append(*list, make([]T, more)...)
	}
	return &(*list)[n]
}

// parts are the callers and the operations of a rule that was learnt.
func (u *Units) parts(r *plainRule) (callers, ops []uint32) {
	if r.port != 0 {
		return u.bySources[r.sources], u.withPort[op{r.entries, int(r.port)}]
	}
	return u.bySources[r.sources], u.byEntries[r.entries]
}

func (u *Units) learnCallers(s *ir.Sources) []uint32 {
	out := []uint32{}
	if len(s.As)+len(s.From)+len(s.Except)+len(s.NotAs)+len(s.NotNet) > 0 {
		return out
	}
	for _, x := range s.Any {
		if x.Kind != ir.Principal {
			return []uint32{}
		}
		u.wild = u.wild || strings.Contains(x.Value, "*")
		out = append(out, number(u.callers, x.Value))
	}
	return out
}

func (u *Units) learnOps(r *ir.Rule) []uint32 {
	out := []uint32{}
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.Op.Speaks != ir.AnyTraffic || len(e.Cuts) > 0 || e.When != nil || r.Target.Port != 0 && len(e.Op.Ports) > 0 {
			return []uint32{}
		}
		o := e.Op
		if r.Target.Port != 0 {
			o.Ports = []int{r.Target.Port}
		}
		if !each(&o, func(x unit) bool { out = append(out, number(u.ops, x)); return true }) {
			return []uint32{}
		}
	}
	return out
}

func number[K comparable](m map[K]uint32, k K) uint32 {
	n, known := m[k]
	if !known {
		n = uint32(len(m))
		m[k] = n
	}
	return n
}

// each goes through the units of an operation, and reports whether it came to the end. An empty value is a test, and has no
// unit: in one it would stand for none.
func each(o *ir.Operation, f func(unit) bool) bool {
	if slices.Contains(o.Methods, "") || slices.Contains(o.Paths, "") || slices.Contains(o.Hosts, "") || slices.Contains(o.Ports, 0) {
		return false
	}
	parts := func(list []string) []string {
		if len(list) == 0 {
			return []string{""}
		}
		return list
	}
	ports := o.Ports
	if len(ports) == 0 {
		ports = []int{0}
	}
	methods, paths, hosts := parts(o.Methods), parts(o.Paths), parts(o.Hosts)
	if len(methods)*len(paths)*len(hosts)*len(ports) > maxUnits {
		return false
	}
	for _, m := range methods {
		for _, p := range paths {
			for _, h := range hosts {
				for _, n := range ports {
					if !f(unit{m, p, h, n}) {
						return false
					}
				}
			}
		}
	}
	return true
}

// pairs appends to dst the normal form of a scope, a set in any order, and reports whether it has one. It has one when it holds
// nothing but plain rules, and its ladder is then that of one ALLOW.
func (u *Units) pairs(dst []uint64, s *Scope) ([]uint64, bool) {
	from := len(dst)
	u.share = append(u.share[:0], make([]bool, len(s.Rules))...)
	shared := 0
	share := func(i int) {
		if !u.share[i] {
			u.share[i] = true
			shared++
		}
	}
	for i := range s.plain {
		callers, ops := u.parts(&s.plain[i])
		if len(callers) == 0 || len(ops) == 0 {
			return dst[:from], false
		}
		dst = product(dst, callers, ops)
		for _, c := range callers {
			if last := u.named[c]; last.scope == s {
				share(last.rule)
				share(i)
			}
			u.named[c] = naming{s, i}
		}
	}
	if u.wild { // callers may have callers in common that are two here
		s.sharing = s.Rules
	} else if shared > 0 {
		s.sharing = make([]*ir.Rule, 0, shared)
		for i, r := range s.Rules {
			if u.share[i] {
				s.sharing = append(s.sharing, r)
			}
		}
	}
	return dst, true
}

// naming is the place where a rule names a caller.
type naming struct {
	scope *Scope
	rule  int
}

// Allow is the ALLOW of a scope that has a normal form, on a chain.
func (u *Units) Allow(s *Scope, c Chain) *sem.Expr {
	callers, ops := keys(u.callers), keys(u.ops)
	m := request
	if c == TCP {
		m = connection // an operation of HTTP lets nothing pass there, and no other one is changed
	}
	by := map[uint32][]*sem.Expr{}
	var order []uint32
	for _, x := range slices.Compact(slices.Sorted(slices.Values(s.units))) {
		o := uint32(x)
		if by[o] == nil {
			order = append(order, o)
		}
		by[o] = append(by[o], principal(callers[x>>32]))
	}
	var out []*sem.Expr
	for _, o := range order {
		op := ops[o].operation()
		out = append(out, and(or(by[o]...), m.operation(&op, false)))
	}
	return or(out...)
}

func (x unit) operation() (o ir.Operation) {
	if x.method != "" {
		o.Methods = []string{x.method}
	}
	if x.path != "" {
		o.Paths = []string{x.path}
	}
	if x.host != "" {
		o.Hosts = []string{x.host}
	}
	if x.port != 0 {
		o.Ports = []int{x.port}
	}
	return o
}

// Ask adds the normal form of a scope to a question: what it is on, and its pairs. It reports whether the scope has one.
func (u *Units) Ask(q *known.Question, s *Scope) bool {
	if s.units == nil {
		return false
	}
	u.spell.Do(u.digest)
	q.Text(s.Namespace)
	q.Number(len(s.Labels))
	for _, l := range s.Labels {
		q.Text(l.Key)
		q.Text(l.Value)
	}
	q.Number(len(s.units))
	for i := 0; i < len(s.units); {
		c := s.units[i] >> 32
		n := i + 1
		for n < len(s.units) && s.units[n]>>32 == c {
			n++
		}
		q.Add(u.names[c][:])
		q.Number(n - i)
		for ; i < n; i++ {
			q.Add(u.spelt[uint32(s.units[i])][:])
		}
	}
	return true
}

// short is the first half of a SHA-256: questions are made of hundreds of thousands of them.
type short [16]byte

// digest makes the digests of the callers and the operations.
func (u *Units) digest() {
	u.names, u.spelt = make([]short, len(u.callers)), make([]short, len(u.ops))
	var q known.Question
	of := func() short { d := q.Digest(); return short(d[:16]) }
	for x, n := range u.callers {
		q.Begin(x)
		u.names[n] = of()
	}
	for x, n := range u.ops {
		q.Begin(x.method)
		q.Text(x.path)
		q.Text(x.host)
		q.Number(x.port)
		u.spelt[n] = of()
	}
}

// keys are the keys of a map from them to their numbers.
func keys[K comparable](m map[K]uint32) []K {
	out := make([]K, len(m))
	for k, n := range m {
		out[n] = k
	}
	return out
}

func product(dst []uint64, callers, ops []uint32) []uint64 {
	for _, c := range callers {
		for _, o := range ops {
			dst = append(dst, uint64(c)<<32|uint64(o))
		}
	}
	return dst
}

// Emitted are the rules of ALLOW policies, as they are read back, on their way to the same normal form.
type Emitted struct {
	u            *Units
	callers, ops []uint32
	pairs        []uint64
	set          set
	other        bool
}

// Emitted returns an empty set of rules. It is for one goroutine.
func (u *Units) Emitted() *Emitted { return &Emitted{u: u} }

// Reset forgets all rules.
func (e *Emitted) Reset() { e.pairs, e.other = e.pairs[:0], false }

// Add adds a rule that tests nothing but principals, and any of some operations; no operation is one that tests nothing. A
// rule is one whole on connections that are not HTTP: it is in normal form if all of its operations are of HTTP, or none.
func (e *Emitted) Add(principals []string, ops []ir.Operation) {
	e.callers, e.ops = e.callers[:0], e.ops[:0]
	for _, p := range principals {
		n, known := e.u.callers[p]
		if !known {
			e.other = true
			return
		}
		e.callers = append(e.callers, n)
	}
	if len(ops) == 0 {
		ops = []ir.Operation{{}}
	}
	for i := range ops {
		complete := ops[i].HTTP() == ops[0].HTTP() && each(&ops[i], func(x unit) bool {
			n, known := e.u.ops[x]
			e.ops = append(e.ops, n)
			return known
		})
		if !complete {
			e.other = true
			return
		}
	}
	if len(e.callers) == 0 { // anyone
		e.other = true
		return
	}
	e.pairs = product(e.pairs, e.callers, e.ops)
}

// Equal reports whether the rules have the normal form of a scope. False proves nothing.
func (e *Emitted) Equal(s *Scope) bool {
	return !e.other && s.units != nil && e.set.equal(s.units, e.pairs)
}

// set is a table of pairs, which compares lists as sets. It is used again and again.
type set struct {
	pairs []uint64 // plus one; 0 is free
	seen  []bool
}

// equal reports whether two lists have the same members.
func (t *set) equal(a, b []uint64) bool {
	size := 8
	for size < 2*len(a) {
		size *= 2
	}
	if cap(t.pairs) < size {
		t.pairs, t.seen = make([]uint64, size), make([]bool, size)
	}
	t.pairs, t.seen = t.pairs[:size], t.seen[:size]
	clear(t.pairs)
	clear(t.seen)
	members := 0
	for _, x := range a {
		if i := t.place(x); t.pairs[i] == 0 {
			t.pairs[i] = x + 1
			members++
		}
	}
	for _, x := range b {
		i := t.place(x)
		if t.pairs[i] == 0 {
			return false
		}
		if !t.seen[i] {
			t.seen[i] = true
			members--
		}
	}
	return members == 0
}

// place is where a pair is, or would be.
func (t *set) place(x uint64) int {
	mask := uint64(len(t.pairs) - 1)
	i := (x * 0x9e3779b97f4a7c15) >> 32 & mask // Fibonacci hashing
	for t.pairs[i] != 0 && t.pairs[i] != x+1 {
		i = (i + 1) & mask
	}
	return int(i)
}
