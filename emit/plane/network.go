package plane

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
)

// port matches a port by its number.
func port(v string) (*sem.Expr, error) {
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil {
		return nil, errLost
	}
	return is(sem.Attr{Kind: sem.Port}, sem.Pattern{Op: sem.Range, Lo: int(n), Hi: int(n)}), nil
}

// block matches addresses by a block or by one address.
func block(kind sem.Kind) matching {
	return func(v string) (*sem.Expr, error) {
		p, err := prefix(v)
		if err != nil {
			return nil, errLost
		}
		return is(sem.Attr{Kind: kind}, sem.Pattern{Op: sem.Block, Text: p.Masked().String()}), nil
	}
}

// prefix reads a block, or an address as the block of itself; a zone is dropped.
func prefix(v string) (netip.Prefix, error) {
	if strings.Contains(v, "/") {
		return netip.ParsePrefix(v)
	}
	a, err := netip.ParseAddr(v)
	return netip.PrefixFrom(a, a.BitLen()), err
}

// path matches the path of a request, by Istio's wildcards or by a template.
func path(v string) (*sem.Expr, error) {
	a := sem.Attr{Kind: sem.Path}
	if !strings.Contains(v, "{*}") && !strings.Contains(v, "{**}") {
		return is(a, text(v, sem.NonEmpty, false)), nil
	}
	if !strings.HasPrefix(v, "/") || strings.Contains(v, "//") {
		return nil, notModelled("is a template that Envoy refuses with the whole of its configuration")
	}
	if fault := istio.PathFault(v); fault != "" {
		return nil, notModelled(fault)
	}
	return is(a, sem.Pattern{Op: sem.Template, Text: v}), nil
}
