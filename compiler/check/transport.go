package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// rank orders mtls statements as Istio does: the closer one to a port of a workload wins.
func rank(m *ir.MTLS) int {
	switch {
	case m.Target.Port != 0:
		return 3
	case m.Target.Labels() != nil:
		return 2
	case m.Target.Kind == ir.OnNamespace:
		return 1
	}
	return 0
}

// strict returns the statement by which every connection to a target has to be mTLS, nil when there is none, and the one that
// says otherwise, nil when none does.
func (c *checker) strict(t *ir.Target) (by, against *ir.MTLS) { return c.mode(t, "STRICT") }

// mode returns the statement by which a mode holds for all of a target, nil when there is none, and the one that says
// otherwise, nil when none does. A gateway terminates what comes from outside as its Gateway says, and mtls statements say
// nothing of that.
func (c *checker) mode(t *ir.Target, mode string) (by, against *ir.MTLS) {
	if len(c.p.MTLS) == 0 || c.isGateway(t) {
		return nil, nil
	}
	if c.transport == nil {
		c.transport = &transport{}
		for _, m := range c.p.MTLS {
			c.transport.covering.Add(&m.Target)
			c.transport.meeting.add(&m.Target)
		}
	}
	for _, i := range c.transport.covering.Of(t) {
		m := c.p.MTLS[i]
		if m.Target.Port != 0 && m.Target.Port != t.Port {
			continue
		}
		if m.Mode == mode && (by == nil || rank(m) > rank(by)) {
			by = m
		}
		if m.Mode != mode && (against == nil || rank(m) > rank(against)) {
			against = m
		}
	}
	if by == nil || c.gatewayIn(t) != nil {
		return nil, against
	}
	for i := range c.transport.near(t) {
		m := c.p.MTLS[i]
		if !c.spend(1) {
			return nil, nil
		}
		if m.Mode != mode && rank(m) >= rank(by) && meets(&m.Target, t) {
			return nil, m
		}
	}
	return by, nil
}

// gatewayTransport warns of modes of gateways, which nothing reads.
func (c *checker) gatewayTransport() {
	for _, m := range c.p.MTLS {
		if m.Target.IsGateway() {
			n := len(c.diags)
			c.diags.Add(diag.MTLSAtGateway, m.Span, "%s is a gateway, and ends connections as its Gateway says: no mode of mTLS is read there", &m.Target).
				Advise("delete it, and say in the Gateway what it takes: `tls: {mode: ISTIO_MUTUAL}`, or MUTUAL with the roots of its clients")
			m.Via.Relate(c.diags[n:], m.Span)
		}
	}
}

// withoutMTLS warns of a rule for callers with an identity, of ports to which none comes with one. It reports whether it did.
func (c *checker) withoutMTLS(r *ir.Rule) bool {
	if len(c.p.MTLS) == 0 || r.All || slices.ContainsFunc(r.Sources.Any, func(x ir.Source) bool { return !hasIdentity(x.Kind) }) {
		return false
	}
	if c.told(diag.MTLSOff, r.Span) {
		return true
	}
	for i := range r.Entries {
		for _, port := range portsOf(r.Target, &r.Entries[i].Op) {
			t := *r.Target
			t.Port = port
			by, _ := c.mode(&t, "DISABLE")
			if by == nil {
				continue
			}
			where := t.String()
			if port != 0 {
				where = "port " + strconv.Itoa(port) + " of " + where
			}
			c.tell(diag.MTLSOff, r.Span)
			d := c.diags.Add(diag.MTLSOff, r.Span, "%s takes no mTLS, so nobody there has an identity that this %s could match", where, r.Action)
			d.Relate(by.Span, "by this statement")
			d.Advise("take mTLS there: `mtls permissive` or `mtls strict`; or name callers without an identity, and where they come from: `plaintext from \"10.0.0.0/8\"`")
			return true
		}
	}
	return false
}

// portsOf are the ports that an operation on a target is about; 0 for all of them, where they are not known one by one.
func portsOf(t *ir.Target, o *ir.Operation) []int {
	switch {
	case t.Port != 0:
		return []int{t.Port}
	case len(o.Ports) > 0:
		return o.Ports
	case t.Kind != ir.OnWorkload || len(t.Workload.Ports) == 0:
		return []int{0}
	}
	out := make([]int, len(t.Workload.Ports))
	for i := range out {
		out[i] = t.Workload.Ports[i].Number
	}
	return out
}

type transport struct {
	covering ir.Covering
	meeting
}

// denyIdentity warns of a deny or audit that goes by identities where the same caller passes without one. `authenticated` alone
// says what it means; with an exception it is everybody else, less those who leave their identity out.
func (c *checker) denyIdentity(r *ir.Rule) {
	s := r.Sources
	all := slices.ContainsFunc(s.Any, func(x ir.Source) bool { return x.Kind == ir.Authenticated })
	if c.told(diag.PlaintextPasses, r.Span) || all && len(s.Except) == 0 || slices.ContainsFunc(s.Any, func(x ir.Source) bool { return !hasIdentity(x.Kind) }) {
		return
	}
	by, against := c.strict(r.Target)
	if by != nil || len(c.noPlaintext().Of(r.Target)) > 0 {
		return
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		pass := c.passes(r.Target, &ir.Sources{Any: []ir.Source{{Kind: ir.Plaintext}}}, &e.Op, c.allowsPlaintext(), func(_ *ir.Rule, a *ir.Entry) bool {
			return meetLists(a.Op.Paths, e.Op.Paths, ir.MeetPatterns) && meetLists(a.Op.Hosts, e.Op.Hosts, ir.MeetPatterns)
		})
		if pass.nothing {
			continue
		}
		d := c.diags.Add(diag.PlaintextPasses, s.Span, "%s goes by an mTLS identity, and %s accepts plaintext: the same caller without a certificate is not %s", brief(s.Span.Text()), r.Target, verb(r))
		d.Severity = diag.Warning // until compiler/lint has found a request that passes
		switch {
		case pass.allow != nil:
			r.Via.And(d.Relate(pass.allow.Span, "this allow lets it through"), pass.allow.Via)
		case pass.open:
			d.Note("no `deny all` covers %s, so what no deny refuses passes", r.Target)
		}
		switch {
		case against != nil:
			r.Via.And(d.Relate(against.Span, "this statement has it accepted"), against.Via).
				Advise("take mTLS only: write `mtls strict` there")
		case c.gatewayIn(r.Target) != nil:
			d.Note("%s is a gateway, which takes callers as its Gateway says, whatever `mtls` says", c.gatewayIn(r.Target).Ref()).
				Advise("name the targets that are no gateways, where these are meant")
		case !c.isGateway(r.Target):
			d.Advise("take mTLS only: `mtls strict in %s`", c.scope(r.Target))
		}
		switch {
		case all:
			d.Advise("write `anyone` in place of `authenticated`: it takes in callers without an identity")
		case r.Action == ast.Deny && pass.allow != nil && slices.ContainsFunc(pass.allow.Sources.Any, func(x ir.Source) bool { return x.Kind == ir.Plaintext }):
			d.Advise("leave what is refused here out of that allow: it names plaintext callers, and this caller may be one") // to refuse them could leave the allow dead
		default:
			d.Advise("name plaintext callers as well: `%s plaintext -> ...` with the same operations", r.Action)
		}
		c.tell(diag.PlaintextPasses, r.Span)
		return
	}
}

// scope names the scope that a target lies in, as `in` takes it.
func (c *checker) scope(t *ir.Target) string {
	if t.Kind == ir.OnMesh || t.Namespace == c.p.Mesh.RootNamespace {
		return "mesh"
	}
	return t.Namespace
}

// noPlaintext finds the denies that refuse every plaintext caller of a target.
func (c *checker) noPlaintext() *ir.Covering {
	if c.plaintext == nil {
		c.plaintext = &ir.Covering{}
		for _, r := range c.p.Rules {
			s := r.Sources
			if r.Action != ast.Deny || r.DryRun || r.When != nil || r.Target.Port != 0 || len(r.Cuts)+len(s.As)+len(s.From)+len(s.NotAs)+len(s.NotNet) > 0 ||
				!slices.ContainsFunc(s.Any, func(x ir.Source) bool { return !hasIdentity(x.Kind) }) ||
				slices.ContainsFunc(s.Except, func(x ir.Source) bool { return !hasIdentity(x.Kind) }) {
				continue
			}
			if slices.ContainsFunc(r.Entries, func(e ir.Entry) bool {
				return !e.Op.HTTP() && e.Op.Speaks == ir.AnyTraffic && len(e.Op.Ports)+len(e.Cuts) == 0 && e.When == nil
			}) {
				c.plaintext.Add(r.Target)
			}
		}
	}
	return c.plaintext
}

// allowPlaintext warns of an allow for callers without an identity where none comes.
func (c *checker) allowPlaintext(r *ir.Rule) {
	if r.All || c.told(diag.PlaintextRefused, r.Span) {
		return
	}
	if n := int(r.Plain.Sources); n > 0 { // which others share: they are looked at once
		known := c.flag(&c.identified, n)
		if *known {
			return
		}
		*known = !slices.ContainsFunc(r.Sources.Any, func(x ir.Source) bool { return !hasIdentity(x.Kind) })
	}
	for _, x := range r.Sources.Any {
		if hasIdentity(x.Kind) {
			continue
		}
		by, _ := c.strict(r.Target)
		if by == nil {
			return
		}
		c.tell(diag.PlaintextRefused, r.Span)
		if x.Kind == ir.Plaintext {
			d := c.diags.Add(diag.PlaintextRefused, x.Span, "\"plaintext\" never gets here: %s takes mTLS only", r.Target)
			r.Via.And(d.Relate(by.Span, "by this statement"), by.Via)
			if r.Target.Labels() == nil { // Istio has no port modes there
				d.Advise("delete it, or make exceptions for the ports that are meant: `mtls permissive on WORKLOAD port ...`")
			} else {
				d.Advise("delete it, or make an exception for the port that is meant: `mtls permissive on %s port ...`", r.Target)
			}
			return
		}
		d := c.diags.Add(diag.PlaintextRefused, x.Span, "\"anyone\" includes callers without a certificate, and %s takes mTLS only, so they are refused before any rule", r.Target)
		r.Via.And(d.Relate(by.Span, "by this statement"), by.Via)
		if x.Span.File == r.Span.File && x.Span.Start >= r.Span.Start && x.Span.End <= r.Span.End { // not of a group that others use
			d.Fix(x.Span, "authenticated", "say who is left")
		} else {
			d.Relate(r.Span, "for this allow").Advise("write `authenticated` here, for those who are left")
		}
		return
	}
}

// brief quotes a part of a statement for a message: one that holds strings in backquotes.
func brief(text string) string {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		text = text[:i]
	}
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "…"
	}
	if strings.Contains(text, `"`) {
		return "`" + text + "`"
	}
	return `"` + text + `"`
}
