package resolve

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

func (r *resolver) add(w *ir.Workload) {
	if r.names[w.Namespace] == nil {
		r.names[w.Namespace] = map[string]*ir.Workload{}
		r.known[w.Namespace] = true
	}
	r.names[w.Namespace][w.Name] = w
}

// named is a workload by convention, in one piece with its label.
type named struct {
	ir.Workload
	label [1]ir.Label
}

// slab hands out the next of a slice, and makes another slice when it is used up: names come by the ten thousand.
func slab[T any](free *[]T) *T {
	if len(*free) == 0 {
		*free = make([]T, 128)
	}
	x := &(*free)[0]
	*free = (*free)[1:]
	return x
}

// splitRef splits a reference into namespace and name; a bare name belongs to the namespace of the scope.
func (s *scope) splitRef(text string) (ns, name string) {
	if i := strings.IndexByte(text, '/'); i >= 0 {
		return text[:i], text[i+1:]
	}
	return s.ns, text
}

func (r *resolver) declareWorkload(s *scope, d *ast.Workload) {
	ns, name := s.splitRef(d.Name.Text)
	if name == d.Name.Text && strings.Contains(name, ".") {
		x := r.report(s, diag.BadName, &d.Name, "workload %q has a dot in its name, and no rule could name it without its namespace", name).
			Fix(s.span(&d.Name), ns+"/"+name, "write it with its namespace")
		if space, rest, _ := strings.Cut(name, "."); !strings.Contains(rest, ".") {
			x.Fix(s.span(&d.Name), space+"/"+rest, "or, if %q is the namespace, %s/%s", space, space, rest)
		}
		return
	}
	if name == "*" {
		r.report(s, diag.BadName, &d.Name, "a workload has one name, and %q stands for a whole namespace", d.Name.Text)
		return
	}
	if bad := dnsName(ns, name); bad != "" {
		r.report(s, diag.BadName, &d.Name, "workload name %q %s", d.Name.Text, bad)
		return
	}
	if old := r.names[ns][name]; old != nil {
		r.report(s, diag.NameClash, &d.Name, "workload %s is already declared", old.Ref()).Relate(old.Span, "here")
		return
	}
	if old := r.pods[ns][name]; old != nil {
		r.report(s, diag.NameClash, &d.Name, "%q is already the name of pods", name).Relate(old.Span, "here")
		return
	}
	w := &ir.Workload{Namespace: ns, Name: name, Account: name, Span: s.span(&d.Name)}
	if d.Account != nil {
		ans, acc := s.splitRef(d.Account.Text)
		if strings.Contains(d.Account.Text, "/") && ans != ns {
			r.report(s, diag.BadName, d.Account, "workload %s runs in namespace %s, so its account cannot be in %s", w.Ref(), ns, ans)
		}
		if bad := dnsName(ns, acc); bad != "" {
			r.report(s, diag.BadName, d.Account, "account name %q %s", d.Account.Text, bad)
		}
		w.Account = acc
	}
	if d.Labels == nil {
		w.Labels = []ir.Label{{Key: r.p.Mesh.AppLabel, Value: name}}
		if len(name) > 63 {
			r.report(s, diag.BadName, &d.Name, "workload name %q is longer than a label value may be (63), so its labels must be written", name)
		}
	} else {
		w.Labels = r.labels(s, d.Labels)
	}
	seen := map[string]int{} // places of the ports, by number and by name
	for i := range d.Ports {
		r.declarePort(s, w, &d.Ports[i], seen)
	}
	slices.SortFunc(w.Ports, func(a, b ir.Port) int { return a.Number - b.Number })
	w.PortsKnown = len(w.Ports) > 0
	r.add(w)
}

func (r *resolver) declarePort(s *scope, w *ir.Workload, d *ast.Port, seen map[string]int) {
	if !r.port(s, d.Number) {
		return
	}
	p := ir.Port{Number: d.Number.Value, Span: s.span(d)}
	if d.Name != nil {
		p.Name = d.Name.Text
		p.Protocol, _ = ir.ProtocolNamed(p.Name)
	}
	if d.Protocol != nil {
		if !slices.Contains(protocols, d.Protocol.Text) {
			r.report(s, diag.BadSetting, d.Protocol, "protocol %q is not one that Istio knows", d.Protocol.Text).
				Advise("one of %s", strings.Join(protocols, ", "))
			return
		}
		p.Protocol, _ = ir.ProtocolNamed(d.Protocol.Text)
	}
	keys := []string{":" + strconv.Itoa(p.Number), p.Name}
	if p.Name == "" {
		keys = keys[:1]
	}
	first := len(w.Ports)
	for _, k := range keys {
		if i, twice := seen[k]; twice {
			first = min(first, i)
		}
	}
	if first < len(w.Ports) {
		old := w.Ports[first]
		what := "number " + strconv.Itoa(p.Number)
		if old.Number != p.Number {
			what = "name " + strconv.Quote(p.Name)
		}
		x := r.report(s, diag.NameClash, d, "two ports of workload %s have the %s", w.Ref(), what).Relate(old.Span, "the other one")
		if old.Number != p.Number {
			x.Advise("give it a name of its own, such as `%s-2`: Istio takes what stands before the \"-\" for the protocol", p.Name)
		} else {
			x.Advise("delete one of the two lines")
		}
		return
	}
	for _, k := range keys {
		seen[k] = first
	}
	w.Ports = append(w.Ports, p)
}

// protocols are the words for protocols that a port may be declared with, sorted.
var protocols = []string{"grpc", "grpc-web", "http", "http2", "https", "mongo", "mysql", "redis", "tcp", "tls"}

func (r *resolver) labels(s *scope, list []ast.Label) []ir.Label {
	var out []ir.Label
	seen := make(map[string]bool, len(list))
	for i := range list {
		l := &list[i]
		if bad := labelKey(l.Key.Text); bad != "" {
			r.report(s, diag.BadSetting, &l.Key, "label key %q %s", l.Key.Text, bad)
			continue
		}
		if bad := labelValue(l.Value.Text); bad != "" {
			r.report(s, diag.BadSetting, &l.Value, "label value %q %s", l.Value.Text, bad)
			continue
		}
		if seen[l.Key.Text] {
			r.report(s, diag.NameClash, &l.Key, "label %q is written twice", l.Key.Text)
			continue
		}
		seen[l.Key.Text] = true
		out = append(out, ir.Label{Key: l.Key.Text, Value: l.Value.Text})
	}
	sortLabels(out)
	return out
}

func sortLabels(l []ir.Label) {
	slices.SortFunc(l, func(a, b ir.Label) int { return strings.Compare(a.Key, b.Key) })
}

func labelsOf(m map[string]string) []ir.Label {
	out := make([]ir.Label, 0, len(m))
	for k, v := range m {
		out = append(out, ir.Label{Key: k, Value: v})
	}
	sortLabels(out)
	return out
}

func (r *resolver) declarePods(s *scope, d *ast.Pods) {
	ns, name := s.splitRef(d.Name.Text)
	p := &ir.Pods{Namespace: ns, Name: name, Labels: r.labels(s, d.Labels), Span: s.span(&d.Name)}
	if d.In != nil {
		if d.In.Mesh {
			p.Mesh, p.Namespace = true, r.p.Mesh.RootNamespace
		} else {
			p.Namespace = d.In.Name
			if strings.Contains(d.Name.Text, "/") && ns != p.Namespace {
				r.report(s, diag.BadName, &d.Name, "pods %q cannot be in namespace %s", d.Name.Text, p.Namespace)
				return
			}
		}
	}
	if bad := dnsName(p.Namespace, name); bad != "" {
		r.report(s, diag.BadName, &d.Name, "pods name %q %s", d.Name.Text, bad)
		return
	}
	if !p.Mesh && p.Namespace == r.p.Mesh.RootNamespace {
		r.report(s, diag.RootNamespace, &d.Name, "a policy in the root namespace %s with these labels reaches every namespace", p.Namespace).
			Advise("write `pods %s in mesh { ... }` if that is meant", name)
		return
	}
	at := ns // where the bare name is known: mesh-wide pods are named where they are written
	if !p.Mesh {
		at = p.Namespace
	}
	if old := r.pods[at][name]; old != nil {
		r.report(s, diag.NameClash, &d.Name, "pods %q are already declared", name).Relate(old.Span, "here")
		return
	}
	if old := r.names[at][name]; old != nil {
		r.report(s, diag.NameClash, &d.Name, "%q is already the name of a workload", name).Relate(old.Span, "here")
		return
	}
	if r.pods[at] == nil {
		r.pods[at] = map[string]*ir.Pods{}
	}
	r.pods[at][name] = p
	r.p.Pods = append(r.p.Pods, p)
}

// inventory adds what manifests say runs.
func (r *resolver) inventory() {
	inv := r.in.Inventory
	if inv == nil {
		return
	}
	for _, n := range inv.Namespaces {
		r.known[n.Name] = true
	}
	peers := map[string]*ir.Carriers[*ir.InventoryWorkload]{}
	for i := range inv.Workloads {
		w := &inv.Workloads[i]
		if peers[w.Namespace] == nil {
			peers[w.Namespace] = &ir.Carriers[*ir.InventoryWorkload]{}
		}
		peers[w.Namespace].Add(w.Labels, w)
	}
	for i := range inv.Workloads {
		x := &inv.Workloads[i]
		name := x.Name
		if old := r.names[x.Namespace][x.Name]; old != nil && i > 0 && r.twin(old, &inv.Workloads[i-1], x) {
			name += " (" + x.Kind + ")" // no statement can say that
		} else if old != nil {
			r.diags.Add(diag.NameClash, old.Span, "workload %s is declared here and also in the inventory", old.Ref()).
				Relate(x.Span, "%s in the inventory", x.Kind).Advise("delete the declaration, or rename one of the two")
			continue
		}
		if old := r.pods[x.Namespace][x.Name]; old != nil {
			r.diags.Add(diag.NameClash, old.Span, "pods %q have the name of a workload in the inventory", old.Name).
				Relate(x.Span, "%s in the inventory", x.Kind).Advise("rename the pods")
			continue
		}
		r.add(&ir.Workload{
			Namespace: x.Namespace, Name: name, Account: x.Account, DefaultAccount: x.DefaultAccount, AllLabels: x.Labels,
			Labels: r.pick(x, peers[x.Namespace]), Ports: x.Ports,
			PortsKnown: len(x.Ports) > 0 || x.Kind == "Job" || x.Kind == "CronJob", Guard: x.Guard, Gateway: x.Gateway, Span: x.Span,
		})
	}
}

// twin notes that two inventoried workloads, of two kinds, have one name: Kubernetes allows that, and a statement cannot.
func (r *resolver) twin(first *ir.Workload, last, x *ir.InventoryWorkload) bool {
	if last.Namespace != x.Namespace || last.Name != x.Name || first.Span != last.Span && r.twins[first] == nil {
		return false
	}
	if r.twins == nil {
		r.twins = map[*ir.Workload]*ir.InventoryWorkload{}
	}
	r.twins[first] = x
	return true
}

// pick chooses the labels that select the pods of an inventoried workload: the app label where it is enough, else the
// controller's own selector, else all labels of the pods. Whether they pick more is checked where the workload is a target.
func (r *resolver) pick(x *ir.InventoryWorkload, peers *ir.Carriers[*ir.InventoryWorkload]) []ir.Label {
	app := r.p.Mesh.AppLabel
	var choices [][]ir.Label
	if v, ok := x.Labels[app]; ok {
		choices = append(choices, []ir.Label{{Key: app, Value: v}})
	}
	if len(x.Selector) > 0 {
		choices = append(choices, labelsOf(x.Selector))
	}
	all := labelsOf(x.Labels)
	choices = append(choices, all)
	for _, c := range choices {
		alone := true
		for p := range peers.Picked(c) {
			if p != x {
				alone = false
				break
			}
		}
		if alone && ir.Picks(c, x.Labels) && len(c) > 0 {
			return c
		}
	}
	return all
}

// accounts learns who runs as what.
func (r *resolver) accounts() {
	r.runs = map[string][]*ir.Workload{}
	for _, ns := range slices.Sorted(maps.Keys(r.names)) {
		for _, name := range slices.Sorted(maps.Keys(r.names[ns])) {
			w := r.names[ns][name]
			k := ns + "/" + w.Account
			r.runs[k] = append(r.runs[k], w)
		}
	}
	for _, list := range r.runs {
		if len(list) > 1 {
			for i, w := range list {
				w.Shared = list[(i+1)%len(list)]
			}
		}
	}
}
