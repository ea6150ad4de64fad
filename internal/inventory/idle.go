package inventory

import (
	"maps"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
)

// maxCompared is how many pairs of names are compared for likeness.
const maxCompared = 100_000

// idleServices warns of Services whose selector picks no pods, where the pods of their namespace are known. A label whose key no
// template of the namespace has may be one that pods get while they run, such as statefulset.kubernetes.io/pod-name.
func (l *linker) idleServices(services []service, by map[string][]*workload, blind map[string]bool) {
	type key struct{ namespace, label string }
	known := map[key]bool{}
	for ns, list := range by {
		for _, w := range list {
			for k := range w.Labels {
				known[key{ns, k}] = true
			}
		}
	}
	reported := 0
	for i := range services {
		s := &services[i]
		near := by[s.Namespace]
		if len(s.Selector) == 0 || s.picks || blind[s.Namespace] || l.matches > maxMatches {
			continue
		}
		later := false
		for k := range s.Selector {
			later = later || !known[key{s.Namespace, k}]
		}
		if later {
			continue
		}
		if reported++; reported > manifest.MaxFaults {
			return
		}
		d := l.diags.Add(diag.InventoryPicksNothing, s.Span, "Service %q picks no pods: in namespace %q nothing of the inventory has %s",
			s.Name, s.Namespace, labelText(s.Selector, s.Selector))
		if w := likest(s, near); w != nil {
			d.Relate(w.Span, "the pods of this %s have %s", w.Kind, labelText(s.Selector, w.Labels))
		}
		d.Advise("correct its selector, or the labels of the pods; or give the manifests of what it is for")
	}
}

// likest finds the workload that has the name of a Service, or else the most of the labels that it asks for.
func likest(s *service, list []*workload) (best *workload) {
	most := 0
	for _, w := range list[:min(len(list), maxCompared)] {
		if w.Name == s.Name {
			return w
		}
		n := 0
		for k, v := range s.Selector {
			if have, ok := w.Labels[k]; ok && have == v {
				n++
			}
		}
		if n > most {
			best, most = w, n
		}
	}
	return best
}

// labelText spells the values that labels have for the keys of a selector.
func labelText(selector, labels map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(selector)) {
		if v, ok := labels[k]; ok {
			out = append(out, k+": "+v)
		} else {
			out = append(out, "no "+k)
		}
	}
	return strings.Join(out, ", ")
}

// idleAccounts warns of ServiceAccounts that nobody runs as, where a workload was surely meant to: it has the same name, and
// runs as no account of its own, or it names an account that is not there and has nearly that name. Others may be for whoever
// calls from elsewhere.
func (l *linker) idleAccounts(accounts []ir.InventoryName, by map[string][]*workload, blind map[string]bool) {
	type name struct{ namespace, name string }
	exists, runs, bare := map[name]bool{}, map[name]bool{}, map[name]*workload{}
	for _, a := range accounts {
		exists[name{a.Namespace, a.Name}] = true
	}
	astray := map[string][]*workload{} // by namespace: those that run as an account that is not there
	for ns, list := range by {
		for _, w := range list {
			runs[name{ns, w.Account}] = true
			switch {
			case w.DefaultAccount && bare[name{ns, w.Name}] == nil:
				bare[name{ns, w.Name}] = w
			case !w.DefaultAccount && !exists[name{ns, w.Account}]:
				astray[ns] = append(astray[ns], w)
			}
		}
	}
	reported, compared := 0, 0
	for _, a := range accounts {
		k := name{a.Namespace, a.Name}
		if runs[k] || blind[a.Namespace] {
			continue
		}
		w := bare[k]
		for i := 0; w == nil && i < len(astray[a.Namespace]) && compared < maxCompared; i++ {
			compared++
			if x, most := astray[a.Namespace][i], max(1, len(a.Name)/3); diag.Distance(a.Name, x.Account, most+1) <= most {
				w = x
			}
		}
		if w == nil {
			continue
		}
		if reported++; reported > manifest.MaxFaults {
			return
		}
		d := l.diags.Add(diag.InventoryIdleAccount, a.Span, "nothing of namespace %q runs as ServiceAccount %q", a.Namespace, a.Name)
		if w.DefaultAccount {
			d.Relate(w.Span, "this %s names no account, so it runs as \"default\"", w.Kind)
		} else {
			d.Relate(w.Span, "this %s runs as %q, which is no ServiceAccount of the inventory", w.Kind, w.Account)
		}
		d.Advise("if its pods are to have that account, write `serviceAccountName: %s` in their template", a.Name)
	}
}
