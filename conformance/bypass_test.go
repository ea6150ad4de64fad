package conformance

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/conformance/envoy"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/rawpath"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// compiled is the policies of a program, and what is said of it.
func compiled(t *testing.T, program string) ([]*istio.Object, diag.List) {
	t.Helper()
	out, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("main.zt", program)}})
	if diags.HasErrors() {
		t.Fatalf("%s%v", program, diags)
	}
	docs, _ := istio.Read(source.New("main.yaml", string(out.YAML())))
	var objects []*istio.Object
	for _, d := range docs {
		if d.Object != nil {
			objects = append(objects, d.Object)
		}
	}
	if len(objects) == 0 {
		t.Fatalf("%sno objects", program)
	}
	return objects, diags
}

var (
	named   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	offered = regexp.MustCompile("`((?:allow|deny) [^`]*)`")
)

// TestBypasses sends what the lints on paths name. Each spelling walks around the statement that it is said to walk around, and once what
// the lint offers stands there, it is refused.
func TestBypasses(t *testing.T) {
	bin := envoyBinary(t)
	const head = "workload api { port http 8080 }\ndeny all in default\n"
	type asked struct {
		program string
		paths   []string
		pass    bool
	}
	var pods []asked
	spellings, allows, denies := 0, 0, 0
	for _, c := range []struct{ allow, deny, plain string }{
		{"allow anyone -> api", `deny anyone -> api "/admin"`, "/admin"},
		{"allow anyone -> api", `deny anyone -> api "/admin/*"`, "/admin/y"},
		{"allow anyone -> api", `deny anyone -> api "/admin", "/admin/*"`, "/admin/y"},
		{"allow anyone -> api", `deny anyone -> api "/a/b"`, "/a/b"},
		{"allow anyone -> api", `deny anyone -> api "/a/b/"`, "/a/b/"},
		{"allow anyone -> api", `deny anyone -> api "*.bak"`, "/x.bak"},
		{"allow anyone -> api", `deny anyone -> api "*/admin"`, "/x/admin"},
		{"allow anyone -> api", `deny anyone -> api "/items/{*}/raw"`, "/items/y/raw"},
		{"allow anyone -> api", `deny anyone -> api "/x/{**}"`, "/x/y"},
		{"allow anyone -> api", `deny anyone -> api "/"`, "/"},
		{"allow anyone -> api GET", `deny anyone -> api GET "/admin"`, "/admin"},
		{`allow anyone -> api "/public/*"`, `deny anyone -> api "/admin"`, "/admin"},
		{`allow anyone -> api "/a/public/*"`, `deny anyone -> api "/admin/*"`, "/admin/y"},
		{`allow anyone -> api "/public/{**}"`, `deny anyone -> api "/admin"`, "/admin"},
		{`allow anyone -> api "/public/{*}"`, `deny anyone -> api "/admin"`, "/admin"},
		{`allow anyone -> api "*.css"`, `deny anyone -> api "/admin"`, "/admin"},
		{`allow anyone -> api GET "/api/*" except "/api/internal/*"`, "", "/api/internal/y"},
		{`allow anyone -> api GET except "/admin", "/admin/*"`, "", "/admin/y"},
	} {
		program := head + c.allow + "\n" + c.deny + "\n"
		_, diags := compiled(t, program)
		var list []string
		said := ""
		for _, d := range diags {
			if d.Code != diag.DenySpelling && d.Code != diag.ExceptSpelling {
				continue
			}
			_, after, _ := strings.Cut(d.Message, ": ")
			for _, q := range named.FindAllString(after, -1) {
				s, err := strconv.Unquote(q)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, s)
			}
			for _, f := range d.Fixes {
				said += f.Message + "\n"
			}
		}
		if len(list) == 0 {
			t.Errorf("%snothing is named", program)
			continue
		}
		spellings += len(list)
		pods = append(pods, asked{program, list, true}, asked{program, []string{c.plain}, false})
		for _, m := range offered.FindAllStringSubmatch(said, -1) {
			if strings.Contains(m[1], "...") {
				continue // the shape of a line
			}
			mended := head + c.allow + "\n" + m[1] + "\n"
			if strings.HasPrefix(m[1], "allow") {
				mended = head + m[1] + "\n"
				allows++
			} else {
				denies++
			}
			pods = append(pods, asked{mended, append(list, c.plain), false})
			if _, again := compiled(t, mended+c.deny+"\n"); c.deny != "" && slices.ContainsFunc(again, func(d diag.Diagnostic) bool { return d.Code == diag.DenySpelling }) {
				t.Errorf("%sstill warned of: %v", mended+c.deny+"\n", again)
			}
		}
	}
	address := func(i int) string { return fmt.Sprintf("127.%d.220.%d", network(), 1+i) }
	var listeners []envoy.Listener
	m := manager(t, rawpath.Base)
	for i, p := range pods {
		objects, _ := compiled(t, p.program)
		http, _ := (&istiod.Mesh{TrustDomain: "cluster.local", RootNamespace: "istio-system", Policies: objects}).Chains("default", map[string]string{"app": "api"})
		listeners = append(listeners, envoy.Listener{Address: address(i), Port: 8080, HTTP: true, Local: http.Local, Manager: m})
	}
	server, err := envoy.Start(bin, t.TempDir(), listeners)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	passed, refused := 0, 0
	for i, p := range pods {
		for _, c := range codecs(server) {
			answers, err := c.ask(envoy.Caller{}, address(i), 8080, c.targeting(p.paths))
			if err != nil {
				t.Fatal(err)
			}
			for k, a := range answers {
				switch {
				case a.Status == 200 && p.pass:
					passed++
				case a.Status == 403 && !p.pass:
					refused++
				default:
					t.Errorf("%s%s: %s has the answer %d", p.program, c.name, p.paths[k], a.Status)
				}
			}
		}
	}
	t.Logf("%d spellings named; %d requests walk around, %d are refused; %d allows and %d denies offered", spellings, passed, refused, allows, denies)
	if spellings < 60 || allows < 10 || denies < 5 {
		t.Errorf("%d spellings named, %d allows and %d denies offered", spellings, allows, denies)
	}
}

// TestPathTable sends the paths of the table in docs/semantics.md, which emit/rawpath is held to, and wants filters to see what it shows.
func TestPathTable(t *testing.T) {
	server := pathServer(t)
	text, err := os.ReadFile("../docs/semantics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| path sent | NONE | BASE | MERGE_SLASHES | DECODE_AND_MERGE_SLASHES |\n")
	if !found {
		t.Fatal("there is no table")
	}
	answersTo := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) != 1+len(normalizations) {
			break
		}
		if cells[0] == "---" {
			continue
		}
		sent := strings.Trim(cells[0], "`")
		for i := range normalizations {
			for _, c := range codecs(server) {
				if c.Codec == rawpath.HTTP2 && !strings.HasPrefix(sent, "/") {
					continue // a URL is a target of HTTP/1.1 alone
				}
				answers, err := c.ask(envoy.Caller{}, pathAddress(), pathPort(i), c.targeting([]string{sent}))
				if err != nil {
					t.Fatal(err)
				}
				answersTo++
				got, _, _ := strings.Cut(answers[0].Body, "?")
				switch want := strings.Trim(cells[1+i], "`"); {
				case want == "400" && answers[0].Status == 400, answers[0].Status == 200 && (got == want || want == "as sent" && got == sent):
				default:
					t.Errorf("%v, %s: %s is seen as %q (%d), the table has %s", normalizations[i], c.name, sent, got, answers[0].Status, want)
				}
			}
		}
	}
	t.Logf("%d answers", answersTo)
	if answersTo < 200 {
		t.Errorf("%d answers", answersTo)
	}
}
