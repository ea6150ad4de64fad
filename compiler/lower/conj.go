package lower

import "slices"

// field is one pair of lists of an Istio rule: values and notValues. The first six belong to a source, the rest to an operation.
type field uint8

const (
	principals field = iota
	namespaces
	trustDomains
	requestPrincipals
	ipBlocks
	remoteIPBlocks
	methods
	paths
	hosts
	ports
	nFields
)

const nSource = methods // fields before it belong to the source

// http reports whether Istio drops the field on connections that are not HTTP (istio-semantics 3).
func (f field) http() bool {
	return f == requestPrincipals || f == methods || f == paths || f == hosts
}

// set is one field: (in is empty or a value of in matches) and no value of out matches. Both lists are sorted, without
// duplicates, and shared: never changed in place.
type set struct{ in, out []string }

func (s set) free() bool { return len(s.in) == 0 && len(s.out) == 0 }

// when is one condition of a rule.
type when struct {
	key string
	set
	http bool
	text string // of key and set: equal conditions have equal texts
}

// cube is one Istio rule with one source and one operation: a conjunction of fields and conditions.
type cube struct {
	f     [nFields]set
	conds []when // sorted by text
	tcp   bool   // connections that are not HTTP only; excludes every HTTP field
	http  bool   // HTTP requests only, whether or not a field says so
}

// isHTTP reports whether the cube speaks of HTTP requests alone.
func (c *cube) isHTTP() bool {
	return c.http || c.hasHTTPField()
}

// hasHTTPField reports whether a field or condition makes Istio read the rule as HTTP only.
func (c *cube) hasHTTPField() bool {
	for f := range c.f {
		if field(f).http() && !c.f[f].free() {
			return true
		}
	}
	return slices.ContainsFunc(c.conds, func(w when) bool { return w.http })
}

func union(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := append(append(make([]string, 0, len(a)+len(b)), a...), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

func sorted(list []string) []string {
	ascending := true
	for i := 1; i < len(list); i++ {
		ascending = ascending && list[i-1] < list[i]
	}
	if ascending {
		return list
	}
	out := slices.Clone(list) // the list is shared
	slices.Sort(out)
	return slices.Compact(out)
}

// prune drops the values that another value of the list covers; of two that cover each other the first stays.
func prune(f field, list []string) []string {
	if len(list) < 2 {
		return list
	}
	if f == ports {
		return list
	}
	covered := func(v string) bool {
		return slices.ContainsFunc(list, func(w string) bool { return w != v && covers(f, w, v) && (w < v || !covers(f, v, w)) })
	}
	if len(list) > 16 { // shorter lists are not worth an index
		x := newIndex(f, list)
		if x == nil {
			return list
		}
		covered = x.covers
	}
	if !slices.ContainsFunc(list, covered) {
		return list
	}
	out := make([]string, 0, len(list))
	for _, v := range list {
		if !covered(v) {
			out = append(out, v)
		}
	}
	return out
}

// require narrows a field to values; false when nothing is left.
func (c *cube) require(f field, values []string) bool {
	s := &c.f[f]
	if len(s.in) == 0 {
		s.in = values
	} else {
		var keep []string
		x := newIndex(f, values)
		for _, v := range s.in {
			if _, in := slices.BinarySearch(values, v); in || x != nil && x.covers(v) {
				keep = append(keep, v)
			} else if newIndex(f, []string{v}) != nil { // covers more than itself
				for _, w := range values {
					if covers(f, v, w) {
						keep = append(keep, w)
					}
				}
			}
		}
		s.in = sorted(keep)
		if len(s.in) == 0 {
			return false
		}
	}
	return c.tidy(f)
}

// exclude takes values out of a field; false when nothing is left. On a missing attribute an exclusion holds.
func (c *cube) exclude(f field, values []string) bool {
	c.f[f].out = union(c.f[f].out, values)
	return c.tidy(f)
}

// tidy drops what a field says twice: values that are excluded, exclusions that touch no value. It reports whether the
// field can still hold.
func (c *cube) tidy(f field) bool {
	s := &c.f[f]
	s.out = prune(f, s.out)
	if len(s.in) == 0 || len(s.out) == 0 {
		return true
	}
	in := make([]string, 0, len(s.in))
	x := newIndex(f, s.out)
	for _, v := range s.in {
		if _, out := slices.BinarySearch(s.out, v); !out && (x == nil || !x.covers(v)) {
			in = append(in, v)
		}
	}
	if len(in) == 0 {
		return false
	}
	meets := func(o string) bool { return !allDisjoint(f, in, o) }
	if len(in) > fewValues {
		meets = newTouch(f, in).meets
	}
	var out []string
	for _, o := range s.out {
		if meets(o) {
			out = append(out, o)
		}
	}
	s.in, s.out = in, out
	return true
}

func allDisjoint(f field, in []string, o string) bool {
	for _, v := range in {
		if !disjoint(f, v, o) {
			return false
		}
	}
	return true
}

// values counts the values of all fields and conditions.
func (c *cube) values() int {
	n := 0
	for f := range c.f {
		n += len(c.f[f].in) + len(c.f[f].out)
	}
	for i := range c.conds {
		n += 1 + len(c.conds[i].in) + len(c.conds[i].out)
	}
	return n
}

// unsplit counts the bytes of the values that a split leaves together: those of exceptions and of conditions.
func (c *cube) unsplit() int {
	n := 0
	count := func(list []string) {
		for _, v := range list {
			n += len(v) + len("- \n")
		}
	}
	for f := range c.f {
		count(c.f[f].out)
	}
	for i := range c.conds {
		count(c.conds[i].in)
		count(c.conds[i].out)
	}
	return n
}

// identified reports whether some field holds only for callers with an mTLS identity.
func (c *cube) identified() bool {
	return len(c.f[principals].in)+len(c.f[namespaces].in)+len(c.f[trustDomains].in) > 0
}

// settle checks the identity fields against each other: they all test one string. It reports whether they can hold together.
func (c *cube) settle() bool {
	if c.identified() && slices.Contains(c.f[principals].out, "*") {
		return false // an identity, and none
	}
	if c.tcp && c.isHTTP() {
		return false
	}
	if slices.Equal(c.f[principals].in, star) && len(c.f[namespaces].in)+len(c.f[trustDomains].in) > 0 && len(c.f[principals].out) == 0 {
		c.f[principals].in = nil // any identity, which the other fields imply
	}
	return true
}

var star = []string{"*"}

// key is a text of the parts of a cube that fields select: equal texts mean equal parts.
func (c *cube) key(from, to field, conds bool) string {
	return string(c.appendKey(nil, from, to, conds))
}

func (c *cube) appendKey(key []byte, from, to field, conds bool) []byte {
	for f := from; f < to; f++ {
		key = c.f[f].appendKey(key)
	}
	if conds {
		for _, w := range c.conds {
			key = append(key, w.text...)
		}
	}
	return key
}

func (s set) appendKey(key []byte) []byte {
	for _, list := range [][]string{s.in, s.out} {
		for _, v := range list {
			key = append(append(key, v...), 0)
		}
		key = append(key, 1)
	}
	return key
}
