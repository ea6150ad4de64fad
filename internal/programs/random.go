package programs

import (
	"math/rand/v2"
	"strings"
)

// Head declares what random statements speak of.
const Head = `mesh {
	provider "oauth" http
	provider "opa" grpc
}
workload web
workload ops
workload shop/web
workload api { port http 8080; port http-metrics 9090; port db 5432 tcp; port admin 7000 }
workload plain { port http 8080 }
workload db { port db 5432 tcp; port db2 5433 tcp }
workload unknown
workload shop/front { labels app: front, tier: t; port http 8080 }
workload shop/db { labels app: db, tier: t; port db 5432 tcp }
pods tier in shop { tier: t }
jwt "https://i.example" in mesh { claims groups list, tier string }
deny all in default, shop
`

// Program makes a random program of one or two statements.
func Program(r *rand.Rand) string {
	text := Head
	if r.IntN(4) == 0 {
		text = strings.Replace(Head, "mesh {\n", "mesh {\n\ttrust-domain-aliases \"old.example\", \"partner.example\"\n", 1)
	}
	for range 1 + r.IntN(2) {
		s := Statement(r)
		if strings.Contains(s, "mesh") && strings.Contains(s, "allow") {
			text += "deny all in mesh\n"
		}
		text += s + "\n"
	}
	return text
}

// dice pick words.
type dice struct{ *rand.Rand }

// one is true once in n times.
func (d dice) one(n int) bool { return d.IntN(n) == 0 }

func (d dice) pick(list ...string) string { return list[d.IntN(len(list))] }

// some are one to n values.
func (d dice) some(n int, value func() string) []string {
	out := make([]string, 1+d.IntN(n))
	for i := range out {
		out[i] = value()
	}
	return out
}

// Statement makes a random statement of the language.
func Statement(r *rand.Rand) string {
	d := dice{r}
	list := func(n int, f func() string) string { return strings.Join(d.some(n, f), ", ") }
	caller := func() string {
		return d.pick("web", "ops", "shop/*", "shop/web", "authenticated", "plaintext", "anyone", `principal "p.example/ns/x*"`, `principal "*b/sa/y"`, `namespace "pr*"`,
			`namespace "x"`, `namespace "*d"`, `trust-domain "p.example"`, `trust-domain "p*"`, `principal "*-bot"`, `principal "cluster.local/ns/shop/sa/*"`)
	}
	callers := func() string {
		s := "(" + list(3, caller) + ")"
		if d.one(4) {
			s += ` as ` + d.pick(`"https://i.example/*"`, `"https://i.example/al"`, `"*"`, `"https://i.example/a*"`)
		}
		if d.one(5) {
			s += ` from ` + d.pick(`"10.0.0.0/8"`, `"10.0.0.0/8", "10.0.0.0/16"`)
		}
		if d.one(3) {
			s += " except " + list(3, func() string {
				return d.pick(caller(), caller(), `as "https://i.example/al"`, `as "*"`, `from "10.1.0.0/16"`)
			})
		}
		return s
	}
	operation := func(brace bool) string {
		if brace && d.one(3) {
			return d.pick("http", "tcp")
		}
		var parts []string
		if d.one(2) {
			parts = append(parts, list(2, func() string { return d.pick("GET", "POST", "PUT") }))
		}
		if d.one(3) {
			parts = append(parts, list(2, func() string { return d.pick(`"/a"`, `"/a/*"`, `"/b"`, `"*.css"`, `"/i/{*}/d"`, `"/i/{**}"`, `"*"`) }))
		}
		if d.one(6) {
			parts = append(parts, d.pick(`host "h.example"`, `host "H*"`, `host exact "h.example"`, `host "*.example", "h.example*"`))
		}
		if d.one(4) || len(parts) == 0 {
			parts = append(parts, "port "+list(2, func() string { return d.pick("8080", "9090", "5432", "7000", "1") }))
		}
		return strings.Join(parts, " ")
	}
	cuts := func() (s string) {
		for d.one(3) {
			s += " except " + operation(false)
		}
		return s
	}
	test := func() string {
		attr := d.pick(`header["x"]`, `header["y"]`, `claim["groups"]`, `claim["tier"]`, `sni`, `audience`, `header["host"]`, `claim["sub"]`, `metadata["envoy.filters.http.x"]["k"]`, "destination")
		if attr == "destination" {
			return attr + " " + d.pick("in", "not in") + ` ["10.0.0.0/8", "11.1.1.1"]`
		}
		value := d.pick(`"a"`, `"a*"`, `"*z"`)
		switch d.IntN(6) {
		case 0:
			return attr + " is present"
		case 1:
			return attr + " is absent"
		case 2:
			return attr + ` in ["b", ` + value + "]"
		case 3:
			return attr + ` not in ["c*", ` + value + "]"
		}
		return attr + d.pick(" == ", " != ") + value
	}
	var cond func(depth int) string
	cond = func(depth int) string {
		if depth == 0 || d.one(2) {
			s := test()
			if d.one(3) {
				return "not (" + s + ")"
			}
			return s
		}
		return "(" + cond(depth-1) + ")" + d.pick(" and ", " or ") + "(" + cond(depth-1) + ")"
	}
	when := func() string {
		if !d.one(3) {
			return ""
		}
		return " when " + cond(2)
	}
	action := d.pick("allow", "allow", "allow", "deny", "deny", "audit", `delegate "opa"`, `delegate "oauth"`)
	from := callers()
	if strings.HasPrefix(action, "delegate") {
		from = "anyone" + d.pick("", ` from "10.0.0.0/8"`, ` except from "10.0.0.0/8"`)
	}
	target := d.pick("api", "plain", "db", "unknown", "shop/*", "shop/front", "shop/db", "tier", "mesh", "api:8080", "api:5432", "api:7000", "default/*", "api", "api")
	s := action + " " + from + " -> " + target + " "
	switch d.IntN(4) {
	case 0:
	case 1:
		s += operation(false)
	default:
		s += "{ " + strings.Join(d.some(3, func() string { return operation(true) + cuts() + when() }), "; ") + " }"
	}
	return s + cuts() + when()
}

// Rare are statements that Statement seldom makes; most of them were once compiled to something else.
var Rare = []string{
	`deny anyone except plaintext -> api GET`,
	`allow anyone except plaintext, shop/* -> api`,
	`deny plaintext, ops except plaintext -> api`,
	`deny web from "10.0.0.0/8", "10.0.0.0/16" -> api`,
	`deny web -> plain GET except "*"`,
	`deny web -> plain GET when header["host"] is absent`,
	`deny web -> plain "/i/{*}/d" except "/i/{**}"`,
	`deny web -> plain host "h.example" when header["host"] in ["b", "a"]`,
	`audit web -> api { tcp; http except "*" }`,
	`audit plaintext -> shop/front { POST when audience in ["b", "a"] } except "*"`,
	`deny web -> api:7000 { POST; GET when header["x"] == "a" and header["x"] not in ["b", "a*"] }`,
	`allow ops -> plain GET host "*.example", "h.example*"`,
	`deny web as "https://i.example/a*" except as "https://i.example/al" -> plain`,
	`deny web except as "https://i.example/al" -> api`,
	`allow web -> api { GET "/a/*", "/a/{*}", "/b"; port 5432 }`,
	`allow web -> api GET, POST except POST "/a/*"`,
	`deny web -> api { GET "/a"; POST "/b" when header["x"] == "a" } when header["y"] != "b"`,
	`deny web -> api except GET`,
	`deny web -> plain when not (header["x"] != "a")`,
	`deny web -> plain when not (header["x"] == "a" and header["y"] == "b")`,
	`deny trust-domain "p.example" -> plain`,
	`deny web, trust-domain "*.example" -> plain`,
}
