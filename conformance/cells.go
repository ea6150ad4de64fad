// Package conformance holds what ztc believes of Istio to Istio's own code and to running servers.
package conformance

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/conformance/rbac"
)

// Cells makes requests that are told apart by some expressions: each has one value of every class that the algebra splits an
// attribute into.
type Cells struct {
	attrs  []sem.Attr
	values [][]sem.Value
}

// NewCells splits the attributes of expressions.
func NewCells(list ...*sem.Expr) (*Cells, error) {
	space, err := sem.NewSpace(sem.Limits{}, nil, nil, list...)
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
	for _, a := range slices.SortedFunc(maps.Keys(seen), func(a, b sem.Attr) int {
		if a.Kind != b.Kind {
			return int(a.Kind) - int(b.Kind)
		}
		return strings.Compare(a.Name, b.Name)
	}) {
		side, err := space.Project(all, a)
		if err != nil {
			return nil, err
		}
		c.attrs, c.values = append(c.attrs, a), append(c.values, side.Values)
	}
	return c, nil
}

// Requests returns n requests: the first ones have each class of each attribute at least once.
func (c *Cells) Requests(r *rand.Rand, n int) []sem.Request {
	var out []sem.Request
	one := func() sem.Request {
		q := sem.Request{}
		for i, a := range c.attrs {
			q[a] = c.values[i][r.IntN(len(c.values[i]))]
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
		out = append(out, one())
	}
	return out
}

const jwtFilter = "envoy.filters.http.jwt_authn"

// Concrete makes a request that Envoy could see of one of the algebra. ok is false where there is none: attributes that the
// algebra takes to be independent contradict each other.
func Concrete(q sem.Request, http bool) (r *rbac.Request, ok bool) {
	r = &rbac.Request{HTTP: http, Headers: map[string][]string{}, Metadata: map[string]map[string]any{}}
	if http {
		r.Headers[":method"], r.Headers[":authority"], r.Path = []string{"GET"}, []string{"other.example"}, "/other"
	}
	payload := map[string]any{}
	r.Source, r.Remote, r.Dest, r.Port = netip.MustParseAddr("203.0.113.77"), netip.MustParseAddr("203.0.113.78"), netip.MustParseAddr("203.0.113.79"), 65000
	for a, v := range q {
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
