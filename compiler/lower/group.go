package lower

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// rule is one Istio rule: any of the sources, any of the operations, all of the conditions. Sources hold only source fields
// and operations only operation fields; one that is free stands for everything and is then alone.
type rule struct {
	sources, ops []cube
	conds        []when
	key          string // canonical text: equal rules have equal keys
}

// group merges the cubes of one object into few rules: first by equal operations, then by equal sources. What another value,
// operation or rule covers is dropped where that can be read off the text. The result depends on the set of cubes alone.
//
// In an ALLOW object a rule never mixes HTTP and other alternatives: Istio would drop all of it on other connections.
func group(cubes []cube, allow bool) []rule {
	type bucket struct {
		http bool
		at   []int // places in cubes, which share their operation
	}
	cubes = dropCovered(cubes)
	atKey := make(map[string]*bucket, len(cubes))
	var byOps []*bucket
	for i := range cubes {
		c := &cubes[i]
		k, http := c.key(nSource, nFields, true), allow && c.isHTTP()
		if http {
			k += "\x03"
		}
		b := atKey[k]
		if b == nil {
			b = &bucket{http: http}
			atKey[k] = b
			byOps = append(byOps, b)
		}
		b.at = append(b.at, i)
	}

	var rules []rule
	bySources := map[string]int{}
	for _, b := range byOps {
		sources := make([]cube, len(b.at))
		for j, i := range b.at {
			sources[j] = cubes[i].source()
		}
		sources = merge(sources, 0, nSource)
		op := cubes[b.at[0]].operation()
		conds := op.conds
		op.conds = nil
		k := listKey(sources, 0, nSource) + "\x04" + condsKey(conds)
		if b.http {
			k += "\x03"
		}
		if i, ok := bySources[k]; ok {
			rules[i].ops = append(rules[i].ops, op)
			continue
		}
		bySources[k] = len(rules)
		rules = append(rules, rule{sources: sources, ops: []cube{op}, conds: conds})
	}
	for i := range rules {
		r := &rules[i]
		r.ops = merge(r.ops, nSource, nFields)
		r.key = listKey(r.sources, 0, nSource) + "\x04" + listKey(r.ops, nSource, nFields) + "\x04" + condsKey(r.conds)
	}
	slices.SortFunc(rules, func(a, b rule) int { return strings.Compare(a.key, b.key) })
	return slices.CompactFunc(rules, func(a, b rule) bool { return a.key == b.key })
}

// dropCovered drops the cubes that another one includes, whatever fields they differ in. In long lists only cubes of equal
// sources are compared.
func dropCovered(cubes []cube) []cube {
	if len(cubes) < 2 {
		return cubes
	}
	if len(cubes) <= maxPairs {
		return dropPairs(cubes, [][]int{upTo(len(cubes))})
	}
	bySources := map[string][]int{}
	for i := range cubes {
		k := cubes[i].key(0, nSource, false)
		bySources[k] = append(bySources[k], i)
	}
	return dropPairs(cubes, slices.Collect(maps.Values(bySources)))
}

// dropPairs compares the alternatives of each group in pairs and drops those that another one includes; of equal ones the
// first stays. A group of more than maxPairs stays as it is.
func dropPairs(list []cube, groups [][]int) []cube {
	drop := make([]bool, len(list))
	for _, at := range groups {
		if len(at) > maxPairs {
			continue
		}
		markCovered(at, func(i int) *cube { return &list[i] }, drop)
	}
	if !slices.Contains(drop, true) {
		return list
	}
	var out []cube
	for i := range list {
		if !drop[i] {
			out = append(out, list[i])
		}
	}
	return out
}

// markCovered compares the cubes at some places in pairs and marks those that another one includes; of equal ones the first
// stays. Where that would be too much to look at, none is marked. It returns how many pairs it has looked at.
func markCovered(at []int, cube func(i int) *cube, drop []bool) (looks int) {
	values := 0
	for _, i := range at {
		values += cube(i).values()
	}
	if len(at)*values > maxLooks {
		return 0
	}
	f, apart := principals, map[string][]int{}
	if len(at) > fewValues {
		for _, g := range [...]field{principals, paths} {
			if m := byExact(at, cube, g); len(m) > len(apart) {
				f, apart = g, m
			}
		}
	}
	var x inclusion
	for _, i := range at {
		covered := func(by []int) bool {
			return slices.ContainsFunc(by, func(j int) bool {
				looks++
				return i != j && !drop[j] && x.includes(cube(j), cube(i)) && (j < i || !x.includes(cube(i), cube(j)))
			})
		}
		if v := cube(i).exact(f); v != "" && len(apart) > 1 {
			drop[i] = covered(apart[v]) || covered(apart[""])
		} else {
			drop[i] = covered(at)
		}
	}
	return looks
}

// byExact files cubes under the one value that a field of theirs asks for: one with another such value includes none of them.
// All other cubes are under "".
func byExact(at []int, cube func(i int) *cube, f field) map[string][]int {
	m := map[string][]int{}
	for _, i := range at {
		v := cube(i).exact(f)
		m[v] = append(m[v], i)
	}
	return m
}

// exact is the one value that a field asks for, where it is no pattern, or "".
func (c *cube) exact(f field) string {
	if in := c.f[f].in; len(in) == 1 && strings.IndexByte(in[0], '*') < 0 {
		return in[0]
	}
	return ""
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func (c *cube) source() cube {
	var d cube
	copy(d.f[:nSource], c.f[:nSource])
	return d
}

func (c *cube) operation() cube {
	var d cube
	copy(d.f[nSource:], c.f[nSource:])
	d.conds = c.conds
	return d
}

// maxPairs bounds the pairwise search for covered alternatives; longer lists keep a redundant one rather than cost quadratic time.
const maxPairs = 300

// maxLooks bounds what that search looks at: each value of a group once for each of its alternatives.
const maxLooks = 50_000_000

// merge joins alternatives that differ in the values of one field, and drops those that another covers. The result is sorted.
func merge(list []cube, from, to field) []cube {
	for f := from; f < to && len(list) > 1; f++ {
		if f == from || slices.ContainsFunc(list, func(c cube) bool { return len(c.f[f].in) > 0 }) { // the first drops equal ones
			list = mergeField(list, f, from, to)
		}
	}
	if len(list) > 1 {
		list = dropPairs(list, [][]int{upTo(len(list))})
		list = byKey(list, from, to)
	}
	return list
}

// byKey sorts cubes by the text of some fields.
func byKey(list []cube, from, to field) []cube {
	type keyed struct {
		key string
		at  int
	}
	keys := make([]keyed, len(list))
	for i := range list {
		keys[i] = keyed{list[i].key(from, to, false), i}
	}
	slices.SortFunc(keys, func(a, b keyed) int { return cmp.Or(strings.Compare(a.key, b.key), a.at-b.at) })
	out := make([]cube, len(list))
	for i, k := range keys {
		out[i] = list[k.at]
	}
	return out
}

// mergeField joins alternatives that are equal but for the positive values of f.
func mergeField(list []cube, f, from, to field) []cube {
	byRest := make(map[string]int, len(list))
	var out []cube
	var gathered [][]string
	var own []bool
	for i := range list {
		c := list[i]
		in := c.f[f].in
		c.f[f].in = nil
		k := c.key(from, to, false)
		if len(in) == 0 {
			k += "\x05" // no test at all: does not join lists of values
		}
		j, ok := byRest[k]
		if !ok {
			byRest[k] = len(out)
			out = append(out, c)
			gathered = append(gathered, in)
			own = append(own, false)
			continue
		}
		if !own[j] { // the list is another cube's until it grows
			gathered[j], own[j] = slices.Clone(gathered[j]), true
		}
		gathered[j] = append(gathered[j], in...)
	}
	for i := range out {
		out[i].f[f].in = prune(f, sorted(gathered[i]))
	}
	return out
}

func listKey(list []cube, from, to field) string {
	var key []byte
	for i := range list {
		key = append(list[i].appendKey(key, from, to, false), 6)
	}
	return string(key)
}

func condsKey(conds []when) string {
	var b strings.Builder
	for _, w := range conds {
		b.WriteString(w.text)
		b.WriteByte(6)
	}
	return b.String()
}
