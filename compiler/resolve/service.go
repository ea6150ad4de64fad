package resolve

import (
	"cmp"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// behind says of an unknown workload that a Service has its name, and whose pods are behind it.
func (r *resolver) behind(s *scope, d *diag.Diagnostic, id ast.Ident, ns, name string) {
	if r.in.Inventory == nil {
		return
	}
	all := r.in.Inventory.Services
	i, found := slices.BinarySearchFunc(all, name, func(x ir.InventoryService, name string) int {
		return cmp.Or(strings.Compare(x.Namespace, ns), strings.Compare(x.Name, name))
	})
	if !found || len(all[i].Selector) == 0 {
		return
	}
	var names []string
	for w := range r.carriers(ns).Picked(labelsOf(all[i].Selector)) {
		if names = append(names, w.Name); len(names) > 8 {
			names[8] = "…"
			break
		}
	}
	if len(names) == 0 {
		return
	}
	d.Note("Service %s/%s sends to the pods of %s; a rule names workloads", ns, name, strings.Join(names, ", "))
	if len(names) == 1 && len(d.Fixes) == 0 {
		to := names[0]
		if strings.Contains(id.Text, "/") {
			to = ns + "/" + to
		}
		d.Fix(s.span(&id), to, "the workload behind the Service")
	}
}
