package proof

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/plane"
)

// why says what rules out a request of some callers to a destination before any policy is asked. fixed are the attributes that are
// stated or chosen, and q is what is asked. Where no single thing rules it out, or that takes too long to tell, it guesses.
func (w *World) why(x *asked, s *ir.Sources, d *Destination, chain int, fixed sem.Request, q *sem.Expr) string {
	rules := func(what *sem.Expr) bool { // out
		none, err := empty(fixed, q, what)
		return err == nil && none
	}
	attrs := map[sem.Attr]bool{}
	q.Attrs(attrs)
	stated(fixed, attrs)
	switch listed := x.listed(d); {
	case len(s.As) == 0 && slices.ContainsFunc(x.With, func(g ir.Given) bool {
		return g.Kind == ir.AttrClaim || g.Kind == ir.AttrAudience || g.Kind == ir.AttrPresenter
	}):
		return "a claim is that of a token, and it has none: `as` says whose"
	case listed != "":
		return listed
	case rules(sem.True):
		return "what it states, or an exception of its own, leaves none"
	case rules(d.callers()):
		return w.transport(d, fixed[sem.Attr{Kind: sem.Port}])
	case chain == httpChain && rules(d.tokens.Come(nil)):
		return "no `jwt` there verifies such a token"
	}
	if chain == httpChain {
		for _, a := range slices.SortedFunc(maps.Keys(attrs), compareAttrs) {
			if why := d.token(a); why != "" && rules(d.tokens.Come(map[sem.Attr]bool{a: true})) {
				return why
			}
		}
	}
	return "an exception, its ports, its `mtls` or its `jwt` statements rule it out"
}

// token says why tokens rule out a value of an attribute; "" for an attribute that they leave alone.
func (d *Destination) token(a sem.Attr) string {
	switch {
	case a == sem.Attr{Kind: sem.Claim, Name: "aud"}:
		var wanted []string
		for _, issuer := range d.tokens.Issuers {
			for _, v := range d.tokens.Audiences[issuer] {
				wanted = append(wanted, strconv.Quote(v))
			}
		}
		slices.Sort(wanted)
		return "a token with such an audience is refused, as the `jwt` there asks for " + strings.Join(slices.Compact(wanted), " or ")
	case a.Kind == sem.Header && slices.ContainsFunc(d.tokens.Headers, func(h plane.TokenHeader) bool { return h.Name == a.Name && !h.Kept }):
		return fmt.Sprintf("the `jwt` there reads tokens from %s: one that is verified is taken out, and a request with anything else in it is refused", noun(a))
	case a.Kind == sem.Header && slices.ContainsFunc(d.tokens.Headers, func(h plane.TokenHeader) bool { return h.Name == a.Name }):
		return fmt.Sprintf("the `jwt` there reads tokens from %s, and a request with anything else in it is refused", noun(a))
	}
	return ""
}

// transport says which callers a destination takes on a port, and which policy has it so.
func (w *World) transport(d *Destination, port sem.Value) string {
	n := 0 // which is no port
	if len(port.Parts) > 0 {
		n, _ = strconv.Atoi(port.Parts[0])
	}
	mode, by, err := w.mesh.Transport(w.around(d), &d.pod, n)
	said := "it accepts mTLS alone"
	if mode == plane.Disabled {
		said = "it takes no mTLS, so no caller has an identity there"
	}
	if err != nil || by == nil {
		return said
	}
	said += fmt.Sprintf(": PeerAuthentication %s/%s is %s", by.Namespace, by.Name, mode)
	if doc := w.others[by]; doc != nil {
		said += " (" + doc.Span.String() + ")"
	}
	return said
}

// listed says which claim a question states as a list, though tokens have one string there.
func (x *asked) listed(d *Destination) string {
	for _, g := range x.With {
		if a, v := intent.Stated(&g); a.Kind == sem.Claim && len(v.Parts) > 1 && d.strings[a] != nil {
			return "its `jwt` statement declares " + noun(a) + " to be a string, and not a list"
		}
	}
	return ""
}
