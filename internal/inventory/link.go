package inventory

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

func quote(s string) string { return strconv.Quote(s) }

// link sorts the objects, drops those that come twice, and gives the workloads the ports that Services send to.
func link(all found, diags *diag.List) *ir.Inventory {
	inv := &ir.Inventory{}
	services := unique(all.services, diags,
		func(s service) ir.InventoryName {
			return ir.InventoryName{Namespace: s.Namespace, Name: s.Name, Span: s.Span}
		},
		func(service) string { return "Service" }, diag.InventoryTwice)
	all.workloads = disown(all.workloads)
	all.run()
	workloads := unique(all.workloads, diags,
		func(w workload) ir.InventoryName {
			return ir.InventoryName{Namespace: w.Namespace, Name: w.Name, Span: w.Span}
		},
		func(w workload) string { return w.Kind }, diag.InventoryTwice)
	self := func(n ir.InventoryName) ir.InventoryName { return n }
	inv.Accounts = unique(all.accounts, diags, self, func(ir.InventoryName) string { return "ServiceAccount" }, diag.InventoryNameTwice)
	namespaces := facts(all.namespaces)
	for _, n := range all.namespaces {
		inv.Namespaces = append(inv.Namespaces, n.InventoryName)
	}
	inv.Namespaces = unique(inv.Namespaces, diags, self, func(ir.InventoryName) string { return "Namespace" }, diag.InventoryNameTwice)

	l := linker{diags: diags, picks: map[string][]*service{}, gateways: map[string][]*servers{}}
	for i := range all.servers {
		s := &all.servers[i]
		l.gateways[pick("", s.selector)] = append(l.gateways[pick("", s.selector)], s)
	}
	for i := range services {
		s := &services[i]
		inv.Services = append(inv.Services, s.InventoryService)
		if len(s.Selector) > 0 {
			l.picks[pick(s.Namespace, s.Selector)] = append(l.picks[pick(s.Namespace, s.Selector)], s)
		}
	}
	for i := range workloads {
		w := &workloads[i]
		l.ports(w)
		w.Guard, w.Gateway = w.guard(namespaces[w.Namespace]), w.sidecar.gateway
		inv.Workloads = append(inv.Workloads, workloads[i].InventoryWorkload)
	}
	inv.Namespaces = withImplied(inv)
	if !diags.HasErrors() { // else what would fit may be what is wrong
		by := map[string][]*workload{}
		for i := range workloads {
			if w := &workloads[i]; w.Kind != "Gateway" { // which istiod runs, beside whatever there is
				by[w.Namespace] = append(by[w.Namespace], w)
			}
		}
		l.idleServices(services, by, all.blind)
		l.idleAccounts(inv.Accounts, by, all.blind)
	}
	return inv
}

// unique sorts objects by namespace, name, kind and place, and keeps the first of those that come twice.
func unique[T any](list []T, diags *diag.List, id func(T) ir.InventoryName, kind func(T) string, code diag.Code) []T {
	order := func(a, b T) int {
		x, y := id(a), id(b)
		return cmp.Or(cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name), cmp.Compare(kind(a), kind(b)))
	}
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Or(order(a, b), id(a).Span.Compare(id(b).Span)) })
	out := list[:0]
	reported := 0
	for _, o := range list {
		if len(out) == 0 || order(out[len(out)-1], o) != 0 {
			out = append(out, o)
			continue
		}
		first, again := id(out[len(out)-1]), id(o)
		if reported++; reported > manifest.MaxFaults {
			continue
		}
		where := ""
		if again.Namespace != "" {
			where = " in namespace " + quote(again.Namespace)
		}
		diags.Add(code, again.Span, "there are two objects %s %q%s", kind(o), again.Name, where).
			Relate(first.Span, "the other one is here")
	}
	return slices.Clip(out)
}

// withImplied adds the namespaces that have no Namespace object and in which an object lives.
func withImplied(inv *ir.Inventory) []ir.InventoryName {
	at := map[string]source.Span{}
	add := func(ns string, span source.Span) {
		if old, ok := at[ns]; !ok || span.Compare(old) < 0 {
			at[ns] = span
		}
	}
	for _, w := range inv.Workloads {
		add(w.Namespace, w.Span)
	}
	for _, s := range inv.Services {
		add(s.Namespace, s.Span)
	}
	for _, a := range inv.Accounts {
		add(a.Namespace, a.Span)
	}
	for _, n := range inv.Namespaces {
		at[n.Name] = n.Span
	}
	var out []ir.InventoryName
	for _, ns := range slices.Sorted(maps.Keys(at)) {
		out = append(out, ir.InventoryName{Name: ns, Span: at[ns]})
	}
	return out
}

// linker finds the Services that pick the pods of a workload.
type linker struct {
	diags    *diag.List
	picks    map[string][]*service // by the first label of the selector, sorted by name
	gateways map[string][]*servers // the same of Istio's Gateways, which pick pods of every namespace
	matches  int
}

// pick is the key of a selector in linker.picks: its namespace and the first of its labels.
func pick(namespace string, selector map[string]string) string {
	k := slices.Min(slices.Collect(maps.Keys(selector)))
	return namespace + "\x00" + k + "\x00" + selector[k]
}

func (l *linker) services(w *workload) []*service {
	out := picking(l, l.picks, w.Namespace, w.Labels, func(s *service) map[string]string { return s.Selector })
	slices.SortFunc(out, func(a, b *service) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// picking finds what picks a pod, in no order.
func picking[T any](l *linker, index map[string][]T, namespace string, labels map[string]string, selector func(T) map[string]string) (out []T) {
	for k, v := range labels {
		for _, s := range index[namespace+"\x00"+k+"\x00"+v] {
			if l.matches++; l.matches > maxMatches {
				break
			}
			if subset(selector(s), labels) {
				out = append(out, s)
			}
		}
	}
	return out
}

func subset(selector, labels map[string]string) bool {
	for k, v := range selector {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// listener is a port of a workload while Services are still being asked about it.
type listener struct {
	ir.Port
	from   []sender
	speaks []ir.Protocol // as Gateways say
	named  bool          // by the container
}

// sender is a port of a Service that sends to a listener.
type sender struct {
	service string
	port    ir.InventoryServicePort
	span    source.Span
}

// ports fills in the ports of a workload. A container port's own name says nothing of what it speaks: the inbound side of
// Istio goes by the Service.
func (l *linker) ports(w *workload) {
	byNumber := map[int]*listener{}
	at := func(number int, span source.Span) *listener {
		p := byNumber[number]
		if p == nil {
			p = &listener{Port: ir.Port{Number: number, Span: span}}
			byNumber[number] = p
		}
		return p
	}
	names := map[string]int{} // the first container that has the name has it
	for _, c := range w.containers {
		p := at(c.number, c.span)
		if p.Name == "" && c.name != "" {
			p.Name, p.named = c.name, true
		}
		if _, ok := names[c.name]; !ok && c.name != "" {
			names[c.name] = c.number
		}
	}
	before := l.matches
	services := l.services(w)
	for _, s := range services {
		s.picks = true
		for i, sp := range s.Ports {
			if l.matches++; l.matches > maxMatches {
				break
			}
			number := target(sp, names)
			if number == 0 {
				l.diags.Add(diag.InventoryNoTarget, s.spans[i].target,
					"Service %q sends to the port named %q, and no TCP port of a container of %s %q has that name", s.Name, sp.TargetName, w.Kind, w.Name).
					Relate(w.Span, "its selector picks these pods")
				continue
			}
			p := at(number, s.spans[i].port)
			p.from = append(p.from, sender{s.Name, sp, s.spans[i].port})
		}
	}
	l.serve(w, services, names, at)
	if before <= maxMatches && l.matches > maxMatches {
		l.diags.Add(diag.InventoryTooLarge, w.Span, "the selectors of Services and Gateways pick workloads more than %d times", maxMatches)
	}
	for _, n := range slices.Sorted(maps.Keys(byNumber)) {
		p := byNumber[n]
		l.decide(w, p)
		w.Ports = append(w.Ports, p.Port)
	}
	uniqueNames(w, byNumber)
}

// target is the port that a Service sends to, 0 where no container has its name.
func target(sp ir.InventoryServicePort, names map[string]int) int {
	if sp.Target != 0 {
		return sp.Target
	}
	return names[sp.TargetName]
}

// decide sets the protocol that all Services agree on, and the name. What a gateway listens for say its Gateways; where there
// are none, a Service that does not speak of HTTP may mean TLS that the gateway ends.
func (l *linker) decide(w *workload, p *listener) {
	agreed := true
	for i, s := range p.from {
		first := p.from[0]
		if i == 0 {
			p.Protocol = s.port.Protocol
			if !p.named {
				p.Name = s.port.Name
			}
			continue
		}
		if !p.named && s.port.Name != first.port.Name {
			p.Name = ""
		}
		if agreed && s.port.Protocol != first.port.Protocol && !w.sidecar.gateway {
			agreed = false
			p.Protocol = ir.Undeclared
			l.diags.Add(diag.InventoryProtocols, s.span,
				"port %d of %s %q is %s for Service %q and %s for Service %q, so it is taken for undeclared",
				p.Number, w.Kind, w.Name, first.port.Protocol, first.service, s.port.Protocol, s.service).
				Relate(first.span, "the first one is here").
				Note("Istio goes by the older Service, which manifests do not tell").
				Advise("give both ports the same appProtocol")
		}
	}
	switch {
	case len(p.speaks) > 0:
		p.Protocol = p.speaks[0]
		if slices.ContainsFunc(p.speaks, func(x ir.Protocol) bool { return x != p.Protocol }) {
			p.Protocol = ir.Undeclared
		}
	case w.sidecar.gateway && slices.ContainsFunc(p.from, func(s sender) bool { return s.port.Protocol != ir.HTTP }):
		p.Protocol = ir.Undeclared
	}
}

// uniqueNames takes names that came from Services away where another port of the workload has them too.
func uniqueNames(w *workload, byNumber map[int]*listener) {
	count := map[string]int{}
	for _, p := range w.Ports {
		count[p.Name]++
	}
	for i, p := range w.Ports {
		if count[p.Name] > 1 && !byNumber[p.Number].named {
			w.Ports[i].Name = ""
		}
	}
}
