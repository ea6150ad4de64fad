// Package conformance holds what ztc believes of Istio to Istio's own code and to running servers.
package conformance

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/rbac"
	"github.com/zt-lang/ztc/emit/istio"
)

// Cells makes requests that are told apart by some expressions: each has one value of every class that the algebra splits an
// attribute into.
type Cells struct {
	attrs  []sem.Attr
	values [][]sem.Value
	edges  []netip.Addr // of address blocks, on either side
}

// Edges has the requests come from the first and the last addresses of the blocks of policies, too, and from those beside them.
func (c *Cells) Edges(policies []*istio.Object) {
	add := func(_ string, _ bool, values []string) {
		for _, v := range values {
			block, err := netip.ParsePrefix(v)
			if err != nil {
				continue
			}
			first := block.Masked().Addr()
			last := first.AsSlice()
			for i := block.Bits(); i < first.BitLen(); i++ {
				last[i/8] |= 0x80 >> (i % 8)
			}
			end, _ := netip.AddrFromSlice(last)
			for _, a := range []netip.Addr{first.Prev(), first, end, end.Next()} {
				if a.IsValid() {
					c.edges = append(c.edges, a)
				}
			}
		}
	}
	for _, o := range policies {
		fields(o, add)
	}
}

func isAddress(k sem.Kind) bool { return k == sem.SourceIP || k == sem.RemoteIP || k == sem.DestIP }

// NewCells splits the attributes of expressions.
func NewCells(list ...*sem.Expr) (*Cells, error) { return NamedCells(nil, list...) }

// NamedCells does so, too. A class that has one of the named values is asked about by that.
func NamedCells(named map[sem.Kind][]sem.Value, list ...*sem.Expr) (*Cells, error) {
	space, err := sem.NewSpace(sem.Limits{}, nil, named, list...)
	if err != nil {
		return nil, err
	}
	all, err := space.Set(sem.True)
	if err != nil {
		return nil, err
	}
	seen := map[sem.Attr]bool{}
	for _, x := range list {
		x.Attrs(seen)
	}
	c := &Cells{}
	for _, a := range sortedAttrs(seen) {
		side, err := space.Project(all, a)
		if err != nil {
			return nil, err
		}
		c.attrs, c.values = append(c.attrs, a), append(c.values, side.Values)
	}
	return c, nil
}

// Requests returns n requests, or more: the first ones have each class of each attribute at least once. In the others a value
// may be one that lies beside those that stand for classes: a wrong idea of a class has witnesses that are wrong, too.
func (c *Cells) Requests(r *rand.Rand, n int, http bool) []sem.Request {
	var out []sem.Request
	one := func() sem.Request {
		q := Plain(http)
		for i, a := range c.attrs {
			q[a] = c.values[i][r.IntN(len(c.values[i]))]
			if other := c.values[i][r.IntN(len(c.values[i]))]; isList(a.Kind) && !q[a].Absent && !other.Absent && r.IntN(2) == 0 {
				q[a] = sem.Value{Parts: slices.Concat(q[a].Parts, other.Parts)} // of several classes
			}
		}
		return q
	}
	for i, a := range c.attrs {
		for _, v := range c.values[i] {
			q := one()
			q[a] = v
			out = append(out, q)
		}
	}
	for len(out) < n {
		q := one()
		for _, a := range c.attrs {
			switch {
			case r.IntN(2) == 0:
			case isAddress(a.Kind) && len(c.edges) > 0:
				q[a] = sem.Value{Parts: []string{c.edges[r.IntN(len(c.edges))].String()}}
			default:
				q[a] = near(r, a.Kind, q[a])
			}
		}
		out = append(out, q)
	}
	return out
}

// near is a value that differs in one byte of one part, or in the case of its letters, or in one part of a list; an address or
// a port is the next one.
func near(r *rand.Rand, k sem.Kind, v sem.Value) sem.Value {
	if v.Absent || len(v.Parts) == 0 {
		return v
	}
	i := r.IntN(len(v.Parts))
	s := v.Parts[i]
	parts := slices.Clone(v.Parts)
	switch k {
	case sem.SourceIP, sem.RemoteIP, sem.DestIP, sem.Port:
		next := beside(k, s)
		parts[i] = next[r.IntN(len(next))]
	case sem.Answer:
		return v
	default:
		if isList(k) && r.IntN(4) == 0 {
			return sem.Value{Parts: append(parts, s+"z")}
		}
		shorter := []string{s}
		if s != "" {
			shorter = []string{s[1:], s[:len(s)-1]}
		}
		switch r.IntN(6) {
		case 5:
			s = ""
		case 4:
			s = "/elsewhere"[r.IntN(2):]
		case 0:
			s += []string{"z", "/", "a", "8"}[r.IntN(4)]
		case 1:
			s = []string{"z", "/", "a"}[r.IntN(3)] + s
		case 2:
			s = shorter[r.IntN(len(shorter))]
		default:
			if s = strings.ToUpper(s); s == parts[i] {
				s = strings.ToLower(s)
			}
		}
		if k == sem.Peer {
			s = strings.Trim(s, "/")
		}
		if s == "" && k != sem.Header && k != sem.Claim && k != sem.MetadataList && k != sem.Metadata && k != sem.Token {
			return v
		}
		if k == sem.Path && !strings.HasPrefix(s, "/") {
			return v
		}
		parts[i] = s
	}
	v.Parts = parts
	return v
}

// beside are the addresses or the ports on either side of one.
func beside(k sem.Kind, s string) (out []string) {
	if k == sem.Port {
		n, _ := strconv.Atoi(s)
		for _, m := range []int{n - 1, n + 1} {
			if 0 <= m && m <= 65535 {
				out = append(out, strconv.Itoa(m))
			}
		}
		return out
	}
	a := netip.MustParseAddr(s)
	for _, b := range []netip.Addr{a.Prev(), a.Next()} {
		if b.IsValid() {
			out = append(out, b.String())
		}
	}
	return out
}

// Plain is a request that no policy names anything of. It has what every request has.
func Plain(http bool) sem.Request {
	one := func(s string) sem.Value { return sem.Value{Parts: []string{s}} }
	q := sem.Request{
		{Kind: sem.SourceIP}: one("203.0.113.77"), {Kind: sem.RemoteIP}: one("203.0.113.78"), {Kind: sem.DestIP}: one("203.0.113.79"), {Kind: sem.Port}: one("65000"),
	}
	if http {
		q[sem.Attr{Kind: sem.Method}], q[sem.Attr{Kind: sem.Host}], q[sem.Attr{Kind: sem.Path}] = one("GET"), one("other.example"), one("/other")
	}
	return q
}

// sortedAttrs are the attributes of a request, in an order that is always the same.
func sortedAttrs[V any](q map[sem.Attr]V) []sem.Attr {
	return slices.SortedFunc(maps.Keys(q), func(a, b sem.Attr) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
}

const jwtFilter = "envoy.filters.http.jwt_authn"

// Concrete makes a request that Envoy could see of one of the algebra, which has all of Plain. ok is false where there is none:
// attributes that the algebra takes to be independent contradict each other.
func Concrete(q sem.Request, http bool) (r *rbac.Request, ok bool) {
	r = &rbac.Request{HTTP: http, Headers: map[string][]string{}, Metadata: map[string]map[string]any{}}
	payload := map[string]any{}
	for _, a := range sortedAttrs(q) {
		v := q[a]
		if v.Absent {
			continue
		}
		switch a.Kind {
		case sem.Peer:
			r.Peer = "spiffe://" + v.Parts[0] + "/ns/" + v.Parts[1] + "/sa/" + v.Parts[2]
		case sem.SourceIP:
			r.Source = netip.MustParseAddr(v.Parts[0])
		case sem.RemoteIP:
			r.Remote = netip.MustParseAddr(v.Parts[0])
		case sem.DestIP:
			r.Dest = netip.MustParseAddr(v.Parts[0])
		case sem.Port:
			n, err := strconv.ParseUint(v.Parts[0], 10, 16)
			if err != nil {
				return nil, false
			}
			r.Port = uint32(n)
		case sem.SNI:
			r.SNI = v.Parts[0]
		case sem.Method:
			r.Headers[":method"] = v.Parts
		case sem.Host:
			r.Headers[":authority"] = v.Parts
		case sem.Path:
			r.Path = v.Parts[0]
		case sem.Header:
			r.Headers[a.Name] = v.Parts
		case sem.Token:
			for i, name := range []string{"iss", "sub"} {
				if !v.Missing[i] && len(v.Parts) > i {
					payload[name] = v.Parts[i]
				}
			}
		case sem.Claim:
			if !put(payload, strings.Split(a.Name, "]["), v.Parts) {
				return nil, false
			}
		case sem.Metadata, sem.MetadataList:
			filter, key, _ := strings.Cut(a.Name, "[")
			key = strings.TrimSuffix(key, "]")
			of := r.Metadata[filter]
			if of == nil {
				of = map[string]any{}
				r.Metadata[filter] = of
			}
			if _, twice := of[key]; twice {
				return nil, false // a string, or a list
			}
			if a.Kind == sem.MetadataList {
				of[key] = anys(v.Parts)
			} else {
				of[key] = v.Parts[0]
			}
		}
	}
	if !http {
		r.Headers, r.Path = nil, ""
		return r, true
	}
	if len(payload) > 0 {
		r.Metadata[jwtFilter] = map[string]any{"payload": payload}
	}
	return r, true
}

// put sets a claim inside others. One value is a string, several are a list.
func put(in map[string]any, path []string, values []string) bool {
	for _, k := range path[:len(path)-1] {
		x, there := in[k]
		if !there {
			x = map[string]any{}
			in[k] = x
		}
		next, object := x.(map[string]any)
		if !object {
			return false
		}
		in = next
	}
	last := path[len(path)-1]
	if _, twice := in[last]; twice {
		return false
	}
	in[last] = anys(values)
	if len(values) == 1 {
		in[last] = values[0]
	}
	return true
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
