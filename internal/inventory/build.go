package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
)

// build turns objects into an inventory: sorted, Services applied to the workloads that they pick.
func (p *parser) build() *ir.Inventory {
	slices.SortFunc(p.docs, func(a, b object) int {
		return cmp.Or(strings.Compare(a.ns, b.ns), strings.Compare(a.name, b.name), strings.Compare(a.kind, b.kind), a.span.Compare(b.span))
	})
	inv := &ir.Inventory{}
	spaces := map[string]ir.InventoryName{}
	for i := range p.docs {
		o := &p.docs[i]
		if i > 0 && p.docs[i-1].kind == o.kind && p.docs[i-1].ns == o.ns && p.docs[i-1].name == o.name {
			p.diags.Add(diag.InventoryTwice, o.span, "%s %s/%s is in the inventory twice", o.kind, o.ns, o.name).Relate(p.docs[i-1].span, "the other one")
			continue
		}
		switch o.kind {
		case "Namespace":
			spaces[o.name] = ir.InventoryName{Name: o.name, Span: o.span}
			continue
		case "ServiceAccount":
			inv.Accounts = append(inv.Accounts, ir.InventoryName{Namespace: o.ns, Name: o.name, Span: o.span})
		case "Service":
			p.service(inv, o)
		default:
			p.workload(inv, o)
		}
		if _, ok := spaces[o.ns]; !ok {
			spaces[o.ns] = ir.InventoryName{Name: o.ns, Span: o.span}
		}
	}
	for _, ns := range slices.Sorted(maps.Keys(spaces)) {
		inv.Namespaces = append(inv.Namespaces, spaces[ns])
	}
	byNamespace := map[string][]*ir.InventoryService{}
	for i := range inv.Services {
		s := &inv.Services[i]
		if len(s.Selector) > 0 {
			byNamespace[s.Namespace] = append(byNamespace[s.Namespace], s)
		}
	}
	for i := range inv.Workloads {
		p.apply(&inv.Workloads[i], byNamespace[inv.Workloads[i].Namespace])
	}
	return inv
}

func (p *parser) workload(inv *ir.Inventory, o *object) {
	w := ir.InventoryWorkload{Kind: o.kind, Namespace: o.ns, Name: o.name, Span: o.span}
	pod, meta := get(o.node, "spec", "template", "spec"), get(o.node, "spec", "template", "metadata")
	switch o.kind {
	case "Pod":
		pod, meta = get(o.node, "spec"), get(o.node, "metadata")
	case "CronJob":
		pod, meta = get(o.node, "spec", "jobTemplate", "spec", "template", "spec"), get(o.node, "spec", "jobTemplate", "spec", "template", "metadata")
	}
	if o.kind != "Pod" && o.kind != "CronJob" && o.kind != "Job" {
		w.Selector = strMap(get(o.node, "spec", "selector", "matchLabels"))
	}
	w.Labels = strMap(get(meta, "labels"))
	if w.Labels == nil {
		w.Labels = map[string]string{}
	}
	w.Account = str(get(pod, "serviceAccountName"))
	if w.Account == "" {
		w.Account = str(get(pod, "serviceAccount"))
	}
	if w.Account == "" {
		w.Account, w.DefaultAccount = "default", true
	}
	containers := list(get(pod, "containers"))
	for _, c := range list(get(pod, "initContainers")) {
		if str(get(c, "restartPolicy")) == "Always" { // a sidecar
			containers = append(containers[:len(containers):len(containers)], c)
		}
	}
	for _, c := range containers {
		for _, port := range list(get(deref(c), "ports")) {
			port = deref(port)
			if proto := str(get(port, "protocol")); proto != "" && proto != "TCP" {
				continue
			}
			num := get(port, "containerPort")
			n, ok := p.number(o, num)
			if !ok {
				continue
			}
			if slices.ContainsFunc(w.Ports, func(x ir.Port) bool { return x.Number == n }) {
				continue
			}
			w.Ports = append(w.Ports, ir.Port{Name: str(get(port, "name")), Number: n, Span: p.at(o.file, num, o.line)})
		}
	}
	inv.Workloads = append(inv.Workloads, w)
}

func (p *parser) number(o *object, n *yaml.Node) (int, bool) {
	if n == nil {
		p.diags.Add(diag.InventoryBroken, o.span, "a port of %s %s has no number", o.kind, o.name)
		return 0, false
	}
	v, err := strconv.Atoi(str(n))
	if err != nil || v < 1 || v > 65535 {
		p.diags.Add(diag.InventoryBroken, p.at(o.file, n, o.line), "%q is not a port number", n.Value)
		return 0, false
	}
	return v, true
}

func (p *parser) service(inv *ir.Inventory, o *object) {
	s := ir.InventoryService{Namespace: o.ns, Name: o.name, Span: o.span}
	if str(get(o.node, "spec", "type")) != "ExternalName" {
		s.Selector = strMap(get(o.node, "spec", "selector"))
	}
	for _, port := range list(get(o.node, "spec", "ports")) {
		port = deref(port)
		if proto := str(get(port, "protocol")); proto != "" && proto != "TCP" {
			continue
		}
		n, ok := p.number(o, get(port, "port"))
		if !ok {
			continue
		}
		sp := ir.InventoryServicePort{Name: str(get(port, "name")), Number: n, Target: n, Protocol: protocol(str(get(port, "appProtocol")), str(get(port, "name")), n)}
		if t := get(port, "targetPort"); t != nil {
			if v, err := strconv.Atoi(t.Value); err == nil {
				sp.Target = v
			} else if t.Value != "" {
				sp.Target, sp.TargetName = 0, t.Value
			}
		}
		s.Ports = append(s.Ports, sp)
	}
	inv.Services = append(inv.Services, s)
}

// protocol reads the protocol of a Service port as Istio does: appProtocol, else the name up to its first dash, else a few
// well-known numbers; anything else is detected on the wire.
func protocol(app, name string, number int) ir.Protocol {
	switch strings.ToLower(app) {
	case "":
	case "http", "http2", "grpc", "grpc-web", "kubernetes.io/h2c", "kubernetes.io/ws":
		return ir.HTTP
	case "https", "tls", "tcp", "mongo", "mysql", "redis", "kubernetes.io/wss":
		return ir.TCP
	default:
		return ir.Undeclared
	}
	name = strings.ToLower(name)
	if strings.HasPrefix(name, "grpc-web") {
		return ir.HTTP
	}
	word, _, _ := strings.Cut(name, "-")
	switch word {
	case "http", "http2", "grpc":
		return ir.HTTP
	case "https", "tls", "tcp", "mongo", "mysql", "redis":
		return ir.TCP
	}
	if number == 3306 { // Istio takes it for MySQL, where the server speaks first
		return ir.TCP
	}
	return ir.Undeclared
}

// apply gives the ports of a workload the protocols of the Services that lead to them.
func (p *parser) apply(w *ir.InventoryWorkload, services []*ir.InventoryService) {
	from := map[int]*ir.InventoryService{}
	names := map[int]map[string]bool{}
	for _, s := range services {
		if !picks(s.Selector, w.Labels) {
			continue
		}
		for _, sp := range s.Ports {
			n := sp.Target
			if sp.TargetName != "" {
				n = 0
				for _, c := range w.Ports {
					if c.Name == sp.TargetName {
						n = c.Number
					}
				}
				if n == 0 {
					p.diags.Add(diag.InventoryTarget, s.Span, "Service %s/%s leads to port %q, and the pods of %s have none of that name", s.Namespace, s.Name, sp.TargetName, w.Name)
					continue
				}
			}
			i := slices.IndexFunc(w.Ports, func(x ir.Port) bool { return x.Number == n })
			if i < 0 {
				w.Ports = append(w.Ports, ir.Port{Number: n, Span: s.Span})
				i = len(w.Ports) - 1
			}
			port := &w.Ports[i]
			if names[n] == nil {
				names[n] = map[string]bool{}
			}
			names[n][sp.Name] = true
			switch first := from[n]; {
			case first == nil:
				from[n], port.Protocol = s, sp.Protocol
			case port.Protocol != sp.Protocol:
				p.diags.Add(diag.InventoryProtocols, s.Span, "Services %s and %s disagree on what port %d of %s speaks", first.Name, s.Name, n, w.Name).
					Relate(first.Span, "the other one")
				port.Protocol = ir.Undeclared
			}
		}
	}
	for i := range w.Ports {
		if port := &w.Ports[i]; port.Name == "" && len(names[port.Number]) == 1 {
			for n := range names[port.Number] {
				port.Name = n
			}
		}
	}
	slices.SortFunc(w.Ports, func(a, b ir.Port) int { return a.Number - b.Number })
}

func picks(selector, labels map[string]string) bool {
	for k, v := range selector {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}
