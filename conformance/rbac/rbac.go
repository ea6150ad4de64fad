// Package rbac evaluates the RBAC rules that istiod generates as Envoy's matchers do
// (source/extensions/filters/common/rbac/matchers.cc and source/common/common/matchers.cc of Envoy 1.40).
package rbac

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	rbacpb "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	template "github.com/envoyproxy/go-control-plane/envoy/extensions/path/match/uri_template/v3"
	matcher "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// Request is what the matchers read. On a TCP chain there are no headers, no path and no claims.
type Request struct {
	Peer     string // URI of the client certificate, "" without one
	Source   netip.Addr
	Remote   netip.Addr
	Dest     netip.Addr
	Port     uint32
	SNI      string
	HTTP     bool
	Headers  map[string][]string       // lower case names; ":method" and ":authority" among them
	Path     string                    // without query and fragment
	Metadata map[string]map[string]any // by filter
}

// Evaluator evaluates rules. It remembers the regular expressions that it has compiled.
type Evaluator struct{ regexps map[string]*regexp.Regexp }

// Matches reports whether a policy of the rules matches a request. Nil rules match nothing.
func (e *Evaluator) Matches(rules *rbacpb.RBAC, r *Request) (matched bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			if u, ok := p.(unmodelled); ok {
				err = error(u)
				return
			}
			panic(p)
		}
	}()
	for _, p := range rules.GetPolicies() {
		any := false
		for _, x := range p.Permissions {
			if e.permission(x, r) {
				any = true
				break
			}
		}
		if !any {
			continue
		}
		for _, x := range p.Principals {
			if e.principal(x, r) {
				return true, nil
			}
		}
	}
	return false, nil
}

// unmodelled is a matcher that istiod is not known to generate.
type unmodelled struct{ what string }

func (u unmodelled) Error() string { return "not modelled: " + u.what }

func (e *Evaluator) permission(p *rbacpb.Permission, r *Request) bool {
	switch x := p.Rule.(type) {
	case *rbacpb.Permission_Any:
		return x.Any
	case *rbacpb.Permission_AndRules:
		for _, y := range x.AndRules.Rules {
			if !e.permission(y, r) {
				return false
			}
		}
		return true
	case *rbacpb.Permission_OrRules:
		for _, y := range x.OrRules.Rules {
			if e.permission(y, r) {
				return true
			}
		}
		return false
	case *rbacpb.Permission_NotRule:
		return !e.permission(x.NotRule, r)
	case *rbacpb.Permission_Header:
		return e.header(x.Header, r)
	case *rbacpb.Permission_UrlPath:
		return r.HTTP && e.text(x.UrlPath.GetPath(), r.Path)
	case *rbacpb.Permission_UriTemplate:
		t := &template.UriTemplateMatchConfig{}
		if err := x.UriTemplate.GetTypedConfig().UnmarshalTo(t); err != nil {
			panic(unmodelled{err.Error()})
		}
		return r.HTTP && e.full(templateRegexp(t.PathTemplate), r.Path)
	case *rbacpb.Permission_DestinationIp:
		return within(x.DestinationIp, r.Dest)
	case *rbacpb.Permission_DestinationPort:
		return x.DestinationPort == r.Port
	case *rbacpb.Permission_RequestedServerName:
		return e.text(x.RequestedServerName, r.SNI)
	case *rbacpb.Permission_Metadata:
		return e.metadata(x.Metadata, r)
	}
	panic(unmodelled{fmt.Sprintf("permission %T", p.Rule)})
}

func (e *Evaluator) principal(p *rbacpb.Principal, r *Request) bool {
	switch x := p.Identifier.(type) {
	case *rbacpb.Principal_Any:
		return x.Any
	case *rbacpb.Principal_AndIds:
		for _, y := range x.AndIds.Ids {
			if !e.principal(y, r) {
				return false
			}
		}
		return true
	case *rbacpb.Principal_OrIds:
		for _, y := range x.OrIds.Ids {
			if e.principal(y, r) {
				return true
			}
		}
		return false
	case *rbacpb.Principal_NotId:
		return !e.principal(x.NotId, r)
	case *rbacpb.Principal_Authenticated_:
		if r.Peer == "" {
			return false
		}
		return x.Authenticated.PrincipalName == nil || e.text(x.Authenticated.PrincipalName, r.Peer)
	case *rbacpb.Principal_DirectRemoteIp:
		return within(x.DirectRemoteIp, r.Source)
	case *rbacpb.Principal_RemoteIp:
		return within(x.RemoteIp, r.Remote)
	case *rbacpb.Principal_Header:
		return e.header(x.Header, r)
	case *rbacpb.Principal_UrlPath:
		return r.HTTP && e.text(x.UrlPath.GetPath(), r.Path)
	case *rbacpb.Principal_Metadata:
		return e.metadata(x.Metadata, r)
	}
	panic(unmodelled{fmt.Sprintf("principal %T", p.Identifier)})
}

func within(block *core.CidrRange, a netip.Addr) bool {
	b, err := netip.ParseAddr(block.AddressPrefix)
	if err != nil || !a.IsValid() {
		return false
	}
	p, err := b.Prefix(int(block.PrefixLen.GetValue()))
	return err == nil && p.Contains(a)
}

// header matches each instance of a header by itself, as Envoy does since CVE-2026-26308.
func (e *Evaluator) header(m *route.HeaderMatcher, r *Request) bool {
	name := strings.ToLower(m.Name)
	if name == "host" {
		name = ":authority" // which is where Envoy keeps it
	}
	values := r.Headers[name]
	var ok bool
	switch x := m.HeaderMatchSpecifier.(type) {
	case *route.HeaderMatcher_PresentMatch:
		ok = len(values) > 0 == x.PresentMatch
	case *route.HeaderMatcher_StringMatch:
		for _, v := range values {
			ok = ok || e.text(x.StringMatch, v)
		}
	default:
		panic(unmodelled{fmt.Sprintf("header %T", m.HeaderMatchSpecifier)})
	}
	return ok != m.InvertMatch
}

func (e *Evaluator) text(m *matcher.StringMatcher, s string) bool {
	fold := func(t string) string { return t }
	if m.IgnoreCase {
		fold = asciiLower
	}
	switch x := m.MatchPattern.(type) {
	case *matcher.StringMatcher_Exact:
		return fold(s) == fold(x.Exact)
	case *matcher.StringMatcher_Prefix:
		return strings.HasPrefix(fold(s), fold(x.Prefix))
	case *matcher.StringMatcher_Suffix:
		return strings.HasSuffix(fold(s), fold(x.Suffix))
	case *matcher.StringMatcher_Contains:
		return strings.Contains(fold(s), fold(x.Contains))
	case *matcher.StringMatcher_SafeRegex:
		return e.full(x.SafeRegex.Regex, s)
	}
	panic(unmodelled{fmt.Sprintf("string %T", m.MatchPattern)})
}

func asciiLower(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

// full matches the whole of a string. The dot of RE2 has no line end, here as there.
func (e *Evaluator) full(expr, s string) bool {
	if e.regexps == nil {
		e.regexps = map[string]*regexp.Regexp{}
	}
	re := e.regexps[expr]
	if re == nil {
		var err error
		if re, err = regexp.Compile(`\A(?:` + expr + `)\z`); err != nil {
			panic(unmodelled{err.Error()})
		}
		e.regexps[expr] = re
	}
	return re.MatchString(s)
}

// templateRegexp follows uri_template_internal.cc.
func templateRegexp(t string) string {
	const class = "a-zA-Z0-9-._~%!$&'()+,;:@="
	var b strings.Builder
	for i := 0; i < len(t); i++ {
		switch {
		case strings.HasPrefix(t[i:], "**"):
			b.WriteString("[" + class + "/]*")
			i++
		case t[i] == '*':
			b.WriteString("[" + class + "]+")
		default:
			b.WriteString(regexp.QuoteMeta(t[i : i+1]))
		}
	}
	return b.String()
}

// metadata walks the path through objects, and matches a list by its elements, or else a value.
func (e *Evaluator) metadata(m *matcher.MetadataMatcher, r *Request) bool {
	var v any
	if of, ok := r.Metadata[m.Filter]; ok {
		v = of
	}
	for _, s := range m.Path {
		of, ok := v.(map[string]any)
		if !ok {
			v = nil
			break
		}
		v = of[s.GetKey()]
	}
	return e.value(m.Value, v) != m.Invert
}

func (e *Evaluator) value(m *matcher.ValueMatcher, v any) bool {
	switch x := m.MatchPattern.(type) {
	case *matcher.ValueMatcher_StringMatch:
		s, ok := v.(string)
		return ok && e.text(x.StringMatch, s)
	case *matcher.ValueMatcher_ListMatch:
		list, ok := v.([]any)
		if !ok {
			return false
		}
		for _, y := range list {
			if e.value(x.ListMatch.GetOneOf(), y) {
				return true
			}
		}
		return false
	case *matcher.ValueMatcher_OrMatch:
		for _, y := range x.OrMatch.ValueMatchers {
			if e.value(y, v) {
				return true
			}
		}
		return false
	case *matcher.ValueMatcher_PresentMatch:
		return v != nil == x.PresentMatch
	}
	panic(unmodelled{fmt.Sprintf("value %T", m.MatchPattern)})
}
