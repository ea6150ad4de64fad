package lang_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// spellings are programs that parse without a word, and the number of their statements.
var spellings = []struct {
	text string
	n    int
}{
	{`mesh {
  program        shop-policies          # optional
  trust-domain   "cluster.local"
  root-namespace istio-system
  istio          "1.27"
  data-plane     sidecar
  app-label      app.kubernetes.io/name # default: app
}

namespace shop                          # to the end of the file
namespace legacy { data-plane ambient; waypoint legacy-waypoint }

workload checkout {
  account checkout-sa
  labels  app: checkout, tier: core
  port    http 8080
}
pods internal { exposure: internal }
pods ingress in mesh { istio: ingressgateway }

inventory "k8s/"
group edge      = istio-system/ingressgateway, shop/bff
methods read    = GET, HEAD, OPTIONS
paths   admin   = "/admin", "/admin/*"
import "std/http"
import "./common.zt"
`, 12},
	{`jwt "https://issuer.example/" on gateway istio-system/public {
  jwks      "https://issuer.example/keys"
  audiences "api"
  claims    groups list, tier string
  read header "Authorization" prefix "Bearer "
  keep token
  set header["x-user"] = claim["email"]
  split claim "scp"
  timeout 5s
}
`, 1},
	{`test "the hatch opens one way" {
  expect allow starboard -> portside GET
  expect deny  portside -> starboard GET
  expect deny  starboard -> portside POST "/"
  expect allow edge as "https://issuer.example/alice" -> backend GET "/x" with header["x-env"] = "prod", claim["groups"] = ["ops"]
}

prove only starboard -> portside
prove only web -> db GET "/status"
prove never shop/* -> payments/* POST
prove never anyone -> backend "/admin/*"
prove always prometheus -> shop/* GET "/metrics"
`, 6},
	{"policy web(app, db) { allow edge -> app read; allow app -> db:5432 }\nuse web(shop/front, shop/db)\n", 2},
	{"policy web(\n  app,\n  db\n) {\n  mtls strict in mesh\n  jwt \"i\" on b { jwks \"x\" }\n  use q(app: shop/x, m: GET, n: 80, p: \"/a\")\n}\npolicy none() { }\nuse none()", 3},
	{"deny all in shop\ndeny all in shop, legacy\ndeny all in mesh\ndeny all on db, shop/cart\nallow all in sandbox\nallow anyone -> sandbox/*\n", 6},
	{"mtls strict in mesh\nmtls strict in shop\nmtls permissive on legacy/old port 8080\nmtls disable on legacy/old because \"old\"\n", 4},
	{"deny all in default; allow starboard -> portside GET;\nallow a -> b # ztc:allow ZT1234 reason", 3},
	{"dry-run deny a -> b\naudit a -> b\ndelegate \"p\" a -> b\ndry-run delegate \"p\" a -> b GET until 2027-01-31 because \"x\"\n", 4},
	{"namespace 7\nnamespace gateway\nworkload default/all\nworkload shop/a.b { }\nnamespace x { }\nimport \"std/http\" as h\n", 6},
	{"workload d { port db 5432 tcp; port 80; port http 90 }\nworkload e { labels app.kubernetes.io/name: x, \"A b\": \"c\", tier: on, v: 1.2, gateway: GET }\npods p { a: b, c: d\n e: f }\n", 3},
	{"allow a ->\n  b, c GET\nallow a -> b GET \"/x\" except\n  \"/x/y\" except\n  DELETE \"/x\"\nallow legacy -> db until 2027-01-31 because\n    \"ticket 4711\"\n", 3},
	{"allow edge as \"https://issuer.example/*\" -> backend GET, POST \"/api/*\" when\n    # why\n    header[\"x-env\"] == \"prod\" and\n    claim[\"groups\"] in [\n      \"admin\",\n      \"ops*\"\n    ]\nallow c->d", 2},
	{"allow checkout -> inventory GET\nallow account audit -> test\nallow group, policy -> use\nallow a -> b:when\nallow a -> b : all\n", 5},
	{"allow a -> b {\n  GET \"/a\"\n  POST \"/b/*\" when header[\"x-env\"] == \"test\"\n\n  # c\n  port 9090; tcp\n}\r\nallow c -> d { http }\n", 2},
	{"methods m = GET, read, common.write, M-SEARCH\npaths p = \"/a\", admin, common.x\ngroup g = account shop/x, principal \"a/ns/b/sa/c\", trust-domain \"x\", namespace \"prod-*\", anyone, plaintext\n", 3},
	{"", 0}, {"\n\n# only a comment", 0}, {" ; ;\n", 0},
}

// parts of rules, and the text around them.
var parts = map[string][]string{
	"allow %s -> t": {
		"frontend", "shop/checkout", "shop/*", "edge", "common.edge", "account shop/robot", "account robot", `principal "partner.example/ns/x/sa/y"`, `principal "*/sa/robot"`,
		`trust-domain "partner.example"`, `namespace "prod-*"`, "authenticated", "plaintext", "anyone", "a, b, shop/c", "(a)", "(a, b)", "7/x", "3scale", "portside",
	},
	"allow s %s -> t": {
		`as "https://issuer.example/subject"`, `as "*"`, `as "a", "b"`, `from "10.0.0.0/8"`, `from client "203.0.113.0/24"`, `from "10.0.0.0/8" from client "1.2.3.4"`,
		"except legacy, batch/*", `except as "x", as "y"`, `except from "10.0.0.0/8", from client "1.2.3.4", account x`, `as "i/*" from "10.0.0.0/8" except legacy`,
	},
	"allow (web, api) %s -> t": {`as "https://issuer.example/*"`, "except legacy"},
	"allow s -> %s": {
		"backend", "backend:8080", "backend:http", "shop/*", "mesh", "edge", "gateway istio-system/public", "service shop/cart", "service-entry shop/db",
		"gateway-class istio-waypoint", "a, b:80, shop/*", "mesh:15020", "gateway istio-system/public:80",
	},
	"allow s -> t %s": {
		"GET", `GET, POST "/api/*"`, `read "/a", "/b/*"`, `"/items/{*}/detail"`, `host "api.example.com"`, `host exact "a.example"`, `grpc "shop.Cart/AddItem"`, `grpc "shop.Cart/*"`,
		"port 8080, 9090", "{ http }", "{ tcp }", `except "/api/internal/*"`, `except DELETE "/api/*"`, `except host "x.example"`, "except port 15020",
		`GET except "/x" except "/y"`, `{ GET "/a"; POST "/b/*" when header["x-env"] == "test"; port 9090; tcp }`, "{ POST; tcp }", `{ GET "/a" } except "/b" when sni == "x"`,
		`GET "/a" host "b" port 80`, `host "b" "/a"`, "read write", "common.read common.paths", `GET "*"`,
		`when header["x"] == "1"`, `until 2027-01-31`, `because "x"`, `GET because "x" until 2027-01-31 when sni != "y"`,
	},
	"allow s -> t when %s": {
		`header["x-env"] == "prod"`, `claim["groups"] in ["admin", "ops*"]`, `claim["a"]["b"] is present`, `claim["a"] is absent`, `header["x"] != "v"`, `header["x"] not in ["v"]`,
		`sni == "db.example"`, `destination in ["10.0.0.0/8"]`, `audience == "v"`, `presenter == "v"`, `metadata["envoy.filters.http.x"]["k"] == "v"`,
		`sni == "a" and sni == "b" and sni == "c"`, `sni == "a" or sni == "b"`, `not (sni == "a")`, `(sni == "a" and sni == "b") or sni == "c"`, `not (not (sni == "a"))`, `((sni == "a"))`,
	},
	"prove never s -> t %s": {"POST", `except "/a" when sni == "x"`, "{ GET; tcp }"},
}

func parse(text string) (*ast.File, diag.List) { return lang.Parse(source.New("t.zt", text)) }

func TestSpellings(t *testing.T) {
	for _, c := range spellings {
		tree, diags := parse(c.text)
		if len(diags) > 0 || len(tree.Stmts) != c.n {
			t.Errorf("%d statements, want %d, %v in\n%s", len(tree.Stmts), c.n, messages(diags), c.text)
		}
	}
	for around, list := range parts {
		for _, s := range list {
			text := fmt.Sprintf(around, s) + "\n"
			for _, text := range []string{text, strings.TrimSpace(text), "policy p(x) {\n" + text + "}\n"} {
				if strings.HasPrefix(around, "prove") && strings.HasPrefix(text, "policy") {
					continue
				}
				tree, diags := parse(text)
				if len(diags) > 0 || len(tree.Stmts) != 1 {
					t.Errorf("%d statements, %v: %s", len(tree.Stmts), messages(diags), text)
				}
			}
		}
	}
}

// messages prints diagnostics one by one: place, code, message.
func messages(l diag.List) (out []string) {
	for _, d := range l {
		out = append(out, fmt.Sprintf("%s %s %s", strings.TrimPrefix(d.Span.String(), "t.zt:"), d.Code, d.Message))
	}
	return out
}
