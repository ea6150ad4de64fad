package check

import (
	"iter"
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
)

// unrefused keeps the spellings that no deny surely refuses, for whoever a rule is about and an operation of it: what another deny
// refuses, or another operation of this one, is no way around it.
func (c *checker) unrefused(list []spelling, r *ir.Rule, op *ir.Operation) []spelling {
	for d := range c.refusing(r, op) {
		if len(list) == 0 {
			break
		}
		for i := range d.Entries {
			e := &d.Entries[i]
			if e.When != nil || !coversOperation(&e.Op, op) {
				continue // under a condition, or of other requests
			}
			cuts := slices.Concat(e.Cuts, d.Cuts)
			list = slices.DeleteFunc(slices.Clone(list), func(s spelling) bool {
				return c.spend(1+len(e.Op.Paths)+len(cuts)) && (len(e.Op.Paths) == 0 || matchesOne(e.Op.Paths, s.seen)) &&
					!slices.ContainsFunc(cuts, func(cut ir.Operation) bool {
						return meetOperations(&cut, op) && (len(cut.Paths) == 0 || matchesOne(cut.Paths, s.seen))
					})
			})
		}
	}
	return list
}

// refusing finds the denies that cover all pods and callers of a rule, on the ports of an operation of it.
func (c *checker) refusing(r *ir.Rule, op *ir.Operation) iter.Seq[*ir.Rule] {
	ports := op.Ports
	if r.Target.Port != 0 {
		ports = []int{r.Target.Port}
	}
	return func(yield func(*ir.Rule) bool) {
		x := c.denies()
		for i := range x.near(r.Target) {
			d := x.rules[i]
			if !c.spend(1) {
				return
			}
			if d.Target.Covers(r.Target) && (d.Target.Port == 0 || coversList([]int{d.Target.Port}, ports)) && (d == r || c.coversCallers(d.Sources, r.Sources)) && !yield(d) {
				return
			}
		}
	}
}

// denies finds the enforced denies without a condition.
func (c *checker) denies() *ruleIndex {
	if c.refused == nil {
		c.refused = &ruleIndex{}
		for _, r := range c.p.Rules {
			if r.Action == ast.Deny && !r.DryRun && r.When == nil {
				c.refused.add(r)
			}
		}
	}
	return c.refused
}

// coversCallers reports whether every caller of b, whatever its address and token, is one of a. It is true only where that can be read
// off the sources.
func (c *checker) coversCallers(a, b *ir.Sources) bool {
	if len(a.As)+len(a.From)+len(a.Except)+len(a.NotAs)+len(a.NotNet) > 0 || !c.spend(len(a.Any)*len(b.Any)) {
		return false
	}
	return !slices.ContainsFunc(b.Any, func(y ir.Source) bool {
		return !slices.ContainsFunc(a.Any, func(x ir.Source) bool { return includesSource(x, y) })
	})
}

// coversOperation reports whether every HTTP request of b is one of a, paths aside.
func coversOperation(a, b *ir.Operation) bool {
	return a.Speaks != ir.TCPTraffic && !a.GRPC && len(a.Hosts) == 0 && coversList(a.Methods, b.Methods) && coversList(a.Ports, b.Ports)
}

// coversList compares two lists of alternatives; an empty one is no test.
func coversList[T comparable](a, b []T) bool {
	return len(a) == 0 || len(b) > 0 && !slices.ContainsFunc(b, func(y T) bool { return !slices.Contains(a, y) })
}
