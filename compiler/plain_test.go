package compiler

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/source"
)

// TestPlain holds the way of plain rules to the way of all rules: the same objects, and where the first has everything to say
// with its place, the same diagnostics.
func TestPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	total := 2000
	if testing.Short() {
		total = 200
	}
	emitted, again := 0, 0
	for range total {
		text := plainProgram(r)
		objects, placeless := samePlain(t, Input{Files: []*source.File{source.New("x.zt", text)}})
		if placeless {
			again++
		}
		if objects > 0 {
			emitted++
		}
	}
	if emitted < total/4 || again > total/2 {
		t.Errorf("%d of %d programs emitted something, %d were compiled again", emitted, total, again)
	}
}

// TestPlainGoldens does the same with what the goldens hold.
func TestPlainGoldens(t *testing.T) {
	archives, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil || len(archives) < 50 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := fstest.MapFS{}
		in := Input{FS: files}
		for _, f := range a.Files {
			files[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o444}
			if strings.HasSuffix(f.Name, ".zt") && !strings.Contains(f.Name, "/") {
				in.Files = append(in.Files, source.New(f.Name, string(f.Data)))
			}
		}
		samePlain(t, in)
	}
}

// TestAhead does the same with a program of so many texts that another processor resolves them ahead (compiler/resolve/ahead.go).
func TestAhead(t *testing.T) {
	var b strings.Builder
	b.WriteString("methods m = GET, HEAD\npaths p = \"/a\", \"/b/*\"\ndeny all in default\n")
	for i := range 6000 {
		ops := []string{"GET \"/x%d\"", "GET, PUT \"/y%d\", \"/y%[1]d/*\"", "m \"/m%d\"", "POST p, \"/p%d\"", "PUT \"/q/{*}/%d\""}[i%5]
		fmt.Fprintf(&b, "allow a%d -> b%d "+ops+"\n", i%7, i%50, i)
	}
	f := source.New("x.zt", b.String())
	if skimmed, _ := lang.Skim(f); len(skimmed.Pieces) < 1<<12 {
		t.Errorf("only %d texts", len(skimmed.Pieces))
	}
	if objects, again := samePlain(t, Input{Files: []*source.File{f}}); objects < 50 || again {
		t.Errorf("%d objects, compiled again: %t", objects, again)
	}
}

// samePlain compiles both ways. It returns the number of objects, and whether the plain way left something without a place.
func samePlain(t *testing.T, in Input) (objects int, again bool) {
	t.Helper()
	whole, wholeSaid := compile(context.Background(), &loader{in: in, whole: true})
	if wholeSaid.Sort(); placeless(wholeSaid) {
		t.Fatalf("all trees are built, and something has no place: %v", wholeSaid)
	}
	plain, plainSaid := compile(context.Background(), &loader{in: in})
	if plainSaid.Sort(); placeless(plainSaid) {
		return len(whole.Objects), true
	}
	if !reflect.DeepEqual(plainSaid, wholeSaid) {
		t.Fatalf("%s\nplain: %v\nwhole: %v", in.Files[0].Text, plainSaid, wholeSaid)
	}
	plain.Trials, whole.Trials = nil, nil // what they report has been compared
	if !reflect.DeepEqual(plain, whole) {
		t.Fatalf("%s\nplain:\n%s\nwhole:\n%s", in.Files[0].Text, plain.YAML(), whole.YAML())
	}
	return len(whole.Objects), false
}

// plainProgram makes a program of mostly plain allows that share and overlap.
func plainProgram(r *rand.Rand) string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	var b strings.Builder
	declared := r.IntN(2) == 0
	if declared {
		for _, w := range []string{"a", "b", "c", "shop/d", "shop/e"} {
			fmt.Fprintf(&b, "workload %s%s\n", w, pick("", " { port http 80 }", " { port http 80; port tcp-db 5432 }", " { port tcp-db 5432 }", " { account x }"))
		}
		b.WriteString("group g = a, shop/d\n")
	}
	if r.IntN(30) > 0 {
		b.WriteString("methods m = GET, POST\npaths p = \"/a\", \"/b/*\", p1\npaths p1 = \"/c\"\n")
	}
	if r.IntN(30) > 0 {
		b.WriteString("import \"std/http\"\n")
	}
	b.WriteString(pick("deny all in default, shop\n", "deny all in default, shop\n", "deny all in default, shop\n", "deny all in mesh\n", "deny all in mesh\n", "deny all in default\n", "deny all on a\ndeny all in shop\n", ""))
	names := []string{"a", "a", "b", "c", "shop/d", "shop/e", "a, b", "shop/*"}
	if declared {
		names = append(names, "g", "default/c")
	}
	if r.IntN(10) == 0 {
		names = append(names, "nobody")
	}
	ops := []string{"", "GET", "GET,POST", "POST, GET", `GET "/a"`, `GET "/a","/b"`, `GET "/a/*"`, `"/a"`, `"*"`, `GET "/a/{*}"`, `GET,GET "/b","/a/*","/a/b"`, "m", "http.read", `m "/a"`, "p", "GET p", "m, GET p, \"/a\""}
	if r.IntN(30) == 0 {
		ops = append(ops, "a", "p m")
	}
	for range 1 + r.IntN(25) {
		switch r.IntN(20) {
		case 0:
			fmt.Fprintf(&b, "deny %s -> %s %s\n", pick(names...), pick(names...), pick("", "{ GET; tcp }"))
		case 1:
			fmt.Fprintf(&b, "allow %s -> %s%s %s when header[\"x\"] == \"y\"\n", pick(names...), pick("a", "b"), pick("", ":80"), pick(ops...))
		case 2:
			fmt.Fprintf(&b, "namespace %s\n", pick("shop", "default"))
		case 3:
			fmt.Fprintf(&b, "allow (a, b) from \"10.0.0.0/8\" -> %s %s\n", pick(names...), pick(ops...))
		default:
			fmt.Fprintf(&b, "allow %s -> %s%s %s%s\n", pick(names...), pick(names...), pick("", "", "", "", "", ":80", ":5432"), pick(ops...), pick("", "", "  # why"))
		}
	}
	return b.String()
}

// TestPlacesElsewhere shows that what is said of a shared part is said in its own place.
func TestPlacesElsewhere(t *testing.T) {
	text := `mesh { istio "1.20" }
deny all in default
allow a -> b GET "/x/{*}"
allow c -> b GET "/x/{*}"
`
	out, diags := Compile(context.Background(), Input{Files: []*source.File{source.New("x.zt", text)}})
	var lines []int
	for _, d := range diags {
		if d.Mentions(ir.Elsewhere) {
			t.Errorf("%s has no place", d.Message)
		}
		if d.Code == "ZT1403" || strings.Contains(d.Message, "templates") {
			lines = append(lines, d.Span.File.Position(int(d.Span.Start)).Line)
		}
	}
	if len(out.Objects) > 0 || !reflect.DeepEqual(lines, []int{3, 4}) {
		t.Errorf("templates are reported on lines %v\n%v", lines, diags)
	}
}
