package intent

import (
	"net/netip"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
)

// sources reads the callers of a rule: any of the sources, with a token, from an address, and none of the exceptions.
func (m mode) sources(s *ir.Sources) *sem.Expr {
	callers := make([]*sem.Expr, len(s.Any))
	for i := range s.Any {
		callers[i] = caller(&s.Any[i])
	}
	parts := []*sem.Expr{or(callers...)}
	if len(s.As) > 0 {
		parts = append(parts, m.test(subjects(s.As), false))
	}
	for i := range s.From {
		parts = append(parts, net(&s.From[i]))
	}
	for i := range s.Except {
		parts = append(parts, not(caller(&s.Except[i])))
	}
	if len(s.NotAs) > 0 {
		parts = append(parts, m.test(subjects(s.NotAs), true))
	}
	for i := range s.NotNet {
		parts = append(parts, not(net(&s.NotNet[i])))
	}
	return and(parts...)
}

func caller(s *ir.Source) *sem.Expr {
	authenticated := peer(pattern("*", sem.Any), pattern("*", sem.Any), pattern("*", sem.Any))
	switch s.Kind {
	case ir.Anyone:
		return sem.True
	case ir.Authenticated:
		return authenticated
	case ir.Plaintext:
		return not(authenticated)
	case ir.Namespace:
		return peer(sem.Pattern{}, pattern(s.Value, sem.Any), sem.Pattern{})
	case ir.TrustDomain:
		return peer(pattern(s.Value, sem.Any), sem.Pattern{}, sem.Pattern{})
	}
	return principal(s.Value)
}

func peer(domain, namespace, account sem.Pattern) *sem.Expr {
	return is(sem.Attr{Kind: sem.Peer}, domain, namespace, account)
}

// identity is the form of every identity: three parts, with words between them.
var identity = [...]string{0: "", 1: "ns", 2: "", 3: "sa", 4: ""}

// principal reads a pattern of the whole of an identity: exact, or open at one end. The segments at its closed end are taken
// to the letter. What has another form than identities have matches none.
func principal(v string) *sem.Expr {
	p := pattern(v, sem.Any)
	if p.Op == sem.Any {
		return peer(p, p, p)
	}
	given := strings.Split(p.Text, "/")
	at, open := 0, len(given)-1 // where the first segment stands, and which one is open
	switch {
	case len(given) > len(identity) || p.Op == sem.Exact && len(given) < len(identity):
		return sem.False
	case p.Op == sem.Exact:
		open = -1
	case p.Op == sem.Suffix:
		at, open = len(identity)-len(given), 0
	}
	var parts [3]sem.Pattern
	for i, text := range given {
		x := sem.Pattern{Op: sem.Exact, Text: text}
		if i == open {
			x.Op = p.Op
		}
		word := identity[at+i]
		switch {
		case word != "" && !hasWord(x, word), word == "" && x.Op == sem.Exact && text == "":
			return sem.False
		case word == "" && text != "":
			parts[(at+i)/2] = x
		}
	}
	return peer(parts[0], parts[1], parts[2])
}

func hasWord(p sem.Pattern, word string) bool {
	switch p.Op {
	case sem.Prefix:
		return strings.HasPrefix(word, p.Text)
	case sem.Suffix:
		return strings.HasSuffix(word, p.Text)
	}
	return word == p.Text
}

// subjects reads what tokens say: issuer and subject, which the last slash divides. A star asks for one.
func subjects(list []ir.Text) *sem.Expr {
	out := make([]*sem.Expr, len(list))
	for i, t := range list {
		issuer, subject := "*", "*"
		if j := strings.LastIndexByte(t.Value, '/'); j >= 0 {
			issuer, subject = t.Value[:j], t.Value[j+1:]
		}
		out[i] = is(sem.Attr{Kind: sem.Token}, pattern(issuer, sem.NonEmpty), pattern(subject, sem.NonEmpty))
	}
	return or(out...)
}

func net(n *ir.Net) *sem.Expr {
	kind := sem.SourceIP
	if n.Client {
		kind = sem.RemoteIP
	}
	list := make([]*sem.Expr, len(n.Blocks))
	for i := range n.Blocks {
		list[i] = is(sem.Attr{Kind: kind}, block(n.Blocks[i].Value))
	}
	return or(list...)
}

// block writes an address as the block of itself.
func block(v string) sem.Pattern {
	if a, err := netip.ParseAddr(v); err == nil {
		v = netip.PrefixFrom(a, a.BitLen()).String()
	}
	return sem.Pattern{Op: sem.Block, Text: v}
}
