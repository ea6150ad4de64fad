package intent

import (
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
)

// Question is the set of the requests on a chain that are as a rule says, whatever a data plane could make of it: on a
// connection that is not HTTP, every attribute of HTTP is absent. Tests and proofs ask about such sets.
func (r *Reader) Question(x *ir.Rule, c Chain) *sem.Expr {
	if c == TCP {
		return r.read(x, absent)
	}
	return r.read(x, request)
}

// Bound is the set that `prove only` allows on a chain: as Question, but what a rule says of HTTP it says of requests, negated or
// not, so that a connection that is not HTTP is in none of it.
func (r *Reader) Bound(x *ir.Rule, c Chain) *sem.Expr {
	if c == TCP {
		return r.read(x, connection)
	}
	return r.read(x, request)
}

// Stated is what an expectation states of a request.
func Stated(g *ir.Given) (sem.Attr, sem.Value) {
	v := sem.Value{Parts: g.Values}
	if g.Kind == ir.AttrDestination {
		return sem.Attr{Kind: sem.DestIP}, v
	}
	a, part, _ := attr(&ir.Test{Key: g.Key, Kind: g.Kind})
	switch {
	case a.Kind == sem.Metadata && g.List:
		a.Kind = sem.MetadataList
	case a.Kind == sem.Token:
		v = sem.Value{Parts: make([]string, 2), Missing: [2]bool{true, true}}
		v.Parts[part], v.Missing[part] = g.Values[0], false
	}
	return a, v
}
