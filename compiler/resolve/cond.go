package resolve

import (
	"maps"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

func (r *resolver) cond(s *scope, c ast.Cond) (*ir.Cond, bool) {
	switch c := c.(type) {
	case nil:
		return nil, true
	case *ast.And:
		return r.condList(s, ir.CondAnd, c.List)
	case *ast.Or:
		return r.condList(s, ir.CondOr, c.List)
	case *ast.Not:
		return r.condList(s, ir.CondNot, []ast.Cond{c.X})
	case *ast.Pred:
		return r.test(s, c)
	}
	panic("unknown condition node")
}

func (r *resolver) condList(s *scope, op ir.CondOp, list []ast.Cond) (*ir.Cond, bool) {
	out := &ir.Cond{Op: op}
	ok := true
	for _, x := range list {
		y, good := r.cond(s, x)
		ok = ok && good
		out.List = append(out.List, y)
	}
	return out, ok
}

func (r *resolver) test(s *scope, p *ast.Pred) (*ir.Cond, bool) {
	key, kind, ok := r.attr(s, &p.Attr)
	if !ok {
		return nil, false
	}
	t := ir.Test{Key: key, Kind: kind, Op: p.Op, Span: s.span(p)}
	if kind == ir.AttrDestination && (p.Op == ast.Present || p.Op == ast.Absent) {
		r.report(s, diag.BadAttribute, p, "every connection has a destination address")
		return nil, false
	}
	for i := range p.Values {
		v := &p.Values[i]
		if kind == ir.AttrDestination {
			block, good := r.cidr(s, v)
			ok = ok && good
			t.Values = append(t.Values, block)
			continue
		}
		ok = r.pattern(s, v, v.Value, "value") && ok
		if kind == ir.AttrMetadata && strings.HasPrefix(v.Value, "[") && strings.HasSuffix(v.Value, "]") {
			r.report(s, diag.BadValue, v, "Istio takes the brackets of %q for a test of a list", v.Value)
			ok = false
		}
		if v.Value == "*" && (p.Op == ast.NotEqual || p.Op == ast.NotIn) {
			r.report(s, diag.BadValue, p, "present, and different from \"*\", is never true: * is every value").Advise("write `is absent` if that is meant")
			ok = false
		}
		if kind == ir.AttrSNI {
			t.Values = append(t.Values, strings.ToLower(v.Value)) // a DNS name, and Envoy compares it in lower case
			continue
		}
		t.Values = append(t.Values, v.Value)
	}
	return &ir.Cond{Op: ir.CondTest, Test: t}, ok
}

// attributes are the names that a condition may test, with the number of keys that follow in brackets (-1: one or more).
var attributes = map[string]struct {
	keys int
	kind ir.AttrKind
	key  string
}{
	"header":      {1, ir.AttrHeader, "request.headers"},
	"claim":       {-1, ir.AttrClaim, "request.auth.claims"},
	"audience":    {0, ir.AttrAudience, "request.auth.audiences"},
	"presenter":   {0, ir.AttrPresenter, "request.auth.presenter"},
	"sni":         {0, ir.AttrSNI, "connection.sni"},
	"destination": {0, ir.AttrDestination, "destination.ip"},
	"metadata":    {2, ir.AttrMetadata, "experimental."},
}

// elsewhereInRules says where what is no attribute of a condition stands in a rule.
var elsewhereInRules = func() map[string]string {
	m := map[string]string{}
	for where, names := range map[string]string{
		"methods stand after the target, as in `-> api GET`":                                                                    "method methods verb",
		"paths stand after the target, as in `-> api GET \"/x\"`":                                                               "path paths url uri",
		"hosts stand after the target, as in `-> api host \"api.example\"`":                                                     "host hostname authority",
		"a port stands with its target, as in `api:8080`, or in the operation, as in `port 8080`":                               "port ports",
		"callers are narrowed by an address as in `web from \"10.0.0.0/8\" -> ...`":                                             "ip address remote-ip source-ip client-ip cidr",
		"who calls stands before the arrow: a workload, `account shop/robot`, or `principal \"...\"`":                           "principal source caller identity serviceaccount service-account account namespace",
		"what a verified token says is `claim[\"name\"]`, and callers are narrowed by `as \"ISSUER/SUBJECT\"` before the arrow": "user subject sub token jwt role roles group groups scope email issuer iss",
	} {
		for _, n := range strings.Fields(names) {
			m[n] = where
		}
	}
	return m
}()

// attr turns an attribute into Istio's `when` key.
func (r *resolver) attr(s *scope, a *ast.Attr) (string, ir.AttrKind, bool) {
	def, ok := attributes[a.Name.Text]
	if !ok {
		d := r.report(s, diag.BadAttribute, &a.Name, "unknown attribute %q", a.Name.Text)
		if where := elsewhereInRules[a.Name.Text]; where != "" {
			d.Advise("%s", where)
		} else {
			r.suggest(s, d, a.Name, a.Name.Text, maps.Keys(attributes), func(x string) string { return x })
		}
		d.Note("attributes are header[\"x\"], claim[\"x\"], audience, presenter, sni, destination and metadata[\"filter\"][\"key\"]")
		return "", 0, false
	}
	if def.keys >= 0 && len(a.Keys) != def.keys || def.keys < 0 && len(a.Keys) == 0 {
		want := map[int]string{0: "stands alone", 1: "takes one key: header[\"x\"]", 2: "takes a filter and a key: metadata[\"envoy.filters.http.x\"][\"k\"]", -1: "takes a name: claim[\"x\"]"}[def.keys]
		r.report(s, diag.BadAttribute, a, "%s %s", a.Name.Text, want)
		return "", 0, false
	}
	key := def.key
	for i := range a.Keys {
		k := a.Keys[i].Value
		switch {
		case k == "" || !printable(k) || strings.ContainsAny(k, "[]"):
			r.report(s, diag.BadAttribute, &a.Keys[i], "%q cannot be a key here: Istio reads it inside brackets", k)
			return "", 0, false
		case def.kind == ir.AttrHeader:
			if k = strings.ToLower(k); !token(k) {
				r.report(s, diag.BadAttribute, &a.Keys[i], "%q is not a header name (RFC 9110)", a.Keys[i].Value)
				return "", 0, false
			}
		case def.kind == ir.AttrMetadata && i == 0:
			if !strings.HasPrefix(k, "envoy.filters.") {
				r.report(s, diag.BadAttribute, &a.Keys[i], "metadata of filter %q cannot be read: Istio knows filters whose name starts with envoy.filters.", k)
				return "", 0, false
			}
			key += k
			continue
		}
		key += "[" + k + "]"
	}
	return key, def.kind, true
}

func token(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}
