package lower

import (
	"cmp"
	"encoding/binary"
	"iter"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/ir"
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

	identity []string // by number of a caller
	rank     []int32  // likewise: its place in the order of identities
	byRank   []string
	ops      []*cube             // by number of an operation
	keys     []string            // likewise: canonical text
	http     []bool              // likewise
	size     []int32             // likewise: of the operation in bytes, an upper bound
	to       []*security.Rule_To // likewise: shared by all rules; nil for a free operation
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
		if l.closed.covers(&r.Target) && len(l.portsOf(&r.Target).tcp) == 0 {
			*target = l.object(ast.Allow, "", false, &r.Target)
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
	l.supported(r)
	cs, ok := l.operations(r, &r.Entries[0])
	if !ok || len(cs) != 1 || cs[0].tcp {
		return -1
	}
	c := &cs[0]
	if c.isHTTP() && !c.hasHTTPField() {
		return -1
	}
	k := &l.plain
	key := c.key(nSource, nFields, true)
	n := k.number[key]
	if n == 0 {
		if k.number == nil {
			k.number = map[string]int32{}
		}
		k.ops, k.keys, k.http = append(k.ops, c), append(k.keys, key), append(k.http, c.isHTTP())
		n = int32(len(k.ops))
		k.number[key] = n
		var to *security.Rule_To
		if !freeFields(c) {
			to = operationSpec(c)
		}
		k.to, k.size = append(k.to, to), append(k.size, int32(operationSize(to.GetOperation())))
	}
	return n
}

// settle orders the callers: from now on their order is that of their ranks. Two that are one identity have one rank.
func (k *plain) settle() {
	k.byRank = slices.Compact(slices.Sorted(slices.Values(k.identity)))
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
				c := *k.ops[o.plain[i].op]
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
	seen    []int32 // by operation: its bucket, plus one, in this object
	pairs   []pair  // of uncovered
	order   []int   // places of pairs, by caller
	buckets []bucket
	key     []byte
}

func newScratch(k *plain) scratch { return scratch{seen: make([]int32, len(k.ops))} }

// bucket holds the callers of one operation, by rank.
type bucket struct {
	op      int32
	callers []int32
}

// byOperation gathers the callers of each operation, in the order in which the operations come.
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
		x.callers = append(x.callers, k.rank[p.caller])
	}
	for i := range s.buckets {
		x := &s.buckets[i]
		s.seen[x.op] = 0
		slices.Sort(x.callers)
		x.callers = slices.Compact(x.callers)
	}
	return s.buckets
}

// plain groups the plain rules of one object as group does: first by equal operations, then by equal callers.
func (b *Builder) plain(pairs []pair) []*security.Rule {
	k, s := &b.plan.plain, &b.scratch
	buckets := b.byOperation(b.uncovered(pairs))
	type made struct {
		callers []int32
		ops     []int32
		key     string
		rule    *security.Rule
	}
	rules := make([]made, 0, len(buckets))
	var byCallers map[string]int
	for _, x := range buckets {
		if len(buckets) > 1 {
			s.key = s.key[:0]
			for _, c := range x.callers {
				s.key = binary.LittleEndian.AppendUint32(s.key, uint32(c))
			}
			if k.http[x.op] {
				s.key = append(s.key, 1)
			}
			if j, ok := byCallers[string(s.key)]; ok {
				rules[j].ops = append(rules[j].ops, x.op)
				continue
			}
			if byCallers == nil {
				byCallers = make(map[string]int, len(buckets))
			}
			byCallers[string(s.key)] = len(rules)
		}
		rules = append(rules, made{callers: x.callers, ops: []int32{x.op}})
	}
	for i := range rules {
		m := &rules[i]
		names := make([]string, len(m.callers))
		for j, c := range m.callers {
			names[j] = k.byRank[c]
		}
		m.rule = &security.Rule{From: []*security.Rule_From{{Source: &security.Source{Principals: names}}}}
		opsKey := ""
		if len(m.ops) == 1 {
			opsKey = k.keys[m.ops[0]]
			if to := k.to[m.ops[0]]; to != nil {
				m.rule.To = []*security.Rule_To{to}
			}
		} else {
			list := make([]cube, len(m.ops))
			for j, op := range m.ops {
				list[j] = *k.ops[op]
			}
			list = merge(list, nSource, nFields)
			if !(len(list) == 1 && freeFields(&list[0])) {
				m.rule.To = operationSpecs(list)
			}
			if len(rules) > 1 {
				opsKey = strings.TrimSuffix(listKey(list, nSource, nFields), "\x06")
			}
		}
		if len(rules) > 1 {
			s.key = append(appendSourcesKey(s.key[:0], names), opsKey...)
			m.key = string(append(s.key, "\x06\x04"...))
		}
	}
	slices.SortFunc(rules, func(a, b made) int { return strings.Compare(a.key, b.key) })
	out := make([]*security.Rule, 0, len(rules))
	for i := range rules {
		if i == 0 || rules[i].key != rules[i-1].key {
			out = append(out, rules[i].rule)
		}
	}
	return out
}

// appendSourcesKey appends what rule.key has of one source that tests principals alone.
func appendSourcesKey(key []byte, names []string) []byte {
	for _, n := range names {
		key = append(append(key, n...), 0)
	}
	for range 2 * nSource { // each field ends with two
		key = append(key, 1)
	}
	return append(key, "\x06\x04"...)
}

// small reports whether pairs cannot come near a limit that splits an object, however they are grouped.
func (b *Builder) small(pairs []pair) bool {
	if len(pairs) == 0 || len(pairs) > 64 {
		return false
	}
	k := &b.plan.plain
	size := 0
	for _, p := range pairs {
		size += 2*ruleOverhead + int(k.size[p.op]) + len(k.identity[p.caller]) + lineOverhead
	}
	return size <= maxRule
}

// ruleOverhead is more than a rule and its source and operation take beside their values.
const ruleOverhead = 100

// uncovered drops the pairs whose operation another one of the same caller includes, as dropCovered does.
func (b *Builder) uncovered(pairs []pair) []pair {
	if len(pairs) < 2 {
		return pairs
	}
	k := &b.plan.plain
	s := &b.scratch
	s.order = s.order[:0]
	for i := range pairs {
		s.order = append(s.order, i)
	}
	rank := func(i int) int32 { return k.rank[pairs[i].caller] }
	slices.SortFunc(s.order, func(i, j int) int { return cmp.Or(cmp.Compare(rank(i), rank(j)), i-j) })
	var drop []bool
	for from := 0; from < len(s.order); {
		to := from + 1
		for to < len(s.order) && rank(s.order[to]) == rank(s.order[from]) {
			to++
		}
		if run := s.order[from:to]; len(run) > 1 && (len(run) <= maxPairs || len(pairs) <= maxPairs) {
			if drop == nil {
				drop = make([]bool, len(pairs))
			}
			markCovered(run, func(i int) *cube { return k.ops[pairs[i].op] }, drop)
		}
		from = to
	}
	if !slices.Contains(drop, true) {
		return pairs
	}
	s.pairs = s.pairs[:0]
	for i, p := range pairs {
		if !drop[i] {
			s.pairs = append(s.pairs, p)
		}
	}
	return s.pairs
}
