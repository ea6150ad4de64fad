package resolve

import (
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// Bounds of what a program may expand to.
const (
	maxStatements = 2_000_000 // rules, members of groups and values of sets after expansion
	maxMembers    = 100_000   // of one group or set after expansion
	maxUses       = 32        // depth of policies in policies
	maxNested     = 1000      // depth of groups in groups, and of sets in sets
)

// enter begins the expansion of a group or set, in the scope where it was written: false for one that contains itself, and
// for one past a bound, which was reported. The caller leaves the definition when it is done.
func (r *resolver) enter(s *scope, d *definition, at ast.Node) (*scope, bool) {
	switch {
	case d.huge || r.statements > maxStatements:
		return nil, false
	case d.busy:
		r.report(s, diag.Recursion, at, "%s %q contains itself", d.kind(), d.name.Text).Relate(d.scope.span(&d.name), "defined here")
		return nil, false
	case r.nested >= maxNested:
		d.huge = true
		r.report(s, diag.TooManyStatements, at, "%s %q is nested in more than %d others", d.kind(), d.name.Text, maxNested).Relate(d.scope.span(&d.name), "defined here")
		return nil, false
	}
	r.nested++
	d.busy = true
	inner := d.scope
	inner.via = s.via
	if inner.unit.Std {
		inner.via = &ir.Use{Span: s.span(at), Outer: s.via}
	}
	return &inner, true
}

func (r *resolver) leave(d *definition) {
	r.nested--
	d.busy = false
}

// holdsHuge reports whether a member of a definition is past a bound, and with it the definition.
func (r *resolver) holdsHuge(inner *scope, d *definition, member string) bool {
	child := inner.definitions(r)[member]
	d.huge = d.huge || child != nil && child.huge
	return d.huge
}

// bounded bounds what one group or set expands to, n so far, and counts the last ones of them. A definition that was too large once is not expanded again.
func (r *resolver) bounded(s *scope, at ast.Node, d *definition, n, last int) bool {
	if n > maxMembers {
		d.huge = true
		r.report(s, diag.TooManyStatements, at, "%s %q expands to more than %d members", d.kind(), d.name.Text, maxMembers).Relate(d.scope.span(&d.name), "defined here")
		return false
	}
	return r.count(s, at, last)
}

// weight counts what a rule puts into the output for each of its targets: one, and the values beyond the first of each list.
func weight(src *ir.Sources, entries []ir.Entry, cuts []ir.Operation, when *ir.Cond) int {
	n := 1
	more := func(lens ...int) {
		for _, k := range lens {
			n += max(0, k-1)
		}
	}
	operations := func(list []ir.Operation) {
		for i := range list {
			o := &list[i]
			more(len(o.Methods), len(o.Paths), len(o.Hosts), len(o.Ports))
		}
	}
	var cond func(c *ir.Cond)
	cond = func(c *ir.Cond) {
		if c == nil {
			return
		}
		more(len(c.Test.Values), len(c.List))
		for _, x := range c.List {
			cond(x)
		}
	}
	more(len(src.Any), len(src.As), len(src.Except), len(src.NotAs))
	for _, list := range [][]ir.Net{src.From, src.NotNet} {
		for i := range list {
			more(len(list[i].Blocks))
		}
	}
	more(len(entries), len(cuts))
	operations(cuts)
	cond(when)
	for i := range entries {
		e := &entries[i]
		more(len(e.Op.Methods), len(e.Op.Paths), len(e.Op.Hosts), len(e.Op.Ports), len(e.Cuts))
		operations(e.Cuts)
		cond(e.When)
	}
	return n
}

// count bounds the expansion of a program.
func (r *resolver) count(s *scope, at ast.Node, n int) bool {
	before := r.statements
	r.statements += n
	if r.statements > maxStatements && before <= maxStatements {
		r.report(s, diag.TooManyStatements, at, "the program expands to more than %d rules and members", maxStatements)
	}
	return r.statements <= maxStatements
}
