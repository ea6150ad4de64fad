package lang_test

import (
	"math/rand/v2"
	"strings"

	"github.com/zt-lang/ztc/lang/scan"
)

// gen writes random statements that parse, one kind of break between tokens at a time.
type gen struct {
	*rand.Rand
	breaks bool // lines go on in the next one where the language lets them
}

func (g gen) pick(s ...string) string { return s[g.IntN(len(s))] }

// gap is what stands where a line may go on.
func (g gen) gap() string {
	if !g.breaks || g.IntN(3) > 0 {
		return " "
	}
	return g.pick("\n  ", "\n", " # why\n  ", "\n\n    ", "\n  # why\n  ")
}

func (g gen) list(one func() string) string {
	out := one()
	for g.IntN(3) == 0 {
		out += "," + g.gap() + one()
	}
	return out
}

func (g gen) name() string {
	return g.pick("a", "web", "shop/web", "checkout-v2", "shop/*", "common.edge", "3scale", "read", "ns-003/svc-007", "default/all", "b"+string(rune('a'+g.IntN(26))))
}

func (g gen) str() string {
	return g.pick(`"/a"`, `"/carts/*"`, `"x.example"`, `"a\"b"`, `"10.0.0.0/8"`, `"when"`, `"->"`, `"# no comment"`, `"{"`, `"\u00e9"`, `"é"`)
}

func (g gen) source() string {
	switch g.IntN(8) {
	case 0:
		return g.pick("anyone", "authenticated", "plaintext")
	case 1:
		return "account " + g.name()
	case 2:
		return g.pick("principal ", "trust-domain ", "namespace ") + g.str()
	}
	return g.name()
}

func (g gen) sources() string {
	var s string
	if g.IntN(4) == 0 {
		s = "(" + g.gap() + g.list(g.source) + g.gap() + ")"
	} else {
		s = g.source()
	}
	if g.IntN(5) == 0 {
		s += " as" + g.gap() + g.list(g.str)
	}
	if g.IntN(5) == 0 {
		s += " from" + g.gap() + g.pick("", "client ") + g.list(g.str)
	}
	if g.IntN(5) == 0 {
		s += " except" + g.gap() + g.list(func() string { return g.pick(g.source(), "as"+g.gap()+g.str(), "from client "+g.str()) })
	}
	if !strings.ContainsAny(s, " ") && g.IntN(3) == 0 {
		s += "," + g.gap() + g.source()
	}
	return s
}

func (g gen) target() string {
	return g.pick("mesh", "gateway istio-system/public", "service shop/cart", "gateway-class w", g.name(), g.name(), g.name()) + g.pick("", "", ":8080", ":http", ":when")
}

// op is one operation whose parts are in order.
func (g gen) op() string {
	switch g.IntN(6) {
	case 0:
		return "grpc" + " " + g.list(g.str) + g.pick("", " port 80")
	case 1:
		return "port " + g.list(func() string { return g.pick("80", "9090") })
	}
	var out []string
	if g.IntN(2) == 0 {
		out = append(out, g.list(func() string { return g.pick("GET", "POST", "read", "M-SEARCH") }))
	}
	if len(out) == 0 || g.IntN(2) == 0 {
		out = append(out, g.list(g.str))
	}
	if g.IntN(4) == 0 {
		out = append(out, "host "+g.pick("", "exact ")+g.list(g.str))
	}
	if g.IntN(6) == 0 {
		out = append(out, "port 80,"+g.gap()+"90")
	}
	return strings.Join(out, " ")
}

func (g gen) cond(deep int) string {
	if deep > 2 {
		return `sni == "x"`
	}
	switch g.IntN(7) {
	case 0:
		return "not" + g.gap() + "(" + g.gap() + g.cond(deep+1) + g.gap() + ")"
	case 1:
		return "(" + g.gap() + g.cond(deep+1) + ")"
	case 2:
		return `claim["a"]["b"] ` + g.pick("is present", "is absent", "not in"+g.gap()+"["+g.gap()+g.list(g.str)+g.gap()+"]", "in"+g.gap()+"["+g.list(g.str)+"]")
	case 3:
		w := g.pick(" and", " or")
		return `header["x"] ==` + g.gap() + g.str() + w + g.gap() + `sni != "y"` + w + g.gap() + "(" + g.cond(deep+1) + ")"
	}
	return `header["x-env"] ` + g.pick("==", "!=") + g.gap() + g.str()
}

func (g gen) entries() string {
	sep := g.pick("; ", "\n  ", "\n\n  # why\n  ")
	s := " {" + g.pick(" ", "\n  ")
	for i := 0; i == 0 || g.IntN(2) == 0; i++ {
		if i > 0 {
			s += sep
		}
		s += g.pick(g.op(), "http", "tcp")
		if g.IntN(4) == 0 {
			s += " except" + g.gap() + g.op()
		}
		if g.IntN(4) == 0 {
			s += " when" + g.gap() + g.cond(0)
		}
	}
	return s + g.pick(" }", "\n}")
}

func (g gen) clauses(when bool) string {
	s := ""
	if when && g.IntN(4) == 0 {
		s += " when" + g.gap() + g.cond(0)
	}
	if g.IntN(5) == 0 {
		s += " until" + g.gap() + "2027-01-31"
	}
	if g.IntN(5) == 0 {
		s += " because" + g.gap() + g.str()
	}
	return s
}

func (g gen) rule() string {
	s := g.pick("", "", "", "", "dry-run ") + g.pick("allow", "allow", "deny", "audit", `delegate "p"`) + " "
	if g.IntN(6) == 0 {
		return s + "all " + g.pick("in"+g.gap()+g.list(func() string { return g.pick("mesh", "shop", "shop/*", "7") }), "on"+g.gap()+g.list(g.target)) + g.clauses(false)
	}
	s += g.sources() + " ->" + g.gap() + g.list(g.target)
	switch g.IntN(4) {
	case 0:
		s += g.entries()
	case 1, 2:
		s += " " + g.op()
	}
	for g.IntN(5) == 0 {
		s += " except" + g.gap() + g.op()
	}
	return s + g.clauses(true)
}

func (g gen) inner() string {
	switch g.IntN(8) {
	case 0:
		return "use web(" + g.gap() + g.list(func() string { return g.pick("a", "x: shop/b", "p: 80", "m: GET", `q: "/x"`) }) + ")"
	case 1:
		return "mtls " + g.pick("strict", "permissive", "disable") + " " + g.pick("in"+g.gap()+"mesh,"+g.gap()+"shop", "on"+g.gap()+"a port 8080") + g.clauses(false)
	case 2:
		return "jwt " + g.pick(g.str(), "issuer") + " in shop {\n  jwks \"k\"\n  audiences " + g.list(func() string { return g.pick(g.str(), "aud") }) + "\n  claims a list," + g.gap() + "b string; read header \"H\"\n}"
	}
	return g.rule()
}

func (g gen) expect() string {
	s := "expect " + g.pick("allow", "deny") + " " + g.sources() + " ->" + g.gap() + g.target() + " " + g.op()
	if g.IntN(3) == 0 {
		s += " with" + g.gap() + `header["x"] =` + g.gap() + g.str() + "," + g.gap() + `claim["g"] = [` + g.gap() + g.list(g.str) + "]"
	}
	return s
}

func (g gen) block(head string, one func() string) string {
	s := head + " {\n"
	for range g.IntN(4) {
		s += "  " + one() + g.pick("\n", ";\n", "\n  # why\n")
	}
	return s + "}"
}

func (g gen) statement() string {
	switch g.IntN(14) {
	case 0:
		return g.block("policy p"+g.pick("", "x", "y")+"(a, b)", g.inner)
	case 1:
		return g.block(`test "t"`, g.expect)
	case 2:
		return "group g =" + g.gap() + g.list(g.source)
	case 3:
		return g.pick("methods m = GET,"+g.gap()+"read", "paths p =\n  \"/a\","+g.gap()+"\"/b\"")
	case 4:
		return "workload w {\n  account a\n  labels app: x," + g.gap() + "tier: \"y\"\n  port http 80; port 90\n}"
	case 5:
		return "prove " + g.pick("only", "never", "always") + " " + g.sources() + " ->" + g.gap() + g.target() + " " + g.op()
	case 6:
		return g.pick("namespace n", "namespace n { data-plane ambient }", "mesh {\n  istio \"1.27\"\n  program p\n  provider \"opa\" grpc\n  providers multiple\n}", "pods p {\n  a: b\n  c: d,"+g.gap()+"e: f\n}", "import \"std/http\" as"+g.gap()+"h", "inventory \"a\","+g.gap()+"\"b\"")
	}
	return g.inner()
}

func (g gen) program(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(g.pick("", "", "# why\n", "\n") + g.statement() + g.pick("\n", "\n", ";\n", "; ", " # why\n", "\r\n"))
	}
	return b.String()
}

// mutate drops, doubles or swaps tokens, or puts a foreign one in.
func (g gen) mutate(text string) string {
	toks := scan.All(text)
	if len(toks) == 0 {
		return text
	}
	words := make([]string, len(toks))
	for i, t := range toks {
		words[i] = text[t.Start:t.End]
	}
	for range 1 + g.IntN(2) {
		i, j := g.IntN(len(words)), g.IntN(len(words))
		switch g.IntN(4) {
		case 0:
			words[i] = ""
		case 1:
			words[i] += " " + words[i]
		case 2:
			words[i], words[j] = words[j], words[i]
		case 3:
			words[i] += " " + g.pick(",", "->", "when", "GET", `"x"`, "in", "{", "}", "8080", "all", "é", "allow", "[", "(", ")", "/x", "*", "not", "\n", ":", `"\x"`, "\u200b", "web-*", `"GET"`) + " "
		}
	}
	return strings.Join(words, "")
}
