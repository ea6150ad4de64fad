package oracle

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// match is what ztunnel is told of one entry of a list: for each attribute the values, and those that are not to be.
type match []struct {
	is   func(v string) bool
	read func(v string) bool // false for values that are left out on the way
	in   []string
	not  []string
}

// ReachesZTunnel follows what istiod tells ztunnel of a pod: of a selector without labels nothing, and all selectors of a pod
// without labels.
func (m *Mesh) ReachesZTunnel(p *Policy, pod *Pod) bool {
	if p.Kind != authorization || p.dryRun() || p.action() != "ALLOW" && p.action() != "DENY" {
		return false
	}
	if p.Spec["targetRef"] != nil || len(p.Spec.list("targetRefs")) > 0 {
		return false
	}
	if s := p.Spec["selector"]; s != nil {
		if p.Spec.object("selector")["matchLabels"] == nil {
			return false
		}
		if len(pod.Labels) == 0 {
			return p.Namespace == pod.Namespace || p.Namespace == m.RootNamespace
		}
	}
	return m.selected(p, pod)
}

// ztunnel follows 1.8: clauses, one for `to`, one for `from` and one for each `when`, all of which must have a match; a match
// of nothing is passed over.
func ztunnel(p *Policy, rule fields, r *Request) bool {
	if p.Spec["targetRef"] != nil || len(p.Spec.list("targetRefs")) > 0 {
		return false
	}
	ns := strings.Split(r.Peer+"////", "/")[2]
	is := map[string]func(v string) bool{
		"principals": func(v string) bool { return r.Peer != "" && wild(v, r.Peer) },
		"namespaces": func(v string) bool { return r.Peer != "" && wild(v, ns) },
		"serviceAccounts": func(v string) bool {
			if !strings.Contains(v, "/") {
				v = p.Namespace + "/" + v
			}
			parts := strings.Split(r.Peer, "/")
			return r.Peer != "" && v == parts[2]+"/"+parts[4]
		},
		"ipBlocks": func(v string) bool { return within(v, r.SourceIP) },
		"destIps":  func(v string) bool { return within(v, r.DestIP) },
		"ports":    func(v string) bool { n, err := strconv.Atoi(v); return err == nil && n == r.Port },
	}
	read := map[string]func(v string) bool{
		"ipBlocks": isAddress, "destIps": isAddress,
		"ports": func(v string) bool { n, err := strconv.ParseUint(v, 10, 32); return err == nil && n <= 65535 },
	}
	layer7 := false
	var clauses [][]match
	entries := func(list, inner string, l4, l7 []string) {
		var clause []match
		for _, e := range rule.list(list) {
			o := e.object(inner)
			var m match
			for _, name := range l4 {
				m = append(m, match{{is[name], read[name], o.texts(name), o.texts(not(name))}}...)
			}
			for _, name := range l7 {
				layer7 = layer7 || len(o.texts(name))+len(o.texts(not(name))) > 0
			}
			clause = append(clause, m)
		}
		if clause != nil {
			clauses = append(clauses, clause)
		}
	}
	entries("to", "operation", []string{"ports"}, []string{"hosts", "methods", "paths"})
	entries("from", "source", []string{"principals", "namespaces", "serviceAccounts", "ipBlocks"}, []string{"remoteIpBlocks", "requestPrincipals"})
	keys := map[string]string{"source.ip": "ipBlocks", "source.namespace": "namespaces", "source.principal": "principals", "destination.ip": "destIps", "destination.port": "ports"}
	for _, w := range rule.list("when") {
		name, l4 := keys[w.text("key")]
		if !l4 {
			layer7 = true
			clauses = append(clauses, []match{{}})
			continue
		}
		clauses = append(clauses, []match{{{is[name], read[name], w.texts("values"), w.texts("notValues")}}})
	}
	if layer7 && p.action() == "ALLOW" {
		return false
	}
	for _, clause := range clauses {
		if !slices.ContainsFunc(clause, func(m match) bool { return m.matches() }) {
			return false
		}
	}
	return true
}

func not(name string) string { return "not" + strings.ToUpper(name[:1]) + name[1:] }

func (m match) matches() bool {
	empty := true
	for _, f := range m {
		told := func(list []string) (out []string) {
			for _, v := range list {
				if f.read == nil || f.read(v) {
					out = append(out, v)
				}
			}
			return out
		}
		in, not := told(f.in), told(f.not)
		empty = empty && len(in)+len(not) == 0
		if len(in) > 0 && !slices.ContainsFunc(in, f.is) || slices.ContainsFunc(not, f.is) {
			return false
		}
	}
	return !empty
}

// wild reads a value as stringToMatch does.
func wild(v, s string) bool {
	switch {
	case v == "*":
		return s != ""
	case strings.HasPrefix(v, "*"):
		return strings.HasSuffix(s, v[1:])
	case strings.HasSuffix(v, "*"):
		return strings.HasPrefix(s, v[:len(v)-1])
	}
	return s == v
}

func isAddress(v string) bool {
	if strings.Contains(v, "/") {
		_, err := netip.ParsePrefix(v)
		return err == nil
	}
	_, err := netip.ParseAddr(v)
	return err == nil
}

func within(v, address string) bool {
	t, err := cidr(func(*Request) string { return address })(v)
	return err == nil && t(nil)
}
