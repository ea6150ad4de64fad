package lower

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// leavesConnections warns, once a rule, of a condition that holds on absence and does not cover connections that are not HTTP,
// which have no such attribute. Whatever reads something of HTTP speaks of HTTP requests alone, in every action: the warning is
// for a reader who thinks of those connections. There is none where another alternative of the rule covers them.
func (l *lowerer) leavesConnections(r *ir.Rule, kp *knownPorts, cs []cube) {
	at, what := holdsOnAbsence(r)
	if what == "" {
		return
	}
	var incl inclusion
	for i := range cs {
		c := &cs[i]
		if !c.absentOnTCP() {
			continue
		}
		var left []string
		for _, p := range kp.tcp {
			if in := c.f[ports].in; (len(in) == 0 || slices.Contains(in, p)) && !slices.Contains(c.f[ports].out, p) {
				left = append(left, p)
			}
		}
		in := c.f[ports].in
		certain := r.Target.Kind == ir.OnWorkload && (kp.known || len(in) > 0 && subset(in, kp.http))
		if len(left) == 0 && (certain || r.Action != ast.Allow) { // of a deny whose ports are not known there is an error
			continue
		}
		wide := c.withoutHTTP()
		if slices.ContainsFunc(cs, func(d cube) bool { return !d.isHTTP() && incl.includes(&d, &wide) }) {
			continue
		}
		if r.Action != ast.Allow {
			l.diags.Add(diag.AbsentOnTCP, at, "port %s of %s does not speak HTTP, so its connections carry no %s, and this %s leaves them alone", strings.Join(byNumber(left), ", "), r.Target, what, r.Action).
				Advise("cover them with a statement of its own, `%s`, or name the ports that are meant", connectionsOf(r))
			return
		}
		also := "will not pass"
		if slices.ContainsFunc(cs, func(d cube) bool { return !d.isHTTP() }) {
			also = "pass only where another alternative of this rule lets them"
		}
		where := "connections to " + r.Target.String() + " that are not HTTP"
		if len(left) > 0 {
			where = "connections to port " + strings.Join(byNumber(left), ", ") + " of " + r.Target.String()
		}
		l.diags.Add(diag.TCPNotCovered, at, "%s carry no %s, for which this holds, and %s: what reads HTTP speaks of HTTP alone", where, what, also).
			Advise("write `{ http }` after the target if only HTTP is meant; a rule with `{ tcp }` lets the others through")
		return
	}
}

// tcpMatchesNothing reports an alternative `tcp` whose rule reads what only HTTP has, or that has such a condition of its own.
func (l *lowerer) tcpMatchesNothing(r *ir.Rule, e *ir.Entry) {
	l.diags.Add(diag.MatchesNothing, e.Op.Span, "this operation matches no connection: it speaks of those that are not HTTP, and what this %s asks of them contradicts that or itself", r.Action).
		Note("tokens and headers are of HTTP, so a condition, a token or an exception that reads one speaks of HTTP alone, absence included").
		Advise("write a statement of its own for those connections: `%s`", connectionsOf(r))
}

// connectionsOf spells a statement about the connections that are not HTTP to the target of a rule. A token that the rule asks
// for or excepts is not of them.
func connectionsOf(r *ir.Rule) string {
	from := "..."
	if s := r.Sources; len(s.Any) == 1 && s.Any[0].Kind == ir.Anyone && len(s.Except)+len(s.From)+len(s.NotNet) == 0 {
		from = "anyone"
	}
	to := r.Target.String()
	if r.Target.Port != 0 {
		to += ":" + strconv.Itoa(r.Target.Port)
	}
	return r.Action.String() + " " + from + " -> " + to + " { tcp }"
}

// absentOnTCP reports whether a cube reads HTTP only in ways that hold where there is none.
func (c *cube) absentOnTCP() bool {
	if c.http || c.tcp {
		return false
	}
	for f := range c.f {
		if field(f).http() && len(c.f[f].in) > 0 {
			return false
		}
	}
	return c.hasHTTPField() && !slices.ContainsFunc(c.conds, func(w when) bool { return w.http && len(w.in) > 0 })
}

// holdsOnAbsence finds the first part of a rule that reads HTTP and holds without, and says what it reads.
func holdsOnAbsence(r *ir.Rule) (at source.Span, what string) {
	if s := r.Sources; len(s.NotAs) > 0 && len(s.As) == 0 {
		return s.NotAs[0].Span, "token"
	}
	var walk func(c *ir.Cond, negated bool)
	walk = func(c *ir.Cond, negated bool) {
		switch {
		case c == nil || what != "":
		case c.Op == ir.CondTest:
			t := &c.Test
			if absent := t.Op == ast.Absent; t.Kind.HTTP() && absent != negated {
				at, what = t.Span, reading(t.Kind)
			}
		default:
			for _, x := range c.List {
				walk(x, negated != (c.Op == ir.CondNot))
			}
		}
	}
	walk(r.When, false)
	for i := range r.Entries {
		walk(r.Entries[i].When, false)
	}
	return at, what
}

// reading names what an attribute of HTTP is read from.
func reading(k ir.AttrKind) string {
	if k == ir.AttrHeader {
		return "header"
	}
	return "token"
}
