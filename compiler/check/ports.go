package check

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// portSet is what is known of the ports of a namespace or the mesh.
type portSet struct {
	known   bool // of every workload in it
	numbers map[int]bool
}

// ports warns of a port that nothing has which a rule covers: on more than one workload, or in an exception. On one workload
// it is an error, where names are resolved.
func (c *checker) ports(r *ir.Rule) {
	wide := r.Target.Kind != ir.OnWorkload
	if wide && r.Target.Port != 0 {
		c.port(r, r.Target.Port, r.On().PortSpan, "")
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		if wide {
			c.portsOf(r, &e.Op, "")
		}
		for j := range e.Cuts {
			c.portsOf(r, &e.Cuts[j], ", so this exception takes nothing away")
		}
	}
	for j := range r.Cuts {
		c.portsOf(r, &r.Cuts[j], ", so this exception takes nothing away")
	}
}

func (c *checker) portsOf(r *ir.Rule, op *ir.Operation, so string) {
	for _, n := range op.Ports {
		c.port(r, n, op.Span, so)
	}
}

func (c *checker) port(r *ir.Rule, n int, at source.Span, so string) {
	const first, last = 15000, 15099 // the proxy's own
	if n >= first && n <= last || c.told(diag.NoSuchPort, at) {
		return
	}
	var have portSet
	if w := r.Target.Workload; w != nil {
		if len(w.Ports) == 0 || w.Port(n) != nil {
			return
		}
		have = portSet{known: true, numbers: map[int]bool{}}
		for _, p := range w.Ports {
			have.numbers[p.Number] = true
		}
	} else if r.Target.Kind == ir.OnMesh || r.Target.Kind == ir.OnPods && r.Target.Pods.Mesh {
		have = c.portsIn("")
	} else {
		have = c.portsIn(r.Target.Namespace)
	}
	if !have.known || have.numbers[n] {
		return
	}
	c.tell(diag.NoSuchPort, at)
	who := r.Target.String() + " has no"
	if r.Target.Workload == nil {
		who = "no workload of " + r.Target.String() + " has"
	}
	d := c.diags.Add(diag.NoSuchPort, at, "%s port %d%s", who, n, so)
	var list []string
	for _, p := range slices.Sorted(maps.Keys(have.numbers)) {
		list = append(list, strconv.Itoa(p))
	}
	if len(list) > 8 {
		list = append(list[:8], "…")
	}
	if len(list) > 0 {
		d.Note("known ports are %s: those that the pods listen on, not those of Services", strings.Join(list, ", "))
	}
	d.Advise("declare port %d where it is, or name another", n)
}

// portsIn gathers the ports of the workloads of a namespace, or of the mesh for "". Without an inventory there may be others.
func (c *checker) portsIn(ns string) portSet {
	if !c.p.Inventoried {
		return portSet{}
	}
	if c.portSets == nil {
		c.portSets = map[string]portSet{}
		for _, w := range c.p.Workloads {
			for _, in := range []string{"", w.Namespace} {
				s, seen := c.portSets[in]
				if !seen {
					s = portSet{known: true, numbers: map[int]bool{}}
				}
				s.known = s.known && w.PortsKnown
				for _, p := range w.Ports {
					s.numbers[p.Number] = true
				}
				c.portSets[in] = s
			}
		}
	}
	return c.portSets[ns]
}
