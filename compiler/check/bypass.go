package check

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// denySpellings warns, once a statement, of a deny or a delegate on a path or a host that another spelling walks around. Where its target
// is closed, only what an allow lets through counts.
func (c *checker) denySpellings(r *ir.Rule) {
	for i := range r.Entries {
		e := &r.Entries[i]
		if len(e.Op.Paths)+len(e.Op.Hosts) > 0 && !c.told(diag.DenySpelling, r.Span) && (c.denyPaths(r, e) || c.denyHosts(r, e)) {
			c.tell(diag.DenySpelling, r.Span)
		}
	}
}

func (c *checker) denyPaths(r *ir.Rule, e *ir.Entry) bool {
	if e.Op.GRPC {
		return false
	}
	for _, p := range e.Op.Paths {
		list := spellings(p)
		if c.spend(len(list) * len(e.Op.Paths)) {
			list = unmatched(list, e.Op.Paths)
		}
		list = c.unrefused(list, r, &e.Op)
		pass := list
		by := c.passes(r.Target, r.Sources, &e.Op, c.allows(), func(_ *ir.Rule, a *ir.Entry) bool {
			pass = list
			if len(a.Op.Paths) > 0 && c.spend((len(list)+1)*len(a.Op.Paths)) {
				pass = matched(list, a.Op.Paths)
				for _, q := range a.Op.Paths {
					if len(pass) == 0 {
						pass = c.unrefused(unmatched(through(p, q), e.Op.Paths), r, &e.Op)
					}
				}
			}
			return len(pass) > 0
		})
		if by.allow == nil {
			pass = list
		}
		if by.nothing || len(pass) == 0 {
			continue
		}
		d := c.diags.Add(diag.DenySpelling, e.Op.Span, "other spellings of %q are not %s: %s", p, verb(r), quoted(pass))
		serverReads(d)
		by.explain(d, r, "paths", "one by one")
		path := wanted(nil)
		if by.allow != nil {
			path = wanted(by.allow.Entries[0].Op.Paths)
		}
		line := allBut(r, path)
		switch {
		case r.Action == ast.Delegate:
			d.Advise("or have the provider asked about all but what needs no answer: `%s`", cmp.Or(line, "delegate "+strconv.Quote(r.Provider)+` ... { http } except "/orders"`))
		default:
			d.Advise("or refuse all but what is wanted, which holds in every spelling: `%s`", cmp.Or(line, `deny ... { http } except "/orders"`))
		}
		return true
	}
	return false
}

// verb is what a rule does to a request that it matches.
func verb(r *ir.Rule) string {
	switch r.Action {
	case ast.Delegate:
		return "asked about"
	case ast.Audit:
		return "recorded"
	}
	return "refused"
}

// serverReads says why spellings matter.
func serverReads(d *diag.Diagnostic) {
	d.Note("a proxy compares paths letter by letter; servers may collapse slashes, decode %%2F and %%20, cut off what follows a `;`, resolve `..;` or ignore case")
}

func (c *checker) denyHosts(r *ir.Rule, e *ir.Entry) bool {
	for _, h := range e.Op.Hosts {
		list := hostSpellings(h)
		if c.spend(len(list) * len(e.Op.Hosts)) {
			list = unmatched(list, e.Op.Hosts)
		}
		if len(list) == 0 {
			continue
		}
		by := c.passes(r.Target, r.Sources, &e.Op, c.allows(), func(_ *ir.Rule, a *ir.Entry) bool {
			return len(a.Op.Hosts) == 0 || !c.spend(len(list)*len(a.Op.Hosts)) || len(matched(list, a.Op.Hosts)) > 0
		})
		if by.nothing {
			continue
		}
		d := c.diags.Add(diag.DenySpelling, e.Op.Span, "other spellings of host %q are not %s: %s", h, verb(r), quoted(list))
		callerChooses(d)
		by.explain(d, r, "hosts", "one by one")
		return true
	}
	return false
}

func callerChooses(d *diag.Diagnostic) {
	d.Note("the caller chooses the host that it sends, and a proxy compares it letter by letter")
}

// exceptSpellings warns, once a statement, of a path or a host taken out of an allow: its other spellings stay in.
func (c *checker) exceptSpellings(r *ir.Rule) {
	for i := range r.Entries {
		e := &r.Entries[i]
		for _, cuts := range [][]ir.Operation{e.Cuts, r.Cuts} {
			for j := range cuts {
				if !c.told(diag.ExceptSpelling, r.Span) && c.cutLeaks(r, e, &cuts[j]) {
					c.tell(diag.ExceptSpelling, r.Span)
				}
			}
		}
	}
}

func (c *checker) cutLeaks(r *ir.Rule, e *ir.Entry, cut *ir.Operation) bool {
	if !meetOperations(&e.Op, cut) {
		return false
	}
	left := func(list []spelling, in, out []string) []spelling {
		if c.spend(len(list) * (len(in) + len(out))) {
			list = unmatched(list, out)
			if len(in) > 0 {
				list = matched(list, in)
			}
		}
		return list
	}
	for _, p := range cut.Paths {
		if list := c.unrefused(left(spellings(p), e.Op.Paths, cut.Paths), r, &e.Op); len(list) > 0 && !cut.GRPC {
			d := c.diags.Add(diag.ExceptSpelling, cut.Span, "other spellings of %q stay allowed: %s", p, quoted(list))
			serverReads(d)
			if line := narrowed(r); line != "" {
				d.Advise("name the paths that are wanted in place of the exception: `%s`", line)
			} else {
				d.Advise("name the paths that are wanted in place of the exception, one by one")
			}
			return true
		}
	}
	for _, h := range cut.Hosts {
		if list := left(hostSpellings(h), e.Op.Hosts, cut.Hosts); len(list) > 0 {
			d := c.diags.Add(diag.ExceptSpelling, cut.Span, "other spellings of host %q stay allowed: %s", h, quoted(list))
			callerChooses(d)
			d.Advise("name the hosts that are wanted in place of the exception")
			return true
		}
	}
	return false
}

// explain says what lets the other spellings through, and what to write there.
func (by *passing) explain(d *diag.Diagnostic, r *ir.Rule, what, how string) {
	switch {
	case by.open:
		d.Advise("close %s with `deny all`, and allow the %s that are wanted", r.Target, what)
		return
	case by.allow != nil:
		r.Via.And(d.Relate(by.allow.Span, "this allow lets them through"), by.allow.Via)
		if line := narrowed(by.allow); line != "" && what == "paths" {
			d.Advise("let that allow name the paths that are wanted: `%s`; what it does not name passes in no spelling", line)
			return
		}
	default:
		d.Note("there are too many allows to look at all of them")
	}
	d.Advise("let the allow name the %s that are wanted, %s: what it does not name passes in no spelling", what, how)
}

// unmatched keeps the spellings that none of the patterns matches, matched those that one does.
func unmatched(list []spelling, patterns []string) []spelling {
	return slices.DeleteFunc(slices.Clone(list), func(s spelling) bool { return matchesOne(patterns, s.seen) })
}

func matched(list []spelling, patterns []string) []spelling {
	return slices.DeleteFunc(slices.Clone(list), func(s spelling) bool { return !matchesOne(patterns, s.seen) })
}

func matchesOne(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return ir.MatchPath(p, path) })
}

// quoted lists the first of them for a message.
func quoted(list []spelling) string {
	var b strings.Builder
	for i, s := range list[:min(len(list), 6)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(s.sent))
	}
	return b.String()
}
