package lang_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
)

// slips are small slips of authors: what is reported, and what its first certain fix makes of the text ("" for none).
// A fixed text parses without a word, unless it ends in "…".
var slips = []struct{ text, want, fixed string }{
	// lines
	{"deny a -> b GET\n  when header[\"x\"] == \"1\"", `2:3 ZT0005 "when" at the start of a line: a line goes on only where its own end says so`, "deny a -> b GET when\n  header[\"x\"] == \"1\""},
	{"deny a -> b GET # why\n  because \"x\"", `2:3 ZT0005 "because" at the start of a line: a line goes on only where its own end says so`, "deny a -> b GET because # why\n  \"x\""},
	{"deny a -> b GET\n\n# removed\nuntil 2027-01-31", `4:1 ZT0005 "until" at the start of a line: a line goes on only where its own end says so`, ""},
	{"deny a -> b;\n  until 2027-01-31", `2:3 ZT0005 "until" at the start of a line: a line goes on only where its own end says so`, ""},
	{"allow anyone\n  except b -> c", `2:3 ZT0005 "except" at the start of a line: a line goes on only where its own end says so`, "allow anyone except\n  b -> c"},
	{"allow a\n  -> b", `2:3 ZT0005 "->" at the start of a line: a line goes on only where its own end says so`, "allow a ->\n  b"},
	{"allow a\n  , b -> c", `2:3 ZT0005 "," at the start of a line: a line goes on only where its own end says so`, "allow a,\n  b -> c"},
	{"allow a -> b GET\n  and sni == \"x\"", `2:3 ZT0005 "and" at the start of a line: a line goes on only where its own end says so`, "allow a -> b GET and\n  sni == \"x\"…"},
	{"allow a -> b { GET \"/a\"\n  when sni == \"x\" }", `2:3 ZT0005 "when" at the start of a line: a line goes on only where its own end says so`, "allow a -> b { GET \"/a\" when\n  sni == \"x\" }"},
	{"allow a -> b\n  GET \"/x\"", `2:3 ZT0002 "GET" does not start a statement`, ""},
	{"namespace shop\n{ data-plane ambient }", `2:1 ZT0015 "{" on a line of its own: it stands on the line of its statement`, "namespace shop {\ndata-plane ambient }"},
	{"policy p(a)\n{\n  allow a -> b\n}", `2:1 ZT0015 "{" on a line of its own: it stands on the line of its statement`, "policy p(a) {\n\n  allow a -> b\n}"},
	{"group edge = a,\n  inventory,\n  c", `2:3 ZT0010 "inventory" at the start of a line starts a statement`, ""},
	{"use web(\n  shop/front,\n  test\n)", `3:3 ZT0010 "test" at the start of a line starts a statement`, ""},
	{"pods p {\n  policy: strict\n}", `2:3 ZT0017 "policy" at the start of a line starts a statement: as a label it stands in quotes`, "pods p {\n  \"policy\": strict\n}"},
	{"deny all in default allow a -> b", `1:21 ZT0001 "allow" in the middle of a line: a statement begins on its own line, or after ";"`, "deny all in default; allow a -> b"},
	{"deny all in default, allow a -> b", `1:20 ZT0001 "allow" in the middle of a line: a statement begins on its own line, or after ";"`, "deny all in default; allow a -> b"},

	// words of statements
	{"alow a -> b", `1:1 ZT0002 "alow" does not start a statement`, "allow a -> b"},
	{"worklod x {\n port http 80\n}", `1:1 ZT0002 "worklod" does not start a statement`, "workload x {\n port http 80\n}"},
	{"Allow a -> b", `1:1 ZT0002 "Allow" does not start a statement`, "allow a -> b"},
	{"exepct allow a -> b", `1:1 ZT0002 "exepct" does not start a statement`, ""},
	{"web -> db", `1:1 ZT0002 "web" does not start a statement`, ""},
	{"// comment", `1:1 ZT0002 "//" does not start a statement`, ""},
	{"expect allow a -> b", `1:1 ZT0026 "expect" outside a test`, ""},
	{"test \"t\" { allow a -> b }", `1:12 ZT0026 "allow" in a test: a test holds only ` + "`expect`", "test \"t\" { expect allow a -> b }"},
	{"policy p(a) {\n  workload b\n  allow a -> b\n}", `2:3 ZT0026 "workload" in a policy: a policy holds rules, ` + "`use`, `mtls` and `jwt`", ""},
	{"test \"t\" { expect allow a -> b { GET; POST \"/x\" } }", `1:39 ZT0001 "POST" begins a second operation, and one is asked about`, ""},
	{"test \"t\" {\n  expect allow a -> b {\n    GET\n    HEAD\n  }\n}", `4:5 ZT0001 "HEAD" begins a second operation, and one is asked about`, ""},
	{"workload x { acount y }", "1:14 ZT0001 unexpected \"acount\": expected `account`, `labels`, `port` or \"}\" after \"{\"", "workload x { account y }"},
	{"mesh {\n  istio \"1.27\"\n  data-plan sidecar\n}", "3:3 ZT0001 unexpected \"data-plan\": expected `program`, `trust-domain`, `trust-domain-aliases`, `root-namespace`, `istio`, `data-plane`, `app-label`, `provider` or `providers` after the line above", "mesh {\n  istio \"1.27\"\n  data-plane sidecar\n}"},
	{"mtls strct in shop", "1:6 ZT0001 unexpected \"strct\": expected `strict`, `permissive` or `disable` after \"mtls\"", "mtls strict in shop"},

	// policies: words of the language and parameters
	{"use p(api, http)", `1:12 ZT0010 "http" is a word of the language, and not a name by itself`, ""},
	{"use p(port)", `1:7 ZT0010 "port" is a word of the language, and not a name by itself`, ""},
	{"use p(api, port: 8080)", `1:12 ZT0010 "port" is a word of the language, and not a name by itself`, ""},
	{"use p(all, api)", `1:7 ZT0010 "all" is a word of the language, and not a name by itself`, ""},
	{"use p(anyone, api)", `1:7 ZT0001 "anyone" is no argument: a parameter stands for what has a name`, ""},
	{"use p(namespace \"shop\", api)", `1:7 ZT0001 "namespace" is no argument: a parameter stands for what has a name`, ""},
	{"use p(api, )", `1:10 ZT0014 a comma before ")": no list ends with a comma`, "use p(api )"},
	{"policy p(a, port) {}", `1:13 ZT0010 "port" is a word of the language, and not a name by itself`, ""},
	{"policy p(port, a) {}", `1:10 ZT0010 "port" is a word of the language, and not a name by itself`, ""},
	{"policy p(a, GET) {}", `1:13 ZT0001 "GET" is no name for a parameter: a name is lower-case letters, digits and "-"`, ""},
	{"policy p(a, env) { allow b -> a when header[\"x\"] == env }", `1:53 ZT1026 "env" is a parameter, and cannot stand after "==": a string is written out there`, ""},
	{"policy p(a, env) { allow b -> a when header[\"x\"] in [\"b\", env] }", `1:59 ZT1026 "env" is a parameter, and cannot stand after ",": a string is written out there`, ""},
	{"policy p(a, env) { allow b as env -> a }", `1:31 ZT1026 "env" is a parameter, and cannot stand after "as": a string is written out there`, ""},
	{"policy p(a, env) { allow b -> a until env }", `1:39 ZT1026 "env" is a parameter, and cannot stand after "until": a date is written out there`, ""},
	{"policy p(a, env) { allow b -> a port env }", `1:38 ZT1026 "env" is a parameter, and cannot stand after "port": a number is written out there`, ""},
	{"policy p(a, env) { allow b -> a host envoy }", `1:38 ZT0027 "envoy" stands without quotes: after "host" stands a string`, "policy p(a, env) { allow b -> a host \"envoy\" }"},

	// words of the language in lists of names: nothing is wrong with the comma
	{"group g = web, GET", `1:16 ZT0001 unexpected "GET": expected a source after ","`, ""},
	{"group g = web, host", `1:16 ZT0010 "host" is a word of the language, and not a name by itself`, ""},
	{"allow web, port -> api GET", `1:12 ZT0010 "port" is a word of the language, and not a name by itself`, ""},
	{"allow web except api, http -> db", `1:23 ZT0010 "http" is a word of the language, and not a name by itself`, ""},
	{"methods m = GET, http", `1:18 ZT0001 unexpected "http": expected a method, a path or a set after ","`, ""},

	// attributes
	{"allow a -> b when header.x == \"1\"", `1:19 ZT0001 "header.x" is not how an attribute is written: its key stands in brackets`, "allow a -> b when header[\"x\"] == \"1\""},
	{"allow a -> b when sni == \"y\" and header \"x\" == \"1\"", `1:34 ZT0001 "header \"x\"" is not how an attribute is written: its key stands in brackets`, "allow a -> b when sni == \"y\" and header[\"x\"] == \"1\""},
	{"jwt \"https://i.example\" on a { set header \"x\" = claim[\"e\"] }", `1:36 ZT0001 "header \"x\"" is not how an attribute is written: its key stands in brackets`, "jwt \"https://i.example\" on a { set header[\"x\"] = claim[\"e\"] }"},
	{"jwt \"https://i.example\" on a { set header[\"x\"] = claim.email }", `1:50 ZT0001 "claim.email" is not how an attribute is written: its key stands in brackets`, "jwt \"https://i.example\" on a { set header[\"x\"] = claim[\"email\"] }"},

	// clauses, durations and namespaces where they do not stand
	{"jwt \"https://i.example\" on a until 2027-01-01", "1:30 ZT0001 \"until\" at a `jwt`, which takes no such clause", ""},
	{"jwt \"https://i.example\" on a { keep token } because \"x\"", "1:45 ZT0001 \"because\" at a `jwt`, which takes no such clause", ""},
	{"use p(a) until 2027-01-01", "1:10 ZT0001 \"until\" at a `use`, which takes no such clause", ""},
	{"jwt \"https://i.example\" on a { timeout 5 }", `1:40 ZT0001 "5" is no duration: one is a number and its unit in one word`, "jwt \"https://i.example\" on a { timeout 5s }"},
	{"jwt \"https://i.example\" on a { timeout 5 ms }", `1:40 ZT0001 "5 ms" is no duration: one is a number and its unit in one word`, "jwt \"https://i.example\" on a { timeout 5ms }"},
	{"allow namespace shop/* -> a", `1:17 ZT0027 "shop/*" stands without quotes: after "namespace" stands a string`, "allow shop/* -> a"},
	{"allow namespace shop -> a", `1:17 ZT0027 "shop" stands without quotes: after "namespace" stands a string`, "allow namespace \"shop\" -> a"},
	{"allow a -> namespace \"shop\" GET", `1:12 ZT0001 "namespace \"shop\"" is not how a namespace is written here: the word makes a source, with a string after it`, "allow a -> shop/* GET"},
	{"deny all in namespace shop", `1:13 ZT0001 "namespace shop" is not how a namespace is written here: the word makes a source, with a string after it`, "deny all in shop"},
	{"namespace shop { allow a -> b GET }", "1:18 ZT0026 \"allow\" in the braces of a namespace: they hold `data-plane` and `waypoint`, and no statements", "namespace shop; allow a -> b GET"},
	{"namespace shop {\n  deny all in shop\n}\nallow a -> b", "2:3 ZT0026 \"deny\" in the braces of a namespace: they hold `data-plane` and `waypoint`, and no statements", "namespace shop\n  deny all in shop\n\nallow a -> b"},
	{"namespace shop {\n  policy p(x) { allow x -> b }\n}", "2:3 ZT0026 \"policy\" in the braces of a namespace: they hold `data-plane` and `waypoint`, and no statements", "namespace shop\n  policy p(x) { allow x -> b }\n"},
	{"namespace shop {\n  data-plane sidecar\n  deny all in shop\n}", "3:3 ZT0026 \"deny\" in the braces of a namespace: they hold `data-plane` and `waypoint`, and no statements", ""},

	// names
	{"allow \"web\" -> db", `1:7 ZT0007 "web" in quotes: a string is never a name`, "allow web -> db"},
	{"allow web -> \"shop/db\"", `1:14 ZT0007 "shop/db" in quotes: a string is never a name`, "allow web -> shop/db"},
	{"deny all in \"shop\"", `1:13 ZT0007 "shop" in quotes: a string is never a name`, "deny all in shop"},
	{"workload \"x\"", `1:10 ZT0007 "x" in quotes: a string is never a name`, "workload x"},
	{"allow \"cluster.local/ns/a/sa/b\" -> db", `1:7 ZT0007 "cluster.local/ns/a/sa/b" in quotes: a string is never a name`, ""},
	{"allow a -> gateway \"x\"", `1:20 ZT0007 "x" in quotes: a string is never a name`, "allow a -> gateway x…"},
	{"allow web-* -> db", `1:7 ZT0011 "web-*" is not a name: "*" stands only in strings, and alone after a namespace, as in shop/*`, ""},
	{"allow * -> db", `1:7 ZT0011 "*" is not a name: "*" stands only in strings, and alone after a namespace, as in shop/*`, ""},
	{"allow shop/ -> db", `1:7 ZT0011 "shop/" is not a name: "*" stands only in strings, and alone after a namespace, as in shop/*`, "allow shop/* -> db"},
	{"allow a -> host", `1:12 ZT0010 "host" is a word of the language, and not a name by itself`, ""},
	{"group host = a", `1:7 ZT0010 "host" is a word of the language, and not a name by itself`, ""},
	{"deny all in gateway", `1:13 ZT0010 "gateway" is a word of the language, and not a name by itself`, ""},
	{"deny all in shop/web", `1:13 ZT0001 "shop/web" is a workload, and after "in" stands a namespace`, ""},
	{"allow MyApp -> db", "1:7 ZT0001 unexpected \"MyApp\": expected `all` or a source after \"allow\"", ""},
	{"allow a-->b", `1:7 ZT0017 "a-" is not a name: a name ends in a letter or a digit`, "allow a ->b"},
	{"allow 10.0.0.0/8 -> b", `1:7 ZT0027 "10.0.0.0/8" is an address, and not a name`, ""},
	{"allow a -> gateway read \"/x\"", `1:20 ZT0001 unexpected "read": expected namespace/name after "gateway"`, ""},

	// imports
	{"import \"std/http\" as http", `1:22 ZT0010 "http" is a word of the language, and not a name by itself`, "import \"std/http\""},
	{"import \"./all.zt\" as all", `1:22 ZT0010 "all" is a word of the language, and not a name by itself`, "import \"./all.zt\""},
	{"import \"std/http\" as all", `1:22 ZT0010 "all" is a word of the language, and not a name by itself`, ""},
	{"import \"./a.zt\", \"./b.zt\"", `1:16 ZT0001 "," after an import: one names one file`, "import \"./a.zt\"\nimport \"./b.zt\""},

	// rules
	{"allow a b GET", `1:9 ZT0016 no "->" between "a" and "b"`, "allow a -> b GET"},
	{"allow a b -> c", `1:9 ZT0016 no "->" between "a" and "b"`, ""},
	{"allow a → b", `1:9 ZT0016 "→" is not the arrow between sources and targets`, "allow a -> b"},
	{"allow a => b", `1:9 ZT0016 "=>" is not the arrow between sources and targets`, "allow a -> b"},
	{"allow a when sni == \"x\" -> b", `1:9 ZT0016 "when" before the targets: clauses stand at the end`, ""},
	{"allow a except legacy as \"i/*\" -> x", "1:23 ZT0001 unexpected \"as\": sources are narrowed by `as`, `from` and `except`, once each and in this order", ""},
	{"allow a, b as \"i/*\" -> x", `1:7 ZT0013 "as" after a list without parentheses: it is not said whether it narrows all or only "b"`, "allow (a, b) as \"i/*\" -> x"},
	{"deny a from \"1.2.3.4\" from \"5.6.7.8\" -> x", `1:23 ZT0023 a second "from": each narrowing is written once`, ""},
	{"deny trust-domain \"a\", \"b\", \"c\" -> db", `1:24 ZT0029 "b" without "trust-domain": the word stands before each of a list`, "deny trust-domain \"a\", trust-domain \"b\", \"c\" -> db…"},
	{"allow a except from client \"x\", \"y\" -> db", `1:33 ZT0029 "y" without "from client": the word stands before each of a list`, "allow a except from client \"x\", from client \"y\" -> db"},
	{"allow all -> b", `1:7 ZT0021 "all" is not a source: it begins a baseline, as in ` + "`deny all in shop`", "allow anyone -> b"},
	{"allow a -> all", `1:12 ZT0021 "all" is no name: it begins a baseline, as in ` + "`deny all in shop`", ""},
	{"deny all default", `1:6 ZT0021 "all" without ` + "`in` or `on` is not finished", "deny all in default"},
	{"deny all web", `1:6 ZT0021 "all" without ` + "`in` or `on` is not finished", ""},
	{"deny al in default", `1:6 ZT0021 "al" before "in": a baseline begins with ` + "`all`", "deny all in default"},
	{"deny all in", "1:12 ZT0001 expected a namespace or `mesh` after \"in\"", ""},
	{"allow a -> GET", `1:12 ZT0001 "GET" before the end of the targets: methods stand behind them`, ""},
	{"allow a ->", `1:11 ZT0001 expected a target after "->"`, ""},
	{"allow a -> b,\nallow c -> d", `1:13 ZT0014 a comma before the end of the line: no list ends with a comma`, "allow a -> b\nallow c -> d"},
	{"allow a -> b, GET", `1:13 ZT0014 a comma before "GET": no list ends with a comma`, "allow a -> b GET"},
	{"allow a -> b, \"/x\"", `1:13 ZT0014 a comma before "/x": no list ends with a comma`, "allow a -> b \"/x\""},
	{"allow a, -> b", `1:8 ZT0014 a comma before "->": no list ends with a comma`, "allow a -> b"},
	{"use web(a, )", `1:10 ZT0014 a comma before ")": no list ends with a comma`, "use web(a )"},
	{"allow a -> b 8080", `1:14 ZT0001 "8080" after "b": a port stands after ":" or "port"`, "allow a -> b:8080"},
	{"deny a -> b:80,81", `1:16 ZT0001 "81" is not a target: each port stands with its own target`, ""},
	{"allow a -> b:", `1:14 ZT0001 expected a port number or name after ":"`, ""},

	// operations
	{"allow a -> b GET /api/*", `1:18 ZT0009 "/api/*" is a path without quotes: a path is a string`, "allow a -> b GET \"/api/*\""},
	{"allow a -> b GET /a/{*}/b, \"/c\"", `1:18 ZT0009 "/a/{*}/b" is a path without quotes: a path is a string`, "allow a -> b GET \"/a/{*}/b\", \"/c\""},
	{"allow a -> b GET/api", `1:14 ZT0009 "GET/api" is a method and a path without quotes: a path is a string`, "allow a -> b GET \"/api\""},
	{"allow a -> b \"GET\" \"/x\"", `1:14 ZT0008 "GET" is a method in quotes: a string is a path`, "allow a -> b GET \"/x\""},
	{"methods m = \"GET\"", `1:13 ZT0008 "GET" is a method in quotes: a string is a path`, "methods m = GET"},
	{"methods m = \"/x\"", `1:13 ZT0022 "/x" is a path, and a set of methods holds methods and other sets`, ""},
	{"paths m = GET", `1:11 ZT0022 "GET" is a method, and a set of paths holds strings and other sets`, ""},
	{"allow a -> b Get", `1:14 ZT1102 "Get" is not a method: methods are capitals, and case counts`, "allow a -> b GET"},
	{"allow a -> b http", `1:14 ZT0012 "http" outside braces could be a port or every http request or connection`, "allow a -> b { http }"},
	{"allow a -> b except tcp", `1:21 ZT0012 "tcp" outside braces could be a port or every tcp request or connection`, ""},
	{"allow a -> b except { tcp }", `1:21 ZT0001 "{" after "except": an exception is one operation, without braces`, ""},
	{"allow a -> b { http } except { POST \"/x\" }", `1:30 ZT0001 "{" after "except": an exception is one operation, without braces`, "allow a -> b { http } except POST \"/x\""},
	{"allow a -> b { http } except { POST \"/x\"; PUT }", `1:30 ZT0001 "{" after "except": an exception is one operation, without braces`, ""},
	{"allow a -> b GET \"/x\" \"/y\"", `1:23 ZT0023 a second list of paths in one operation`, ""},
	{"allow a -> b GET POST", `1:18 ZT0023 a second list of methods in one operation`, ""},
	{"allow a -> b \"/x\" GET", `1:19 ZT0022 "GET" after "/x": methods come first`, ""},
	{"allow a -> b GET, \"/x\"", `1:19 ZT0022 a comma between "GET" and "/x": it joins methods with methods and paths with paths`, "allow a -> b GET \"/x\""},
	{"allow a -> b host \"x\" host \"y\"", `1:23 ZT0023 a second list of hosts in one operation`, ""},
	{"allow a -> b grpc \"x.Y/Z\" GET", `1:14 ZT0022 "grpc" with methods, paths or another kind: it stands without them`, ""},
	{"allow a -> b { http tcp }", `1:21 ZT0023 "tcp" after "http": one operation is of one kind`, ""},
	{"allow a -> b {}", `1:15 ZT0001 unexpected "}": expected an operation after "{"`, ""},
	{"allow internal except \"/x\" -> b", `1:23 ZT0001 "/x" is a path, and before "->" stand sources`, ""},

	// conditions and clauses
	{"allow a -> b when sni = \"y\"", `1:23 ZT0017 "=" gives a name, and a condition compares with "=="`, "allow a -> b when sni == \"y\""},
	{"allow a -> b when sni == \"a\" && sni == \"b\"", "1:30 ZT0017 \"&&\" is written `and`", "allow a -> b when sni == \"a\" and sni == \"b\""},
	{"allow a -> b when sni == 'a'", `1:26 ZT0017 "'a'" is not a string: strings stand in double quotes`, "allow a -> b when sni == \"a\""},
	{"allow a -> b when sni == \"a\" and sni == \"b\" or sni == \"c\"", `1:45 ZT0018 "or" after "and" without parentheses: it is not said which of the two binds first`, ""},
	{"allow a -> b when (sni == \"a\" or sni == \"b\" and sni == \"c\")", `1:45 ZT0018 "and" after "or" without parentheses: it is not said which of the two binds first`, ""},
	{"deny a -> b when not header[\"x\"] in [\"a\"]", `1:22 ZT0019 "not" before "header": what it negates stands in parentheses`, "deny a -> b when not (header[\"x\"] in [\"a\"])"},
	{"deny a -> b when not sni is present and sni == \"x\"", `1:22 ZT0019 "not" before "sni": what it negates stands in parentheses`, "deny a -> b when not (sni is present) and sni == \"x\""},
	{"allow a -> b when sni == \"y\" or \"z\"", `1:33 ZT0001 "z" is not a condition: each side of "or" tests an attribute`, ""},
	{"allow a -> b when sni == prod", `1:26 ZT0027 "prod" stands without quotes: after "==" stands a string`, "allow a -> b when sni == \"prod\""},
	{"allow a -> b when header[x-env] == \"y\"", `1:26 ZT0027 "x-env" stands without quotes: after "[" stands a string`, "allow a -> b when header[\"x-env\"] == \"y\""},
	{"allow a -> b host api.example.com", `1:19 ZT0027 "api.example.com" stands without quotes: after "host" stands a string`, "allow a -> b host \"api.example.com\""},
	{"jwt HTTPS in shop", `1:5 ZT0027 "HTTPS" stands without quotes: after "jwt" stands a string`, "jwt \"HTTPS\" in shop"},
	{"jwt \"i\" in shop { audiences a.b }", `1:29 ZT0027 "a.b" stands without quotes: after "audiences" stands a string`, "jwt \"i\" in shop { audiences \"a.b\" }"},
	{"jwt https://i.example/a in shop", `1:5 ZT0027 "https://i.example/a" stands without quotes: after "jwt" stands a string`, "jwt \"https://i.example/a\" in shop"},
	{"mesh { istio 1.27 }", `1:14 ZT0027 "1.27" stands without quotes: after "istio" stands a string`, "mesh { istio \"1.27\" }"},
	{"allow a -> b until \"2027-01-01\"", `1:20 ZT0020 "2027-01-01" is not a date: one is written 2027-01-31, without quotes`, "allow a -> b until 2027-01-01"},
	{"allow a -> b until 2027-1-1", `1:20 ZT0020 "2027-1-1" is not a date: one is written 2027-01-31, without quotes`, "allow a -> b until 2027-01-01"},
	{"allow a -> b until tomorrow", `1:20 ZT0020 "tomorrow" is not a date: one is written 2027-01-31, without quotes`, ""},
	{"allow a -> b when sni == \"a\" when sni == \"b\"", `1:30 ZT0024 a second "when": each clause is written once`, ""},
	{"deny all in shop when sni == \"a\"", `1:18 ZT0024 "when" after a baseline: it holds for every connection and has no condition`, ""},
	{"mtls strict in shop when sni == \"a\"", `1:21 ZT0024 "when" after mtls: it holds for every connection and has no condition`, ""},
	{"allow a -> b when (sni == \"y\"\nallow c -> d", `1:30 ZT0001 expected ")" after "y"`, ""},
	{"test \"t\" { expect allow a -> b with sni == \"x\" }", `1:41 ZT0017 "==" compares, and here stands "="`, "test \"t\" { expect allow a -> b with sni = \"x\" }"},

	// blocks, strings
	{"workload x { account a; account b }", `1:25 ZT0025 a second "account": the field is written once`, ""},
	{"workload a {\n  port http 8080,\n  port db 5432 tcp\n}", `2:17 ZT0014 a comma after an entry of a block: each entry ends with its line, or with ";"`, "workload a {\n  port http 8080\n  port db 5432 tcp\n}"},
	{"workload x { labels app:checkout tier: core }", `1:34 ZT0001 no comma before "tier": labels are a list`, "workload x { labels app:checkout, tier: core }"},
	{"workload x {\n  port http 80\nallow a -> b", `1:12 ZT0006 "{" is not closed`, ""},
	{"allow a -> b {\n  GET \"/a\"\n\nallow c -> d", `1:14 ZT0006 "{" is not closed`, ""},
	{"policy p(x) {\n  allow x -> b\nallow c -> d\nnamespace shop\nallow e -> f", `1:13 ZT0006 the policy "p" is not closed`, ""},
	{"policy p(x) {\n  allow x -> b", `1:13 ZT0006 the policy "p" is not closed`, ""},
	{"allow a -> b }", `1:14 ZT0028 "}" closes nothing: no block is open here`, "allow a -> b "},
	{"}", `1:1 ZT0028 "}" closes nothing: no block is open here`, ""},
	{"policy p() { } x", `1:16 ZT0001 unexpected "x" after "}": the block ends its line`, ""},
	{"allow a -> b \"/x", `1:14 ZT0004 a string that is not closed on its line: "/x"`, ""},
	{"allow a -> b \"\\d\"", `1:15 ZT0004 "\\d" is no escape of a string: those are \" \\ \/ \b \f \n \r \t \uXXXX`, "allow a -> b \"\\\\d\""},
	{"allow a -> b \"x\ty\"", `1:16 ZT0004 control character in a string`, "allow a -> b \"x\\ty\""},

	// what a reader cannot see
	{"allow a -> b # x\u200b", `1:17 ZT0003 character of no width \u200b, which a reader cannot see`, ""},
	{"allow a -> b \"x\u202ey\"", `1:16 ZT0003 direction mark \u202e, which a reader cannot see`, "allow a -> b \"x\\u202ey\""},
	{"allow a -> b \"x\U000e0041\"", `1:16 ZT0003 invisible mark \udb40\udc41, which a reader cannot see`, "allow a -> b \"x\\udb40\\udc41\""},
	{"\ufeffallow a -> b", `1:1 ZT0003 byte order mark \ufeff, which a reader cannot see`, "allow a -> b"},
	{"\xff\xfed\x00e\x00n\x00y\x00", `1:1 ZT0003 "t.zt" is UTF-16, and programs are UTF-8`, ""},
	{"allow a\u200b -> b", `1:8 ZT0003 character of no width \u200b, which a reader cannot see`, ""},
	{"allow a -> b\rdeny c -> d", `1:13 ZT0003 carriage return without a newline \r, which a reader cannot see`, ""},
	{"allow a -> b \"\xff\"", `1:15 ZT0003 byte that is not UTF-8, which a reader cannot see`, ""},
	{"allow a -> b \"\x00\"", `1:15 ZT0003 control character \u0000, which a reader cannot see`, "allow a -> b \"\\u0000\""},
}

func TestSlips(t *testing.T) {
	for _, c := range slices.Concat(slips, foreign) {
		tree, diags := parse(c.text + "\n")
		got := messages(diags)
		if strings.HasPrefix(c.text, "allow a -> b\r") {
			got = got[:1] // and then a second statement on what is one line
		}
		if want, cut := strings.CutSuffix(c.want, "…"); len(got) != 1 || !cut && got[0] != want {
			t.Errorf("%q\n got %q\nwant %q", c.text, got, c.want)
			continue
		}
		if !slices.ContainsFunc(tree.Stmts, hasBad) && !strings.Contains(c.want, "ZT0003") && !strings.Contains(c.want, "ZT0015") && !strings.Contains(c.want, "ZT0006 the policy") {
			t.Errorf("%q leaves no bad statement", c.text)
		}
		fixed := ""
		for _, f := range diags[0].Fixes {
			if len(f.Edits) > 0 {
				fixed = apply(c.text, f)
				break
			}
		}
		want, open := strings.CutSuffix(c.fixed, "…")
		if fixed != want {
			t.Errorf("%q\nfixed %q\nwant  %q", c.text, fixed, want)
		}
		if fixed != "" && !open {
			if _, left := parse(fixed + "\n"); len(left) > 0 {
				t.Errorf("%q\nfixed %q still has %q", c.text, fixed, messages(left))
			}
		}
	}
}

func hasBad(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.Bad:
		return true
	case *ast.Policy:
		return slices.ContainsFunc(s.Body, hasBad)
	case *ast.Test:
		return slices.ContainsFunc(s.Body, hasBad)
	}
	return false
}

// apply makes the edits of a fix.
func apply(text string, f diag.Fix) string {
	for i := len(f.Edits) - 1; i >= 0; i-- {
		e := f.Edits[i]
		text = text[:e.Span.Start] + e.New + text[e.Span.End:]
	}
	return text
}

// TestAdvice says, of slips whose mend is no edit, what is advised.
func TestAdvice(t *testing.T) {
	for text, want := range map[string]string{
		"allow a -> b except tcp":                      "write `{ http }` as the operation in place of the exception, or name the port: `except port 5432`",
		"allow a -> b except { tcp }":                  "write `{ http }` as the operation in place of the exception, or name the port: `except port 5432`",
		"allow a -> b { http; tcp } except http":       "write `{ tcp }` as the operation in place of the exception, or name the port: `except port 5432`",
		"allow a -> b port 80 except http":             "write `{ tcp }` as the operation in place of the exception, or name the port: `except port 5432`",
		"allow a -> b GET except tcp":                  "delete the exception: what stands before it is http alone",
		"allow a -> b { http; GET \"/x\" } except tcp": "delete the exception: what stands before it is http alone",
		"allow a -> b GET except http":                 "delete the operation with its exception: it is http alone, so nothing would be left",
		"allow a -> b { GET; tcp except http }":        "delete the exception: what stands before it is tcp alone",
	} {
		_, diags := parse(text + "\n")
		if len(diags) != 1 || len(diags[0].Fixes) != 1 || diags[0].Fixes[0].Message != want {
			t.Errorf("%q\n got %+v\nwant %q", text, diags, want)
		}
	}
	for text, want := range map[string]int{"allow a -> b http": 2, "allow a -> b/* http": 1, "allow a -> mesh http": 1, "allow a -> b:80 http": 1} {
		if _, diags := parse(text + "\n"); len(diags) != 1 || len(diags[0].Fixes) != want {
			t.Errorf("%q: %+v, want %d fixes", text, diags, want)
		}
	}
}
