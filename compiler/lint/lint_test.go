package lint_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// declared stands before the statements of a case: seven lines, so that the first of them is line 8.
const declared = `workload web { port http 8080 }
workload ops { port http 8080 }
workload api { port http 8080 }
workload db { port http 8080; port db 5432 tcp }
mtls strict on db
jwt "https://i.example" on api { claims role string }
deny all on web, ops, api, db
`

// ofLint are the codes that this package gives, or settles.
var ofLint = map[diag.Code]bool{
	diag.DuplicateStatement: true, diag.SubsumedStatement: true, diag.RedundantStatement: true, diag.DenyShadowsAllow: true,
	diag.DenyWithoutEffect: true, diag.MatchesNothing: true, diag.AllowAllBaseline: true, diag.LeftOpen: true, diag.HeaderLeftOut: true,
	diag.AbsencePasses: true, diag.PlaintextPasses: true, diag.TokenLeftOut: true,
}

// TestLints says of each statement, by its number, what is found of it.
func TestLints(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"two that are equal", "allow web -> api GET, POST\nallow web -> api POST, GET", "2 ZT1312"},
		{"two that differ in a value", "allow web -> api GET, POST\nallow web -> api GET, PUT", ""},
		{"equal, and written as two operations", "allow web -> api GET \"/a\", \"/a/*\"\nallow web -> api { GET \"/a/*\"; GET \"/a\" }", "2 ZT1313"},
		{"one in another", "allow web -> api GET \"/a/b\"\nallow web -> api \"/a/*\"", "1 ZT1313"},
		{"one in another by its condition", "allow web -> api { http when header[\"x\"] == \"ab\" }\nallow web -> api { http when header[\"x\"] == \"a*\" }", "1 ZT1313"},
		{"one that ends later is in none", "allow web -> api GET \"/a/b\"\nallow web -> api \"/a/*\" until 2090-01-01", ""},
		{"one that ends is in one that stays", "allow web -> api GET \"/a/b\" until 2090-01-01\nallow web -> api \"/a/*\"", "1 ZT1313"},
		{"one in two together", "allow web -> api GET, POST\nallow ops -> api GET, POST\nallow web, ops -> api GET", "3 ZT1314"},
		{"one in two but for a caller", "allow web -> api GET\nallow ops -> api GET\nallow web, ops, db -> api GET", "1 ZT1313, 2 ZT1313"},
		{"one in one around it", "deny all in default\nallow web -> api GET\nallow web -> default/* GET, POST", "2 ZT1313"},
		{"a deny in an allow says more", "allow web -> api\ndeny (web, plaintext) -> api GET", ""},

		{"dead by one", "allow web -> db GET\ndeny web, ops -> db", "2 ZT1303"},
		{"dead by two together", "allow web -> db GET, POST\ndeny web -> db GET\ndeny web -> db POST", "2 ZT1303"},
		{"alive by one method", "allow web -> db GET, POST\ndeny web -> db GET", ""},
		{"dead by one around it", "mtls strict in default\nallow web -> db GET\ndeny web -> default/* \"*\"", "3 ZT1303"},
		{"alive on one of two targets", "allow web -> db, ops GET\ndeny (web, plaintext) -> ops GET", ""},
		{"a dry run kills nothing", "allow web -> db GET\ndry-run deny web -> db", ""},

		{"a deny beside another caller's allow", "allow web -> db GET\ndeny ops -> db GET", "2 ZT1315"},
		{"a deny beside another path", "allow web -> db \"/a/*\"\ndeny web -> db \"/b\"", "2 ZT1315"},
		{"a deny with an effect", "allow web -> db \"/a/*\"\ndeny web -> db \"/a/b\"", ""},
		{"a condition against itself", "allow web -> db GET when header[\"x\"] == \"a\" and not (header[\"x\"] == \"a*\")", "1 ZT1307"},
		{"lists have several elements", "allow web -> db GET when header[\"x\"] == \"a\" and header[\"x\"] == \"b\"", ""},

		{"a claim that is a string is one value", "allow web as \"https://i.example/*\" -> api GET when claim[\"role\"] == \"a\" and claim[\"role\"] == \"b\"", "1 ZT1307"},
		{"a claim of which nothing is said may be a list", "allow web as \"https://i.example/*\" -> api GET when claim[\"x\"] == \"a\" and claim[\"x\"] == \"b\"", ""},
		{"a claim that is a list in other tokens", "jwt \"https://j.example\" on db { claims role list }\nallow web as \"https://j.example/*\" -> db GET\nallow web as \"https://i.example/*\" -> api GET when claim[\"role\"] == \"a\" and claim[\"role\"] == \"b\"", ""},
		{"a deny beside another value of a string", "allow web as \"https://i.example/*\" -> api GET when claim[\"role\"] == \"a\"\ndeny web as \"https://i.example/*\" -> api GET when claim[\"role\"] == \"b\"", "2 ZT1315"},

		{"everybody, in one", "allow anyone -> api", "1 ZT1310"},
		{"everybody, as wanted", "workload site\ndeny all in default\nallow all on site", ""},
		{"everybody, in two", "allow authenticated -> api\nallow plaintext -> api", "2 ZT1310"},
		{"everybody but for a caller", "allow authenticated except ops -> api\nallow plaintext -> api", ""},
		{"everybody but for a method", "allow anyone -> api { http } except DELETE", ""},

		{"left open", "workload free", "1 ZT1302"},
		{"shut by a deny", "workload free\ndeny anyone except web -> free", ""},
		{"shut by two", "workload free { port http 8080 }\nmtls strict on free\ndeny authenticated except web -> free { http }\ndeny authenticated except web -> free { tcp }", "4 ZT1313"}, // on ports that nobody declared the first one refuses both,
		{"shut to one method", "workload free { port http 8080 }\ndeny anyone except web -> free POST", "1 ZT1302"},

		{"a header left out", "allow web -> db GET\ndeny web -> db GET when header[\"x\"] == \"a\"", "2 ZT1316"},
		{"a header that an allow asks for", "allow web -> db GET when header[\"x\"] is present\ndeny web -> db GET when header[\"x\"] == \"a\"", ""},
		{"a header that a deny asks for", "allow web -> db GET\ndeny web -> db GET when header[\"x\"] == \"a\"\ndeny web -> db { http } when header[\"x\"] is absent", ""},
		{"presence is what it says", "allow web -> db GET\ndeny web -> db GET when header[\"x\"] is present", ""},
		{"twice negated is not", "allow web -> db GET\ndeny web -> db GET when not (not (header[\"x\"] == \"a\"))", "2 ZT1316"},
		{"a server name left out", "allow web -> db\ndeny web -> db when sni == \"a.example\"", "2 ZT1316"},
		{"difference", "allow web -> db GET\ndeny web -> db GET when header[\"x\"] != \"a\"", "2 ZT1309"},
		{"difference, where an allow asks for it", "allow web -> db GET when header[\"x\"] is present\ndeny web -> db GET when header[\"x\"] != \"a\"", ""},
		{"an identity left out", "allow anyone -> api GET\ndeny web -> api GET \"/\"", "2 ZT1215"},
		{"an identity of everybody else", "allow anyone -> api GET\ndeny authenticated except web -> api", "2 ZT1215"},
		{"an identity that mTLS asks for", "allow authenticated -> db GET\ndeny web -> db GET", ""},
		{"an identity that no allow can do without", "allow web, ops -> api GET\ndeny web -> api GET", ""},
		{"a token left out", "allow web -> api GET\ndeny web as \"https://i.example/robot\" -> api GET", "2 ZT1220"},
		{"a token that an allow asks for", "allow web as \"https://i.example/*\" -> api GET\ndeny web as \"https://i.example/robot\" -> api GET", ""},
	} {
		_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", declared+c.text+"\n")}, Options: compiler.Options{Now: "2026-06-01"}})
		var got []string
		for _, d := range diags {
			line := d.Span.File.Position(int(d.Span.Start)).Line - strings.Count(declared, "\n")
			switch {
			case ofLint[d.Code]:
				got = append(got, fmt.Sprint(line, " ", d.Code))
			case d.Severity == diag.Error:
				t.Errorf("%s: %d %s: %s", c.name, line, d.Code, d.Message)
			}
		}
		if said := strings.Join(got, ", "); said != c.want {
			t.Errorf("%s: %q, want %q", c.name, said, c.want)
		}
	}
}

// TestRequests wants the requests that are shown to be those of the statements.
func TestRequests(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"allow web -> db GET\ndeny web, ops -> db", "it is for requests such as caller cluster.local/ns/default/sa/web, port 8080, method GET"},
		{"allow web -> db POST\ndeny web -> db when header[\"x\"] == \"a\"", `such a request passes: caller cluster.local/ns/default/sa/web, port 8080, method POST, no header["x"]`},
		{"allow anyone -> api GET\ndeny web -> api \"/\"", `such a request passes: a caller without an mTLS identity, port 8080, method GET, path "/"`},
	} {
		_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", declared+c.text+"\n")}})
		found := false
		var notes []string
		for _, d := range diags {
			for _, n := range d.Notes {
				found = found || n == c.want
				notes = append(notes, n)
			}
		}
		if !found {
			t.Errorf("%s: %q is not among %q", c.text, c.want, notes)
		}
	}
}
