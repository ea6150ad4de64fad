package conformance

import (
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	meshconfig "istio.io/api/mesh/v1alpha1"
	security "istio.io/api/security/v1beta1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/pkg/networking/core"
	"istio.io/istio/pkg/config/mesh"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/conformance/envoy"
	"github.com/zt-lang/ztc/conformance/istiod"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/rawpath"
)

var normalizations = []rawpath.Normalization{rawpath.None, rawpath.Base, rawpath.MergeSlashes, rawpath.DecodeAndMergeSlashes}

// manager is the inbound connection manager that istiod generates for a sidecar under a setting of pathNormalization.
func manager(t *testing.T, setting rawpath.Normalization) proto.Message {
	t.Helper()
	m := mesh.DefaultMeshConfig()
	kind, known := meshconfig.MeshConfig_ProxyPathNormalization_NormalizationType_value[setting.String()]
	if !known {
		t.Fatalf("meshConfig has no pathNormalization %v", setting)
	}
	m.PathNormalization = &meshconfig.MeshConfig_ProxyPathNormalization{Normalization: meshconfig.MeshConfig_ProxyPathNormalization_NormalizationType(kind)}
	cg := core.NewConfigGenTest(t, core.TestOptions{MeshConfig: m})
	proxy := cg.SetupProxy(&model.Proxy{IPAddresses: []string{"10.0.0.1"}})
	var found *hcm.HttpConnectionManager
	for _, l := range cg.Listeners(proxy) {
		if l.Name != "virtualInbound" {
			continue
		}
		for _, c := range l.FilterChains {
			for _, f := range c.Filters {
				x := &hcm.HttpConnectionManager{}
				if f.GetTypedConfig().MessageIs(x) {
					if err := f.GetTypedConfig().UnmarshalTo(x); err != nil {
						t.Fatal(err)
					}
					found = x
				}
			}
		}
	}
	if found == nil {
		t.Fatal("istiod generates no inbound connection manager")
	}
	return found
}

// TestFeatures holds the features that Envoy runs with here to those of Istio's bootstrap, read from its source: its package needs
// modules that nothing else here does.
func TestFeatures(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "istio.io/istio").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(gotoken.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "pkg", "bootstrap", "config.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	features := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		kv, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		key, isString := kv.Key.(*ast.BasicLit)
		value, isName := kv.Value.(*ast.Ident)
		if !isString || !isName {
			return true
		}
		if name, err := strconv.Unquote(key.Value); err == nil && strings.HasPrefix(name, "envoy.reloadable_features.") {
			features[name] = value.Name == "true"
		}
		return true
	})
	if !maps.Equal(features, envoy.Features) {
		t.Errorf("Istio's bootstrap has %v, here are %v", features, envoy.Features)
	}
}

// pathServer is an Envoy with a listener for each setting, on the port of its place.
func pathServer(t *testing.T) *envoy.Server {
	t.Helper()
	bin := envoyBinary(t)
	var listeners []envoy.Listener
	for i, setting := range normalizations {
		listeners = append(listeners, envoy.Listener{Address: pathAddress(), Port: pathPort(i), HTTP: true, Manager: manager(t, setting)})
	}
	server, err := envoy.Start(bin, t.TempDir(), listeners)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

func pathAddress() string { return fmt.Sprintf("127.%d.200.1", network()) }

func pathPort(setting int) uint32 { return uint32(8080 + setting) }

// rawPaths are targets as bytes: each byte alone and escaped in each place, dot segments, slashes, parameters, and n mixes.
func rawPaths(r *rand.Rand, n int) []string {
	var out []string
	add := func(s ...string) { out = append(out, s...) }
	for b := range 256 {
		c := string([]byte{byte(b)})
		for _, x := range []string{c, fmt.Sprintf("%%%02x", b), fmt.Sprintf("%%%02X", b), "%" + c + "1", "%1" + c} {
			add(x, x+"a", "/"+x, "/a"+x, "/a"+x+"b", "/a/"+x+"/b", "/a/."+x, "/a/.."+x+"/b", "/a/"+x+".", "/a?b"+x+"c", "/a;"+x+"/b")
		}
		add("http://h"+c+"/a", "http://"+c+"/a", "http://u"+c+"@h/a", "http"+c+"://h/a", "http://h"+c+"1/a", "http://h"+c+c+"a/a", "http://h?"+c, "HTTPS://h/../"+c)
	}
	pieces := []string{"/", "/", "/", "//", `\`, "%2F", "%2f", "%5C", "%5c", ".", "..", "%2e", "%2E", ".%2e", ";", ";x", "%3b", "%3B", "a", "A", "b", "%61", "%41", "%20", "%00",
		"%", "%2", "%%", "%zz", "%25", "%252e", "?", "#", "%3f", "%23", "[", "]", "{", "|", "^", "`", `"`, "<", "*", "~", "%7e", "=", "&", "+", ",", ":", "@", "!", "'", "(", "é", "\xc3", "\xff", "%c3%a9", "\x7f", " ", "\t",
		"\x01", "index.html", "…", "\xf0\x9f\x98\x80"}
	for range n {
		var b strings.Builder
		if r.IntN(20) > 0 {
			b.WriteString("/")
		}
		for range 1 + r.IntN(9) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		add(b.String())
	}
	add("/%/../%41%42%43", "/%/../%41%42%43%44", "/%2%41", "/%%341", "/%%34%31", "/%%30%30", "/a/%/../../%41b", "/%/../a%42c", "/x/%4/../%41%42", "/%/../../..%41",
		"http://h", "http://h#a", "http://h/#a", "http://h?a/../b", "http://h?a#b", "http://h:80/a", "http://h:x/a", "http://h:/a", "http://[::1]/a", "http://[::1]:80/a", "http://[h]/a", "http://u:p@h/a", "http://@h/a", "ftp://h/a",
		"http:/h/a", "http:h", "//h/a", "h/a", "h:80/a", "*", "**", "/*")
	for _, size := range []int{1000, 10_000, 50_000} {
		add("/"+strings.Repeat("a", size), "/"+strings.Repeat("a/", size/2), "/"+strings.Repeat("../", size/3), "/"+strings.Repeat("%2F", size/3), "/"+strings.Repeat("/", size)+"a",
			"/"+strings.Repeat("a/../", size/5)+"b", "/"+strings.Repeat("a;x", size/3))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// codecs are the ways to send a request.
type codec struct {
	rawpath.Codec
	name string
	ask  func(envoy.Caller, string, uint32, []envoy.HTTPRequest) ([]envoy.Answer, error)
}

func codecs(server *envoy.Server) []codec {
	return []codec{{rawpath.HTTP1, "HTTP/1.1", server.HTTP1}, {rawpath.HTTP2, "HTTP/2", server.HTTP2}}
}

// targeting makes requests for targets, as far as they are targets: on HTTP/1.1 a line ends with its end.
func (c codec) targeting(targets []string) (out []envoy.HTTPRequest) {
	for _, target := range targets {
		if c.Codec != rawpath.HTTP1 || !strings.ContainsAny(target, "\r\n") {
			out = append(out, envoy.HTTPRequest{Method: "GET", Path: target, Host: "a.example"})
		}
	}
	return out
}

// TestRawPaths sends paths byte for byte through Envoy under each setting, and wants rawpath to say what its filters see.
func TestRawPaths(t *testing.T) {
	server := pathServer(t)
	const seed = 5
	n := 4_000
	if full() {
		n = 30_000
	}
	targets := rawPaths(rand.New(rand.NewPCG(seed, 1)), n)
	for i, setting := range normalizations {
		for _, c := range codecs(server) {
			t.Run(fmt.Sprint(setting, " ", c.name), func(t *testing.T) {
				requests := c.targeting(targets)
				if c.Codec == rawpath.HTTP2 && !(full() && setting == rawpath.Base) { // what the codec refuses costs a connection each: some of it will do
					refused := 0
					requests = slices.DeleteFunc(requests, func(q envoy.HTTPRequest) bool {
						if _, ok := setting.Seen(q.Path, c.Codec); ok || len(q.Path) <= len("/x") {
							return false
						}
						refused++
						return refused%20 != 0
					})
				}
				answers, err := c.ask(envoy.Caller{}, pathAddress(), pathPort(i), requests)
				if err != nil {
					t.Fatal(err)
				}
				seen, changed, wrong := 0, 0, 0
				for k, a := range answers {
					path, ok := setting.Seen(requests[k].Path, c.Codec)
					got, _, _ := strings.Cut(a.Body, "?")
					passes := a.Status == 200 || a.Status == 404 // a query alone has no route
					if passes {
						seen++
						if got != requests[k].Path {
							changed++
						}
					}
					if passes != ok || ok && got != path {
						if wrong++; wrong <= 40 {
							t.Errorf("%q: Envoy %d %.200q, ztc %t %.200q", requests[k].Path, a.Status, a.Body, ok, path)
						}
					}
				}
				t.Logf("%d targets, %d of them seen by filters, %d otherwise than sent, %d differ, seed %d", len(answers), seen, changed, wrong, seed)
				if seen < len(answers)/4 || seen == len(answers) || changed < 1000 {
					t.Errorf("of %d targets %d are seen, %d otherwise than sent", len(answers), seen, changed)
				}
			})
		}
	}
}

// TestPathPolicies has policies on paths, translated by Istio's builder, decide about raw targets under each setting.
func TestPathPolicies(t *testing.T) {
	bin := envoyBinary(t)
	const seed = 6
	n := 300
	if full() {
		n = 3_000
	}
	type pod struct {
		pattern string
		deny    bool
		setting rawpath.Normalization
	}
	var pods []pod
	var listeners []envoy.Listener
	address := func(i int) string { return fmt.Sprintf("127.%d.%d.%d", network(), 201+i/200, 1+i%200) }
	for _, setting := range normalizations {
		m := manager(t, setting)
		for i, pattern := range []string{"/a", "/a/b", "/a/", "//", "/", "/a/*", "/a*", "/*", "*", "*/b", "*b", "*.html", "/a/{*}", "/a/{**}", "/{*}/b", "/{**}/b", "/a/{*}/{**}", "/a;x", "/a%2Fb", "/a/..;x/b"} {
			p := pod{pattern, i%2 == 1, setting}
			o := &istio.Object{Kind: istio.AuthorizationPolicy, Name: "p", Namespace: "foo", Authorization: &security.AuthorizationPolicy{
				Rules: []*security.Rule{{To: []*security.Rule_To{{Operation: &security.Operation{Paths: []string{pattern}}}}}},
			}}
			if p.deny {
				o.Authorization.Action = security.AuthorizationPolicy_DENY
			}
			http, _ := (&istiod.Mesh{TrustDomain: "cluster.local", RootNamespace: "istio-system", Policies: []*istio.Object{o}}).Chains("foo", nil)
			listeners = append(listeners, envoy.Listener{Address: address(len(pods)), Port: 8080, HTTP: true, Local: http.Local, Manager: m})
			pods = append(pods, p)
		}
	}
	server, err := envoy.Start(bin, t.TempDir(), listeners)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	r := rand.New(rand.NewPCG(seed, 1))
	pieces := []string{"/", "/", "/a", "/a", "/b", "a", "b", "%61", "%62", "/.", "/..", "%2e", "%2F", "//", "\\", "%5c", ";x", ";", "?a", "#b", ".html", "/x/..", "/x/..;y", "/x/%2e%2e;", "[", "é", "A"}
	verdicts, passed, refused := 0, 0, 0
	for i, p := range pods {
		for _, c := range codecs(server) {
			var targets []string
			for range n {
				var b strings.Builder
				if r.IntN(4) > 0 {
					b.WriteString("/a")
				} else {
					b.WriteString("/")
				}
				for range r.IntN(5) {
					b.WriteString(pieces[r.IntN(len(pieces))])
				}
				targets = append(targets, b.String())
			}
			requests := c.targeting(targets)
			answers, err := c.ask(envoy.Caller{}, address(i), 8080, requests)
			if err != nil {
				t.Fatal(err)
			}
			for k, a := range answers {
				path, ok := p.setting.Seen(requests[k].Path, c.Codec)
				passes := ok && ir.MatchPath(p.pattern, path) != p.deny
				verdicts++
				switch a.Status {
				case 200, 404:
					passed++
				case 403:
					refused++
				}
				if (a.Status == 200 || a.Status == 404) != passes || (a.Status == 403) != (ok && !passes) {
					t.Errorf("%v, %s, %s %q: %q has the answer %d, ztc has it seen as %q (%t)", p.setting, c.name, map[bool]string{false: "ALLOW", true: "DENY"}[p.deny], p.pattern, requests[k].Path, a.Status, path, ok)
				}
			}
		}
	}
	t.Logf("%d verdicts, %d passed, %d refused by a policy, seed %d", verdicts, passed, refused, seed)
	if passed < verdicts/20 || refused < verdicts/20 {
		t.Errorf("of %d verdicts %d passed, %d were refused by a policy", verdicts, passed, refused)
	}
}
