package lang_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/internal/linetest"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/source"
)

var show = linetest.Show

func TestTree(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`allow web, shop/x -> db:5432, b:http GET, read "/a" port 80`,
			`Rule{ Sources:Sources{ List:[Source{ Name:Ident{ Text:"web"}} Source{ Name:Ident{ Text:"shop/x"}}]} Targets:[Target{ Name:Ident{ Text:"db"} Port:Ident{ Text:"5432"}} Target{ Name:Ident{ Text:"b"} Port:Ident{ Text:"http"}}] Ops:Ops{ Entries:[Entry{ Op:Op{ Lists:[ItemList{ Items:[Item{ Text:"GET"} Item{ Kind:2 Text:"read"}]} ItemList{ Items:[Item{ Kind:1 Text:"/a"}]}] Ports:[Int{ Value:80}]}}]}}`},
		{`dry-run delegate "p" (a) as "i" from client "1.2.3.4" except b, as "x", from "y" -> mesh except DELETE "/x" until 2027-01-31 because "w\"y"`,
			`Rule{ DryRun:true Action:delegate Provider:Str{ Value:"p"} Sources:Sources{ Paren:true List:[Source{ Name:Ident{ Text:"a"}}] As:[Str{ Value:"i"}] From:[From{ Client:true Nets:[Str{ Value:"1.2.3.4"}]}] Except:[Out{ Source:Source{ Name:Ident{ Text:"b"}}} Out{ As:Str{ Value:"x"}} Out{ From:From{ Nets:[Str{ Value:"y"}]}}]} Targets:[Target{ Kind:1 Name:Ident{ Text:"mesh"}}] Cuts:[Op{ Lists:[ItemList{ Items:[Item{ Text:"DELETE"}]} ItemList{ Items:[Item{ Kind:1 Text:"/x"}]}]}] Clauses:Clauses{ Until:Ident{ Text:"2027-01-31"} Because:Str{ Value:"w\"y"}}}`},
		{`deny all in shop, x/*, mesh, 7`, `Rule{ Action:deny Baseline:Baseline{ In:[Scope{ Name:"shop"} Scope{ Name:"x"} Scope{ Mesh:true} Scope{ Name:"7"}]}}`},
		{`deny all on a:1, gateway x/y`, `Rule{ Action:deny Baseline:Baseline{ On:[Target{ Name:Ident{ Text:"a"} Port:Ident{ Text:"1"}} Target{ Kind:2 Name:Ident{ Text:"x/y"}}]}}`},
		{`audit a -> b { host exact "h"; grpc "s/m"; tcp when not (a == "1" or b["k"]["l"] not in ["2", "3"]) }`,
			`Rule{ Action:audit Sources:Sources{ List:[Source{ Name:Ident{ Text:"a"}}]} Targets:[Target{ Name:Ident{ Text:"b"}}] Ops:Ops{ Block:true Entries:[Entry{ Op:Op{ Hosts:[Str{ Value:"h"}] HostExact:true}} Entry{ Op:Op{ GRPC:[Str{ Value:"s/m"}]}} Entry{ Op:Op{ Proto:Ident{ Text:"tcp"}} When:Not{ X:Or{ List:[Pred{ Attr:Attr{ Name:Ident{ Text:"a"}} Values:[Str{ Value:"1"}]} Pred{ Attr:Attr{ Name:Ident{ Text:"b"} Keys:[Str{ Value:"k"} Str{ Value:"l"}]} Op:not in Values:[Str{ Value:"2"} Str{ Value:"3"}]}]}}}]}}`},
		{`group g = account a/b, principal "p", trust-domain "t", namespace "n-*", anyone, authenticated, plaintext`,
			`Group{ Name:Ident{ Text:"g"} Members:[Source{ Kind:4 Name:Ident{ Text:"a/b"}} Source{ Kind:5 Name:Ident{ Text:"p"}} Source{ Kind:6 Name:Ident{ Text:"t"}} Source{ Kind:7 Name:Ident{ Text:"n-*"}} Source{ Kind:1} Source{ Kind:2} Source{ Kind:3}]}`},
		{"workload w { account a; labels app: \"x y\", k.io/n: on; port http 80; port 99999999999 tcp }",
			`Workload{ Name:Ident{ Text:"w"} Account:Ident{ Text:"a"} Labels:[Label{ Key:Ident{ Text:"app"} Value:Ident{ Text:"x y"}} Label{ Key:Ident{ Text:"k.io/n"} Value:Ident{ Text:"on"}}] Ports:[Port{ Name:Ident{ Text:"http"} Number:Int{ Value:80}} Port{ Number:Int{ Value:-1} Protocol:Ident{ Text:"tcp"}}]}`},
		{"use p(a, x: GET, y: 80, z: \"/q\", w: all)", `Use{ Name:Ident{ Text:"p"} Args:[Arg{ Value:Ident{ Text:"a"}} Arg{ Param:Ident{ Text:"x"} Kind:1 Value:Ident{ Text:"GET"}} Arg{ Param:Ident{ Text:"y"} Kind:2 Value:Ident{ Text:"80"}} Arg{ Param:Ident{ Text:"z"} Kind:3 Value:Ident{ Text:"/q"}} Arg{ Param:Ident{ Text:"w"} Value:Ident{ Text:"all"}}]}`},
		{"mtls permissive on a/b port 8080 because \"x\"", `MTLS{ Mode:Ident{ Text:"permissive"} On:[Target{ Name:Ident{ Text:"a/b"}}] Port:Int{ Value:8080} Clauses:Clauses{ Because:Str{ Value:"x"}}}`},
		{"jwt \"i\" in shop { jwks \"k\"; claims a.b list, \"b.c\" string; read header \"H\" prefix \"P\"; read query \"q\"; keep token; set header[\"h\"] = claim[\"c\"]; set header[\"g\"] = payload; timeout 5s; split claim \"s\" }",
			`JWT{ Issuer:Text{ Value:"i"} In:[Scope{ Name:"shop"}] JWKS:Str{ Value:"k"} Claims:[ClaimType{ Keys:["a" "b"] List:true} ClaimType{ Keys:["b.c"]}] Reads:[Read{ Kind:Ident{ Text:"header"} Name:Str{ Value:"H"} Prefix:Str{ Value:"P"}} Read{ Kind:Ident{ Text:"query"} Name:Str{ Value:"q"}}] Keep:true Sets:[SetHeader{ Header:Attr{ Name:Ident{ Text:"header"} Keys:[Str{ Value:"h"}]} From:Attr{ Name:Ident{ Text:"claim"} Keys:[Str{ Value:"c"}]}} SetHeader{ Header:Attr{ Name:Ident{ Text:"header"} Keys:[Str{ Value:"g"}]} From:Attr{ Name:Ident{ Text:"payload"}}}] Split:[Str{ Value:"s"}] Timeout:Ident{ Text:"5s"}}`},
		{"test \"t\" { expect deny a -> b GET with h[\"x\"] = \"1\", c = [\"2\"] }", `Test{ Name:Str{ Value:"t"} Body:[Expect{ Sources:Sources{ List:[Source{ Name:Ident{ Text:"a"}}]} Targets:[Target{ Name:Ident{ Text:"b"}}] Op:Op{ Lists:[ItemList{ Items:[Item{ Text:"GET"}]}]} With:[Assign{ Attr:Attr{ Name:Ident{ Text:"h"} Keys:[Str{ Value:"x"}]} Values:[Str{ Value:"1"}]} Assign{ Attr:Attr{ Name:Ident{ Text:"c"}} Values:[Str{ Value:"2"}] List:true}]}]}`},
		{"prove always a -> b { GET } except \"/x\" when c is absent", `Prove{ Mode:Ident{ Text:"always"} Sources:Sources{ List:[Source{ Name:Ident{ Text:"a"}}]} Targets:[Target{ Name:Ident{ Text:"b"}}] Ops:Ops{ Block:true Entries:[Entry{ Op:Op{ Lists:[ItemList{ Items:[Item{ Text:"GET"}]}]}}]} Cuts:[Op{ Lists:[ItemList{ Items:[Item{ Kind:1 Text:"/x"}]}]}] When:Pred{ Attr:Attr{ Name:Ident{ Text:"c"}} Op:is absent}}`},
		{"mesh { trust-domain-aliases \"a\", \"b\" }", `Mesh{ Aliases:[Str{ Value:"a"} Str{ Value:"b"}]}`},
		{"mesh { program p; trust-domain \"t\"; root-namespace r; istio \"1.27\"; data-plane ambient; app-label \"a b\" }", `Mesh{ Program:Ident{ Text:"p"} RootNamespace:Ident{ Text:"r"} DataPlane:Ident{ Text:"ambient"} TrustDomain:Str{ Value:"t"} Istio:Str{ Value:"1.27"} AppLabel:Ident{ Text:"a b"}}`},
		{"mesh { provider \"a\" grpc; provider \"b\" http; providers multiple }", `Mesh{ Providers:[Provider{ Name:Str{ Value:"a"} Kind:Ident{ Text:"grpc"}} Provider{ Name:Str{ Value:"b"} Kind:Ident{ Text:"http"}}] Multiple:Ident{ Text:"multiple"}}`},
		{"namespace n { data-plane ambient; waypoint w }", `Namespace{ Name:Ident{ Text:"n"} Block:true DataPlane:Ident{ Text:"ambient"} Waypoint:Ident{ Text:"w"}}`},
		{"pods p in x/* { a: b }", `Pods{ Name:Ident{ Text:"p"} In:Scope{ Name:"x"} Labels:[Label{ Key:Ident{ Text:"a"} Value:Ident{ Text:"b"}}]}`},
		{"paths p = \"/a\", x.y", `Set{ Kind:paths Name:Ident{ Text:"p"} Items:[Item{ Kind:1 Text:"/a"} Item{ Kind:2 Text:"x.y"}]}`},
		{"import \"./x.zt\" as y", `Import{ Path:Str{ Value:"./x.zt"} As:Ident{ Text:"y"}}`},
		{"inventory \"a\", \"b\"", `Inventory{ Paths:[Str{ Value:"a"} Str{ Value:"b"}]}`},
		{"policy p(a, b) { use q(); mtls strict in mesh }", `Policy{ Name:Ident{ Text:"p"} Params:[Ident{ Text:"a"} Ident{ Text:"b"}] Body:[Use{ Name:Ident{ Text:"q"}} MTLS{ Mode:Ident{ Text:"strict"} In:[Scope{ Mesh:true}]}]}`},
	} {
		tree, diags := parse(c.text)
		if len(diags) > 0 || len(tree.Stmts) != 1 {
			t.Errorf("%s: %q", c.text, messages(diags))
			continue
		}
		if got := show(tree.Stmts[0]); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// Places: every node covers its own text, within its parent, and what is named or quoted covers just that.
func TestPlaces(t *testing.T) {
	var texts []string
	for _, c := range spellings {
		texts = append(texts, c.text)
	}
	for around, list := range parts {
		for _, s := range list {
			texts = append(texts, "  "+fmt.Sprintf(around, s)+"  # c\n")
		}
	}
	n := 0
	for _, text := range texts {
		tree, _ := parse(text)
		for _, s := range tree.Stmts {
			n += places(t, text, reflect.ValueOf(s), ast.Range{End: int32(len(text))})
		}
	}
	if n < 1000 {
		t.Errorf("only %d places", n)
	}
}

func places(t *testing.T, text string, v reflect.Value, in ast.Range) (n int) {
	t.Helper()
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			return places(t, text, v.Elem(), in)
		}
	case reflect.Slice:
		for i := range v.Len() {
			n += places(t, text, v.Index(i), in)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[ast.Range]() || v.IsZero() {
			return 0
		}
		if f := v.FieldByName("Range"); f.IsValid() {
			r := f.Interface().(ast.Range)
			n++
			if r.Start < in.Start || r.End > in.End || r.End <= r.Start || strings.TrimSpace(text[r.Start:r.End]) != text[r.Start:r.End] {
				t.Errorf("%s at %d-%d %q, in %d-%d of %q", v.Type(), r.Start, r.End, text[max(0, r.Start):max(0, r.End)], in.Start, in.End, text)
				return n
			}
			own := text[r.Start:r.End]
			switch x := v.Interface().(type) {
			case ast.Ident:
				if own != x.Text && own != `"`+x.Text+`"` {
					t.Errorf("name %q at %q", x.Text, own)
				}
			case ast.Str:
				if own[0] != '"' || own[len(own)-1] != '"' {
					t.Errorf("string %q at %q", x.Value, own)
				}
			case ast.Int:
				if strings.Trim(own, "0123456789") != "" {
					t.Errorf("number at %q", own)
				}
			}
			in = r
		}
		for i := range v.NumField() {
			n += places(t, text, v.Field(i), in)
		}
	}
	return n
}

// 20 faults in a file of 200 statements: one diagnostic on the line of each, and the 180 others as they are.
func TestRecovery(t *testing.T) {
	faults := []string{
		"allow a b GET", "allow web -> GET -> x", "deny al in default", `allow a -> b GET "/unterminated`, "allow a -> b,", "deny all in", `allow a -> b when (header["x"] == "y"`,
		"allow a -> b:", "allow a -> b {", "allow a ->", `allow a -> b GET /x`, "§ allow a -> b", "allow a -> b }", "worklod x", `allow a -> b when claim["x"] in ["a", `,
		`allow a -> b GET "/x", POST`, "group g =", `jwt "i" on b { jwks `, "allow a -> b until 2027-1-1", "use web(a",
	}
	for _, around := range [][2]string{{"", ""}, {"policy p(x) {\n", "}\n"}} {
		var lines []string
		want := map[int]string{}
		for i := range 200 {
			line := fmt.Sprintf("allow a%d -> b%d GET", i, i)
			if i%10 == 9 {
				line = faults[i/10]
				if around[0] != "" && (strings.HasSuffix(line, "}") || strings.HasPrefix(line, "group") || strings.HasPrefix(line, "worklod")) {
					line = "allow" // these mean something else in a block
				}
				want[i+1+strings.Count(around[0], "\n")] = line
			}
			lines = append(lines, " "+line)
		}
		tree, diags := parse(around[0] + strings.Join(lines, "\n") + "\n" + around[1])
		for _, d := range diags {
			line := d.Span.File.Position(int(d.Span.Start)).Line
			if want[line] == "" {
				t.Errorf("line %d: %s", line, d.Message)
			}
			delete(want, line)
		}
		if len(want) > 0 || len(diags) != 20 {
			t.Errorf("%d diagnostics, none for %v", len(diags), want)
		}
		stmts := tree.Stmts
		if p, ok := stmts[0].(*ast.Policy); ok {
			stmts = p.Body
		}
		good := 0
		for _, s := range stmts {
			if r, ok := s.(*ast.Rule); ok {
				if src, dst := r.Sources.List[0].Name.Text, r.Targets[0].Name.Text; src[1:] != dst[1:] || show(r) != show(ruleOf(t, "allow "+src+" -> "+dst+" GET")) {
					t.Errorf("a good statement became %s", show(r))
				}
				good++
			}
		}
		if good != 180 {
			t.Errorf("%d good statements", good)
		}
	}
}

func ruleOf(t *testing.T, text string) ast.Stmt {
	t.Helper()
	tree, diags := lang.Parse(source.New("", text))
	if len(tree.Stmts) != 1 || len(diags) > 0 {
		t.Fatal(text, messages(diags))
	}
	return tree.Stmts[0]
}
