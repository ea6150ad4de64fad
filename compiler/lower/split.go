package lower

import (
	"hash/fnv"
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// Limits that split an object. The size is of the YAML text, below what client-side apply can store in an annotation
// (262,144 bytes) with room for the rest of the object.
const (
	maxRules = istio.MaxRules
	maxFrom  = istio.MaxFrom
	maxBytes = 200_000
	maxRule  = 100_000
)

// partition splits rules over as many objects as the limits ask for. Which part a rule goes to depends on its own content and
// the number of parts alone, so that an edit leaves the other parts as they are; a part may be empty.
func partition(rules []*security.Rule) [][]*security.Rule {
	total := 0
	for _, r := range rules {
		if len(r.From) > maxFrom {
			total += maxBytes
		}
		total += ruleSize(r)
	}
	if len(rules) <= maxRules && total <= maxRule { // which are most
		return [][]*security.Rule{rules}
	}
	var cut []*security.Rule
	for _, r := range rules {
		cut = append(cut, splitRule(r)...)
	}
	hashes, each := make([]uint64, len(cut)), make([]int, len(cut))
	for i, r := range cut {
		hashes[i], each[i] = hash(ruleText(r)), ruleSize(r)
	}
	for n := uint64(1); ; n *= 2 {
		parts := make([][]*security.Rule, n)
		sizes := make([]int, n)
		fits := true
		for at, r := range cut {
			i := hashes[at] % n
			parts[i] = append(parts[i], r)
			sizes[i] += each[at]
			if len(parts[i]) > maxRules || sizes[i] > maxBytes && len(parts[i]) > 1 {
				fits = false
				break
			}
		}
		if fits {
			return parts
		}
	}
}

// splitRule splits a rule that is too large, or has too many sources, into rules that together mean the same: each part of
// its sources with each part of its operations.
func splitRule(r *security.Rule) []*security.Rule {
	if len(r.From) <= maxFrom && ruleSize(r) <= maxRule {
		return []*security.Rule{r}
	}
	froms := chunk(flatten(r.From, splitSource), maxFrom, func(f *security.Rule_From) int { return sourceSize(f.Source) })
	tos := chunk(flatten(r.To, splitOperation), len(r.To)+1, func(t *security.Rule_To) int { return operationSize(t.Operation) })
	var out []*security.Rule
	for _, from := range froms {
		for _, to := range tos {
			out = append(out, &security.Rule{From: from, To: to, When: r.When})
		}
	}
	return out
}

func flatten[T any](list []T, split func(T) []T) []T {
	var out []T
	for _, x := range list {
		out = append(out, split(x)...)
	}
	return out
}

// chunk cuts a list into pieces of at most n members and half the size of a rule; an empty list is one empty piece.
func chunk[T any](list []T, n int, size func(T) int) [][]T {
	out := [][]T{nil}
	total := 0
	for _, x := range list {
		last := len(out) - 1
		if k := len(out[last]); k > 0 && (k >= n || total+size(x) > maxRule/2) {
			out = append(out, nil)
			last, total = last+1, 0
		}
		out[last] = append(out[last], x)
		total += size(x)
	}
	return out
}

// buckets spreads values over pieces of about a quarter of a rule, by their own content.
func buckets(list []string) [][]string {
	n := uint64(1)
	for sizeOf(list)/int(n) > maxRule/4 {
		n *= 2
	}
	out := make([][]string, n)
	for _, v := range list {
		i := hash(v) % n
		out[i] = append(out[i], v)
	}
	return slices.DeleteFunc(out, func(b []string) bool { return len(b) == 0 })
}

// splitSource cuts a long list of principals: the values of one list are alternatives.
func splitSource(f *security.Rule_From) []*security.Rule_From {
	if sizeOf(f.Source.Principals) <= maxRule/4 {
		return []*security.Rule_From{f}
	}
	var out []*security.Rule_From
	for _, b := range buckets(f.Source.Principals) {
		out = append(out, &security.Rule_From{Source: sourceWith(f.Source, b)})
	}
	return out
}

// splitOperation cuts a long list of paths or hosts.
func splitOperation(t *security.Rule_To) []*security.Rule_To {
	o := t.Operation
	with := func(paths, hosts []string) *security.Rule_To {
		return &security.Rule_To{Operation: &security.Operation{
			Methods: o.Methods, NotMethods: o.NotMethods, Paths: paths, NotPaths: o.NotPaths,
			Hosts: hosts, NotHosts: o.NotHosts, Ports: o.Ports, NotPorts: o.NotPorts,
		}}
	}
	var out []*security.Rule_To
	switch {
	case sizeOf(o.Paths) > maxRule/4:
		for _, b := range buckets(o.Paths) {
			out = append(out, with(b, o.Hosts))
		}
	case sizeOf(o.Hosts) > maxRule/4:
		for _, b := range buckets(o.Hosts) {
			out = append(out, with(o.Paths, b))
		}
	default:
		return []*security.Rule_To{t}
	}
	return out
}

func sourceWith(s *security.Source, principals []string) *security.Source {
	return &security.Source{
		Principals: principals, NotPrincipals: s.NotPrincipals, Namespaces: s.Namespaces, NotNamespaces: s.NotNamespaces,
		TrustDomains: s.TrustDomains, NotTrustDomains: s.NotTrustDomains, RequestPrincipals: s.RequestPrincipals,
		NotRequestPrincipals: s.NotRequestPrincipals, IpBlocks: s.IpBlocks, NotIpBlocks: s.NotIpBlocks,
		RemoteIpBlocks: s.RemoteIpBlocks, NotRemoteIpBlocks: s.NotRemoteIpBlocks,
	}
}

const lineOverhead = 14 // indentation, dash, end of line: an upper bound for list items at this depth

func sizeOf(lists ...[]string) int {
	n := 0
	for _, l := range lists {
		for _, s := range l {
			n += len(s) + lineOverhead
		}
	}
	return n
}

func sourceSize(s *security.Source) int {
	return 40 + sizeOf(s.Principals, s.NotPrincipals, s.Namespaces, s.NotNamespaces, s.TrustDomains, s.NotTrustDomains,
		s.RequestPrincipals, s.NotRequestPrincipals, s.IpBlocks, s.NotIpBlocks, s.RemoteIpBlocks, s.NotRemoteIpBlocks)
}

// operationOverhead is what an operation takes beside its values, in bytes.
const operationOverhead = 40

func operationSize(o *security.Operation) int {
	if o == nil {
		return 0
	}
	return operationOverhead + sizeOf(o.Methods, o.NotMethods, o.Paths, o.NotPaths, o.Hosts, o.NotHosts, o.Ports, o.NotPorts)
}

func ruleSize(r *security.Rule) int {
	n := 20
	for _, f := range r.From {
		n += sourceSize(f.Source)
	}
	for _, t := range r.To {
		n += operationSize(t.Operation)
	}
	for _, w := range r.When {
		n += 40 + len(w.Key) + sizeOf(w.Values, w.NotValues)
	}
	return n
}

func ruleText(r *security.Rule) string {
	var b strings.Builder
	put := func(lists ...[]string) {
		for _, l := range lists {
			for _, s := range l {
				b.WriteString(s)
				b.WriteByte(0)
			}
			b.WriteByte(1)
		}
	}
	for _, f := range r.From {
		s := f.Source
		put(s.Principals, s.NotPrincipals, s.Namespaces, s.NotNamespaces, s.TrustDomains, s.NotTrustDomains, s.RequestPrincipals,
			s.NotRequestPrincipals, s.IpBlocks, s.NotIpBlocks, s.RemoteIpBlocks, s.NotRemoteIpBlocks)
	}
	for _, t := range r.To {
		o := t.Operation
		put(o.Methods, o.NotMethods, o.Paths, o.NotPaths, o.Hosts, o.NotHosts, o.Ports, o.NotPorts)
	}
	for _, w := range r.When {
		put([]string{w.Key}, w.Values, w.NotValues)
	}
	return b.String()
}

func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}
