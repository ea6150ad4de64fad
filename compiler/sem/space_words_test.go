package sem

import (
	"strings"
	"testing"
)

// What a side says, in the words that callers make of it.
func TestSides(t *testing.T) {
	word := func(m Matcher) string {
		if m.Attr.Kind == Peer {
			return m.Parts[1].Text + "/" + m.Parts[2].Text
		}
		return m.Parts[0].Text
	}
	words := func(side Side) string {
		var out []string
		for _, m := range side.Is {
			out = append(out, "+"+word(m))
		}
		for _, m := range side.Not {
			out = append(out, "-"+word(m))
		}
		if side.All {
			out = append(out, "all")
		}
		if side.Unlisted {
			out = append(out, "unlisted")
		}
		if !side.Said {
			out = append(out, "unsaid")
		}
		return strings.Join(out, " ")
	}
	ns, sa := func(name string) *Expr { return exact(Peer, "", "", name, "") }, func(ns, name string) *Expr { return exact(Peer, "", "td", ns, name) }
	get, post := exact(Method, "", "GET"), exact(Method, "", "POST")
	others := []*Expr{ns("shop"), ns("bank"), sa("shop", "x"), sa("shop", "y"), sa("bank", "z"), get, post}
	for _, c := range []struct {
		x            *Expr
		peer, method string
	}{
		{True, "all", "all"},
		{And(ns("shop"), get), "+shop/", "+GET"},
		{And(Or(sa("shop", "x"), sa("bank", "z")), Not(get)), "+bank/z +shop/x", "-GET"},
		{And(ns("shop"), Not(sa("shop", "x"))), "+shop/ -shop/x", "all"},
		{Or(And(ns("shop"), Not(sa("shop", "x"))), sa("bank", "z")), "+shop/ +bank/z -shop/x", "all"},
		{Not(ns("shop")), "-shop/", "all"},
		{Not(Or(sa("shop", "x"), sa("shop", "y"), sa("bank", "z"))), "-bank/z -shop/x -shop/y", "all"},
		{Not(Or(ns("shop"), ns("bank"))), "unlisted", "all"},
		{And(Is(Matcher{}), Not(Or(ns("shop"), ns("bank"), get, post))), "+/ -bank/ -shop/", "unlisted"},
		{And(Or(Not(Is(Matcher{})), ns("shop")), Or(get, post)), "+shop/ unlisted", "+GET +POST"},
		{Not(Is(Matcher{})), "-/", "all"},
	} {
		s, err := NewSpace(Limits{}, nil, nil, append(others, c.x)...)
		if err != nil {
			t.Fatal(err)
		}
		set, err := s.Set(c.x)
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.Any(set)
		if err != nil {
			t.Fatal(err)
		}
		if peer, method := words(d.Box[0]), words(d.Box[1]); peer != c.peer || method != c.method {
			t.Errorf("%q, %q; want %q, %q", peer, method, c.peer, c.method)
		}
	}
}
