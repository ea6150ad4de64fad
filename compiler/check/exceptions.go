package check

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// exception is what is known of an exception as it is written: a statement of a policy is several rules, and one of them is
// enough for it to take something away.
type exception struct {
	rule *ir.Rule
	what string
	used bool
}

// exceptions gathers the exceptions of a rule, and whether they take anything away.
func (c *checker) exceptions(r *ir.Rule) {
	for _, x := range r.Sources.Exceptions {
		c.exception(r, x.Span, x.Idle, "none of the callers named before it")
	}
	for j := range r.Cuts {
		cut := &r.Cuts[j]
		c.exception(r, cut.Span, !slices.ContainsFunc(r.Entries, func(e ir.Entry) bool { return cutMeets(r, &e, cut) }), "no part of what this rule says")
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		for j := range e.Cuts {
			c.exception(r, e.Cuts[j].Span, !cutMeets(r, e, &e.Cuts[j]), "no part of this operation")
		}
	}
}

// cutMeets reports whether a request may be of an operation and of what is cut from it: false only where it surely is not.
func cutMeets(r *ir.Rule, e *ir.Entry, cut *ir.Operation) bool {
	op := onPort(r.Target, &e.Op)
	return meetOperations(&op, cut) && meetLists(op.Paths, cut.Paths, ir.MeetPatterns) && meetLists(op.Hosts, cut.Hosts, ir.MeetPatterns)
}

func (c *checker) exception(r *ir.Rule, at source.Span, idle bool, what string) {
	x := c.excepted[at]
	if x == nil {
		if c.excepted == nil {
			c.excepted = map[source.Span]*exception{}
		}
		x = &exception{rule: r, what: what}
		c.excepted[at] = x
	}
	x.used = x.used || !idle || c.told(diag.NoSuchPort, at)
}

// idleExceptions warns of the exceptions that take nothing away.
func (c *checker) idleExceptions() {
	for at, x := range c.excepted { // in any order: diagnostics are sorted
		if x.used {
			continue
		}
		n := len(c.diags)
		c.diags.Add(diag.IdleException, at, "%s is %s, so this exception takes nothing away", brief(at.Text()), x.what).
			Advise("delete it, or name what was meant")
		x.rule.Via.Relate(c.diags[n:], x.rule.Span)
	}
}
