package oracle_test

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/internal/oracle"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// sample has values of every attribute that random policies test.
var sample = map[sem.Attr][]sem.Value{}

// attrs are its keys, in order.
var attrs []sem.Attr

func byAttr(a, b sem.Attr) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}

func init() {
	defer func() { attrs = slices.SortedFunc(maps.Keys(sample), byAttr) }()
	texts := func(a sem.Attr, list ...string) {
		for _, s := range list {
			sample[a] = append(sample[a], sem.Value{Parts: []string{s}})
		}
	}
	lists := func(a sem.Attr) {
		texts(a, "a", "b", "ab", "ba", "", "z", "A", "a*", "a,b", "i", "s")
		for _, l := range [][]string{{}, {"a", "b"}, {"ab", "z"}, {"", "ba"}, {"a", "b", "z"}} {
			sample[a] = append(sample[a], sem.Value{Parts: l})
		}
		sample[a] = append(sample[a], sem.Value{Absent: true}, sem.Value{Absent: true})
	}
	k := func(k sem.Kind) sem.Attr { return sem.Attr{Kind: k} }
	sample[k(sem.Peer)] = []sem.Value{{Absent: true}, {Absent: true}, {Absent: true}, {Absent: true}}
	for _, td := range []string{"td", "td2", "cluster.local", "old", "ns", "x2"} {
		for _, ns := range []string{"a", "b", "ab", "ns", "sa", "xa", "axb", "shop", "istio-system"} {
			for _, account := range []string{"b", "sa", "a", "ns", "ab"} {
				sample[k(sem.Peer)] = append(sample[k(sem.Peer)], sem.Value{Parts: []string{td, ns, account}})
			}
		}
	}
	for _, ip := range []sem.Kind{sem.SourceIP, sem.RemoteIP, sem.DestIP} {
		texts(k(ip), "10.1.2.3", "10.2.0.1", "10.8.0.1", "11.0.0.1", "fd00::1", "fd00::2", "::1", "fe80::1")
	}
	texts(k(sem.Port), "0", "80", "81", "8080", "65535")
	texts(k(sem.SNI), "a", "x.a", "a.b", "A", "a*b", "xb")
	sample[k(sem.SNI)] = append(sample[k(sem.SNI)], sem.Value{Absent: true})
	texts(k(sem.Method), "GET", "PUT", "POST", "get", "GT", "G*T")
	texts(k(sem.Host), "a", "A", "ba", "a:80", "x.a", "X.A", "ab", "AB:80", "z", "a*b", "")
	texts(k(sem.Path), "/", "/a", "/a/", "/a/b", "/a/b/c", "/a/c/b", "/a/c/d/b", "/b", "/a/[b", "/ba", "/a*b", "/axb", "/a.b/c", "/a//b", "/a/b/", "/axb/c", "/a/é", "//b")
	for _, name := range []string{"x", "y-z"} {
		lists(sem.Attr{Kind: sem.Header, Name: name})
	}
	for _, name := range []string{"aud", "azp", "g", "o", "o][g", "g]x[o"} {
		lists(sem.Attr{Kind: sem.Claim, Name: name})
	}
	sample[k(sem.Token)] = []sem.Value{{Absent: true}, {Absent: true}}
	for _, iss := range []string{"i", "ii", "a/i", "a", "", "*", "a/i/s", "-"} {
		for _, sub := range []string{"s", "s*", "xs", "", "*", "a/s", "b", "-"} {
			sample[k(sem.Token)] = append(sample[k(sem.Token)], sem.Value{Parts: []string{iss, sub}, Missing: [2]bool{iss == "-", sub == "-"}})
		}
	}
	for _, key := range []string{"k", "l"} {
		texts(sem.Attr{Kind: sem.Metadata, Name: "envoy.filters.f[" + key + "]"}, "a", "b", "ab", "", "[b", "z")
		lists(sem.Attr{Kind: sem.MetadataList, Name: "envoy.filters.f[" + key + "]"})
	}
	for _, provider := range []string{"grpc", "http", "none"} {
		texts(sem.Attr{Kind: sem.Answer, Name: provider}, "yes", "no")
	}
}

// exclusive are attributes that a request with an attribute cannot have.
var exclusive = map[sem.Attr][]sem.Attr{
	{Kind: sem.Claim, Name: "o"}:                         {{Kind: sem.Claim, Name: "o][g"}},
	{Kind: sem.Claim, Name: "o][g"}:                      {{Kind: sem.Claim, Name: "o"}},
	{Kind: sem.Metadata, Name: "envoy.filters.f[k]"}:     {{Kind: sem.MetadataList, Name: "envoy.filters.f[k]"}},
	{Kind: sem.Metadata, Name: "envoy.filters.f[l]"}:     {{Kind: sem.MetadataList, Name: "envoy.filters.f[l]"}},
	{Kind: sem.MetadataList, Name: "envoy.filters.f[k]"}: {{Kind: sem.Metadata, Name: "envoy.filters.f[k]"}},
	{Kind: sem.MetadataList, Name: "envoy.filters.f[l]"}: {{Kind: sem.Metadata, Name: "envoy.filters.f[l]"}},
}

// request takes values of samples, those of atoms of a space first.
func (d dice) request(atoms map[sem.Attr][]sem.Value) sem.Request {
	r := sem.Request{}
	for _, a := range attrs {
		list := sample[a]
		if own := atoms[a]; len(own) > 0 && !d.one(4) {
			list = own
		}
		r[a] = list[d.IntN(len(list))]
	}
	for _, a := range attrs {
		for _, other := range exclusive[a] {
			_, one := r[a]
			switch _, two := r[other]; {
			case one && two && d.one(2):
				delete(r, other)
			case one && two:
				delete(r, a)
			}
		}
	}
	return r
}

// realise makes a request that has just these attributes; why tells where there is none.
func (d dice) realise(r sem.Request) (out *oracle.Request, why string) {
	out = &oracle.Request{
		SourceIP: "1.1.1.1", RemoteIP: "1.1.1.1", DestIP: "1.1.1.1",
		Headers: map[string][]string{}, Claims: map[string]any{}, Meta: map[string]map[string]any{}, Says: map[string]bool{},
	}
	for _, a := range slices.SortedFunc(maps.Keys(r), byAttr) {
		v := r[a]
		if v.Absent {
			if a.Kind == sem.Claim && d.one(3) {
				d.claim(out.Claims, a.Name, []any{4.0, true, map[string]any{"z": "a"}}[d.IntN(3)])
			}
			continue
		}
		switch a.Kind {
		case sem.Peer:
			out.Peer = v.Parts[0] + "/ns/" + v.Parts[1] + "/sa/" + v.Parts[2]
		case sem.SourceIP:
			out.SourceIP = v.Parts[0]
		case sem.RemoteIP:
			out.RemoteIP = v.Parts[0]
		case sem.DestIP:
			out.DestIP = v.Parts[0]
		case sem.Port:
			out.Port, _ = strconv.Atoi(v.Parts[0])
		case sem.SNI:
			out.SNI = v.Parts[0]
		case sem.Method:
			out.Headers[":method"] = v.Parts
		case sem.Host:
			out.Headers[":authority"] = v.Parts
		case sem.Path:
			out.Path = &v.Parts[0]
		case sem.Header:
			out.Headers[a.Name] = v.Parts
		case sem.Token:
			for i, name := range []string{"iss", "sub"} {
				if !v.Missing[i] {
					out.Claims[name] = v.Parts[i]
				} else if d.one(2) {
					out.Claims[name] = 7.0
				}
			}
		case sem.Claim:
			if len(v.Parts) == 0 && d.one(2) {
				continue // an empty list says nothing
			}
			if why := d.claim(out.Claims, a.Name, d.json(v.Parts)); why != "" {
				return nil, why
			}
		case sem.Metadata, sem.MetadataList:
			filter, key, _ := strings.Cut(strings.TrimSuffix(a.Name, "]"), "[")
			if out.Meta[filter] == nil {
				out.Meta[filter] = map[string]any{}
			}
			if out.Meta[filter][key] != nil {
				return nil, "metadata that is a string and a list"
			}
			if out.Meta[filter][key] = anys(v.Parts); a.Kind == sem.Metadata {
				out.Meta[filter][key] = v.Parts[0]
			}
		case sem.Answer:
			out.Says[a.Name] = v.Parts[0] == "yes"
		}
	}
	return out, ""
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// json is one of the ways to write a list of strings as a claim: a list of one may be a string, and others may lie between.
func (d dice) json(parts []string) any {
	if len(parts) == 1 && d.one(2) {
		return parts[0]
	}
	list := anys(parts)
	if d.one(4) {
		list = append(list, []any{5.0, false, nil, []any{"a"}, map[string]any{"g": "a"}}[d.IntN(5)])
	}
	return list
}

func (d dice) claim(claims map[string]any, name string, v any) (why string) {
	path := []string{name}
	if parts := strings.Split(name, "]["); !strings.ContainsAny(strings.Join(parts, ""), "[]") {
		path = parts
	}
	for _, k := range path[:len(path)-1] {
		if claims[k] == nil {
			claims[k] = map[string]any{}
		}
		inner, ok := claims[k].(map[string]any)
		if list, _ := claims[k].([]any); list != nil && len(list) == 0 {
			inner, ok = map[string]any{}, true
			claims[k] = inner
		}
		if !ok {
			return "a claim that is an object and has a value"
		}
		claims = inner
	}
	if _, there := claims[path[len(path)-1]].(map[string]any); !there {
		claims[path[len(path)-1]] = v
	}
	return ""
}
