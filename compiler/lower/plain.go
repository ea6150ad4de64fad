package lower

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"
	typev1beta1 "istio.io/api/type/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/lang/ast"
)

// Plain rules come by the hundred thousand, and share their sources and operations. One that says "this identity, that
// operation" of one workload is two numbers here; grouping then compares numbers, and comes to the rules that group makes
// of the same cubes. Whatever else a plain rule may say goes the way of all rules.
type plain struct {
	// What the numbers of ir.Plain are here, plus one: callers and operations; 0 is not known yet, -1 goes the way of all rules.
	callers, operations []int32
	targets             []*object       // by number of ir.Plain; other where rules go the way of all rules
	withPort            map[opKey]int32 // operations on one port of their target
	number              map[string]int32
	key                 []byte

	identity []string // by number of a caller
	rank     []int32  // likewise: its place in the order of identities
	byRank   []string
	ops      []plainOp // by number of an operation
	cube     cube      // of the operation at hand
}

func newPlain(p *ir.Parts) plain {
	return plain{
		callers: make([]int32, p.Sources+1), operations: make([]int32, p.Entries+1), targets: make([]*object, len(p.Rules)),
		number: make(map[string]int32, p.Entries), identity: make([]string, 0, p.Sources), ops: make([]plainOp, 0, p.Entries),
	}
}

type opKey struct {
	entries int32
	port    int
}

// other stands for a target whose plain rules go the way of all rules.
var other = &object{}

// pair is a plain rule: numbers of its caller and its operation. after is how many other statements of its object came before.
type pair struct{ caller, op, after int32 }

// plainRule lowers a plain rule, or reports that it is not one for this way.
func (l *lowerer) plainRule(r *ir.Rule) bool {
	if r.Target.Kind != ir.OnWorkload {
		return false
	}
	k := &l.plain
	target := at(&k.targets, r.Plain.Target)
	if *target == nil {
		*target = other
		if l.closed.covers(r.Target) && (l.p.Convention || len(l.portsOf(r.Target).tcp) == 0) { // by convention no ports are known
			o := l.object(ast.Allow, "", false, r.Target)
			o.plain = slices.Grow(o.plain, l.p.Parts.Of(r))
			*target = o
		}
	}
	if *target == other {
		return false
	}
	caller, op := at(&k.callers, r.Plain.Sources), at(&k.operations, r.Plain.Entries)
	if *caller == 0 {
		*caller = l.plainCaller(r)
	}
	if r.Target.Port != 0 {
		op = new(int32)
		*op = k.withPort[opKey{r.Plain.Entries, r.Target.Port}]
	}
	if *op == 0 {
		*op = l.plainOperation(r)
		if r.Target.Port != 0 {
			if k.withPort == nil {
				k.withPort = map[opKey]int32{}
			}
			k.withPort[opKey{r.Plain.Entries, r.Target.Port}] = *op
		}
	}
	if *caller < 0 || *op < 0 {
		return false
	}
	o := *target
	o.plain = append(o.plain, pair{*caller - 1, *op - 1, int32(len(o.cubes))})
	return true
}

// at returns the place of a number in a list that grows with the numbers.
func at[T any](list *[]T, n int32) *T {
	if int(n) >= len(*list) {
		*list = append(*list, make([]T, int(n)+1-len(*list))...)
	}
	return &(*list)[n]
}

func (l *lowerer) plainCaller(r *ir.Rule) int32 {
	if any := r.Sources.Any; len(any) != 1 || any[0].Kind != ir.Principal || strings.Contains(any[0].Value, "*") {
		return -1
	}
	l.plain.identity = append(l.plain.identity, r.Sources.Any[0].Value)
	return int32(len(l.plain.identity))
}

func (l *lowerer) plainOperation(r *ir.Rule) int32 {
	if len(r.Entries) != 1 {
		return -1
	}
	e := &r.Entries[0]
	if len(e.Cuts) > 0 || e.When != nil {
		return -1
	}
	l.supported(r)
	k := &l.plain
	k.cube = cube{}
	c := &k.cube
	if !c.fill(&e.Op) || c.tcp || c.http && !c.hasHTTPField() || r.Target.Port != 0 && !c.require(ports, []string{strconv.Itoa(r.Target.Port)}) {
		return -1
	}
	k.key = c.appendKey(k.key[:0], nSource, nFields, true)
	n := k.number[string(k.key)]
	if n == 0 {
		key := string(k.key)
		o := plainOp{methods: c.f[methods].in, paths: c.f[paths].in, hosts: c.f[hosts].in, ports: byNumber(c.f[ports].in), http: c.http, key: key}
		if !o.free() {
			o.size = int32(operationOverhead + sizeOf(o.methods, o.paths, o.hosts, o.ports))
		}
		k.ops = append(k.ops, o)
		n = int32(len(k.ops))
		k.number[key] = n
	}
	return n
}

// plainOp is an operation of plain rules: values that are alternatives, in each of its fields.
type plainOp struct {
	methods, paths, hosts, ports []string // sorted, the ports by number
	http                         bool
	size                         int32  // in bytes, an upper bound
	key                          string // canonical text
}

// free reports whether it tests nothing.
func (o *plainOp) free() bool { return len(o.methods)+len(o.paths)+len(o.hosts)+len(o.ports) == 0 }

func (o *plainOp) cube() cube {
	var c cube
	c.f[methods].in, c.f[paths].in, c.f[hosts].in, c.f[ports].in = o.methods, o.paths, o.hosts, sorted(o.ports)
	c.http = o.http
	return c
}

// settle orders the callers: from now on their order is that of their ranks. Two that are one identity have one rank.
func (k *plain) settle() {
	k.byRank = slices.Clone(k.identity)
	slices.Sort(k.byRank)
	k.byRank = slices.Compact(k.byRank)
	k.rank = make([]int32, len(k.identity))
	at := make(map[string]int32, len(k.byRank))
	for i, s := range k.byRank {
		at[s] = int32(i)
	}
	for i, s := range k.identity {
		k.rank[i] = at[s]
	}
}

// each yields the cubes of all statements of an object, in their order.
func (o *object) each(k *plain) iter.Seq[cube] {
	return func(yield func(cube) bool) {
		i := 0
		for n := range len(o.cubes) + 1 {
			for ; i < len(o.plain) && int(o.plain[i].after) == n; i++ {
				c := k.ops[o.plain[i].op].cube()
				c.f[principals].in = []string{k.identity[o.plain[i].caller]}
				if !yield(c) {
					return
				}
			}
			if n == len(o.cubes) {
				return
			}
			for _, c := range o.cubes[n] {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// scratch is what a builder needs for one object, kept for the next.
type scratch struct {
	seen      []int32  // by operation: its bucket, plus one, in this object
	sorted    []uint64 // of byCaller
	pairs     []pair   // likewise
	order     []int    // places of pairs of one caller
	drop      []bool   // of uncovered
	buckets   []bucket
	rules     []grouped
	byCallers map[string]int
	key       []byte

	// Of the object that was built last: see Keep.
	names  []string
	built  []*builtRule // used of them
	used   int
	policy *builtPolicy
}

func newScratch(k *plain) scratch {
	return scratch{seen: make([]int32, len(k.ops)), byCallers: map[string]int{}}
}

// builtRule is a rule of one source and, mostly, one operation, in one piece.
type builtRule struct {
	rule      security.Rule
	from      [1]*security.Rule_From
	to        [1]*security.Rule_To
	firstFrom security.Rule_From
	firstTo   security.Rule_To
	source    security.Source
	operation security.Operation
}

// builtPolicy is an object with one policy, in one piece.
type builtPolicy struct {
	list     [1]*istio.Object
	object   istio.Object
	policy   security.AuthorizationPolicy
	selector typev1beta1.WorkloadSelector
}

// Keep leaves what was built last to the caller, for good.
func (b *Builder) Keep() {
	s := &b.scratch
	s.names, s.built, s.used, s.policy = nil, nil, 0, nil
}

// newPolicy returns an object for the selector of a workload.
func (s *scratch) newPolicy(labels []ir.Label) *builtPolicy {
	if s.policy == nil {
		x := &builtPolicy{selector: typev1beta1.WorkloadSelector{MatchLabels: map[string]string{}}}
		x.list[0], x.object.Authorization, x.policy.Selector = &x.object, &x.policy, &x.selector
		s.policy = x
	}
	m := s.policy.selector.MatchLabels
	clear(m)
	for _, l := range labels {
		m[l.Key] = l.Value
	}
	return s.policy
}

// newRule returns a rule of principals, which test nothing else.
func (s *scratch) newRule(names []string) *security.Rule {
	if s.used == len(s.built) {
		x := new(builtRule)
		x.firstFrom.Source, x.from[0], x.rule.From = &x.source, &x.firstFrom, x.from[:]
		x.firstTo.Operation, x.to[0] = &x.operation, &x.firstTo
		s.built = append(s.built, x)
	}
	x := s.built[s.used]
	s.used++
	x.source.Principals, x.rule.To = names, nil
	return &x.rule
}

// oneOf gives the rule that was made last one operation.
func (s *scratch) oneOf(r *security.Rule, op *plainOp) {
	x := s.built[s.used-1]
	o := &x.operation // whose other fields are empty
	o.Methods, o.Paths, o.Hosts, o.Ports = op.methods, op.paths, op.hosts, op.ports
	r.To = x.to[:]
}

// bucket holds the callers of one operation, by rank.
type bucket struct {
	op      int32
	callers []int32
}

// grouped is a rule on its way: callers by rank, and operations.
type grouped struct {
	callers []int32
	op      int32
	more    []int32 // beside op
	ops     string  // their canonical text, where there are several rules
	rule    *security.Rule
}

// byOperation gathers the callers of each operation. The pairs come in the order of callers.
func (b *Builder) byOperation(pairs []pair) []bucket {
	k, s := &b.plan.plain, &b.scratch
	s.buckets = s.buckets[:0]
	for _, p := range pairs {
		at := s.seen[p.op]
		if at == 0 {
			if len(s.buckets) < cap(s.buckets) { // with the memory of an earlier object's callers
				s.buckets = s.buckets[:len(s.buckets)+1]
			} else {
				s.buckets = append(s.buckets, bucket{})
			}
			at = int32(len(s.buckets))
			s.seen[p.op] = at
			x := &s.buckets[at-1]
			x.op, x.callers = p.op, x.callers[:0]
		}
		x := &s.buckets[at-1]
		if n, rank := len(x.callers), k.rank[p.caller]; n == 0 || x.callers[n-1] != rank {
			x.callers = append(x.callers, rank)
		}
	}
	for i := range s.buckets {
		s.seen[s.buckets[i].op] = 0
	}
	return s.buckets
}

// plain groups the plain rules of one object as group does: first by equal operations, then by equal callers.
func (b *Builder) plain(pairs []pair) []*security.Rule {
	k, s := &b.plan.plain, &b.scratch
	buckets := b.byOperation(b.uncovered(b.byCaller(pairs)))
	s.names, s.used = s.names[:0], 0
	rules := s.rules[:0]
	if len(s.byCallers) > 0 {
		clear(s.byCallers)
	}
	for _, x := range buckets {
		if len(buckets) > 1 {
			s.key = s.key[:0]
			for _, c := range x.callers {
				s.key = binary.LittleEndian.AppendUint32(s.key, uint32(c))
			}
			if k.ops[x.op].http {
				s.key = append(s.key, 1)
			}
			if j, ok := s.byCallers[string(s.key)]; ok {
				rules[j].more = append(rules[j].more, x.op)
				continue
			}
			s.byCallers[string(s.key)] = len(rules)
		}
		rules = append(rules, grouped{callers: x.callers, op: x.op})
	}
	for i := range rules {
		m := &rules[i]
		start := len(s.names)
		for _, c := range m.callers {
			s.names = append(s.names, k.byRank[c])
		}
		names := s.names[start:len(s.names):len(s.names)]
		m.rule = s.newRule(names)
		if len(m.more) == 0 {
			if op := &k.ops[m.op]; !op.free() {
				s.oneOf(m.rule, op)
			}
			m.ops = k.ops[m.op].key
		} else {
			list := []cube{k.ops[m.op].cube()}
			for _, op := range m.more {
				list = append(list, k.ops[op].cube())
			}
			list = merge(list, nSource, nFields)
			if !(len(list) == 1 && freeFields(&list[0])) {
				m.rule.To = operationSpecs(list)
			}
			if len(rules) > 1 {
				m.ops = strings.TrimSuffix(listKey(list, nSource, nFields), "\x06")
			}
		}
	}
	s.rules = rules
	slices.SortFunc(rules, grouped.compare)
	out := make([]*security.Rule, 0, len(rules))
	for i := range rules {
		if i == 0 || rules[i].compare(rules[i-1]) != 0 {
			out = append(out, rules[i].rule)
		}
	}
	return out
}

// compare compares two rules of an object as their keys would (see rule): a value ends before all characters, and a list of
// values before another value.
func (m grouped) compare(other grouped) int {
	return cmp.Or(slices.Compare(m.rule.From[0].Source.Principals, other.rule.From[0].Source.Principals), strings.Compare(m.ops, other.ops))
}

// small reports whether pairs cannot come near a limit that splits an object, however they are grouped.
func (b *Builder) small(pairs []pair) bool {
	if len(pairs) == 0 || len(pairs) > 64 {
		return false
	}
	k := &b.plan.plain
	size := 0
	for _, p := range pairs {
		size += 2*ruleOverhead + int(k.ops[p.op].size) + len(k.identity[p.caller]) + lineOverhead
	}
	return size <= maxRule
}

// ruleOverhead is more than a rule and its source and operation take beside their values.
const ruleOverhead = 100

// byCaller sorts pairs by their callers; those of one caller stay in their order.
func (b *Builder) byCaller(pairs []pair) []pair {
	if len(pairs) < 2 {
		return pairs
	}
	k, s := &b.plan.plain, &b.scratch
	s.sorted, s.pairs = s.sorted[:0], s.pairs[:0]
	for i, p := range pairs {
		s.sorted = append(s.sorted, uint64(k.rank[p.caller])<<32|uint64(i))
	}
	slices.Sort(s.sorted)
	for _, x := range s.sorted {
		s.pairs = append(s.pairs, pairs[uint32(x)])
	}
	return s.pairs
}

// uncovered drops the pairs whose operation another one of the same caller includes, as dropCovered does. They come, and stay,
// in the order of callers.
func (b *Builder) uncovered(pairs []pair) []pair {
	k, s := &b.plan.plain, &b.scratch
	some := false
	for from := 0; from < len(pairs); {
		to := from + 1
		for to < len(pairs) && k.rank[pairs[to].caller] == k.rank[pairs[from].caller] {
			to++
		}
		if n := to - from; n > 1 && (n <= maxPairs || len(pairs) <= maxPairs) {
			if !some {
				some = true
				s.drop = append(s.drop[:0], make([]bool, len(pairs))...)
			}
			s.order = s.order[:0]
			for i := from; i < to; i++ {
				s.order = append(s.order, i)
			}
			cubes := make([]cube, n)
			for i := range cubes {
				cubes[i] = k.ops[pairs[from+i].op].cube()
			}
			markCovered(s.order, func(i int) *cube { return &cubes[i-from] }, s.drop)
		}
		from = to
	}
	if !some || !slices.Contains(s.drop, true) {
		return pairs
	}
	kept := pairs[:0]
	for i, p := range pairs {
		if !s.drop[i] {
			kept = append(kept, p)
		}
	}
	return kept
}
