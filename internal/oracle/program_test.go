package oracle_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/internal/oracle"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

const head = `mesh {
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

// statements make random statements of the language.
func (d dice) statement() string {
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

// asking are what the tests of a program count.
type asking struct{ programs, requests, matched int }

// program holds the YAML of a program to what its statements say, request by request. It reports whether it compiles.
func (d dice) program(t *testing.T, n *asking, in compiler.Input, requests int) bool {
	t.Helper()
	ctx := context.Background()
	out, diags := compiler.Compile(ctx, in)
	if diags.HasErrors() {
		for _, x := range diags {
			if x.Code == diag.Internal {
				t.Errorf("%s\n%s", x.Message, texts(in))
			}
		}
		return false
	}
	n.programs++
	p, _ := compiler.Program(ctx, in)
	policies, err := oracle.Parse(string(out.YAML()))
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string][]*istio.Object{}
	of := map[string][]oracle.Policy{}
	for i := range out.Objects {
		o, err := out.Objects[i].Decode()
		if err != nil {
			t.Fatal(err)
		}
		if o.Authorization == nil {
			continue
		}
		var labels []ir.Label
		for k, v := range o.Authorization.GetSelector().GetMatchLabels() {
			labels = append(labels, ir.Label{Key: k, Value: v})
		}
		slices.SortFunc(labels, func(a, b ir.Label) int { return strings.Compare(a.Key, b.Key) })
		key := intent.Key(o.Namespace, labels)
		objects[key] = append(objects[key], o)
		at := slices.IndexFunc(policies, func(p oracle.Policy) bool {
			return p.Kind == "AuthorizationPolicy" && p.Namespace == o.Namespace && p.Name == o.Name
		})
		of[key] = append(of[key], policies[at])
	}
	om := &oracle.Mesh{TrustDomain: p.Mesh.TrustDomain, RootNamespace: p.Mesh.RootNamespace, MultipleProviders: p.Mesh.MultipleProviders, Providers: map[string]bool{}}
	pm := &plane.Mesh{TrustDomain: p.Mesh.TrustDomain, RootNamespace: p.Mesh.RootNamespace, MultipleProviders: p.Mesh.MultipleProviders, Providers: p.Mesh.Providers}
	for _, r := range p.Rules {
		if kind, known := p.Mesh.Providers[r.Provider]; r.Provider != "" {
			om.Providers[r.Provider] = !known || kind == ir.GRPCProvider // one that nothing is known of is there
		}
	}
	m := intent.Of(p, in.Options.Now)
	reader := m.Reader()
	for _, s := range m.Scopes {
		key := intent.Key(s.Namespace, s.Labels)
		for _, c := range []intent.Chain{intent.HTTP, intent.TCP} {
			want, err := reader.Ladder(s, c, false)
			if err != nil {
				t.Fatal(err)
			}
			got, err := pm.Ladder(objects[key], plane.Chain(c))
			if err != nil {
				t.Fatal(err)
			}
			all := []*sem.Expr{want.Allow, want.Deny, want.Audit, got.Allow, got.Deny, got.Audit}
			all = slices.AppendSeq(slices.AppendSeq(all, maps.Values(want.Custom)), maps.Values(got.Custom))
			universe := m.Universe(s, c)
			atoms := atomsOf(t, universe, all...)
			named := slices.SortedFunc(maps.Keys(atoms), byAttr)
			for range requests {
				r := sem.Request{{Kind: sem.Method}: {Parts: []string{"GET"}}, {Kind: sem.Host}: {Parts: []string{"h"}}, {Kind: sem.Path}: {Parts: []string{"/"}}}
				for _, a := range named {
					if list := atoms[a]; len(list) > 0 {
						r[a] = d.near(a, list[d.IntN(len(list))])
					}
				}
				if !universe.Holds(r) {
					continue
				}
				real, why := d.realise(r)
				if why != "" {
					continue
				}
				v := om.Decide(oracle.Chain(c), unverified(of[key]), real)
				n.requests++
				if v.Allow || v.Deny {
					n.matched++
				}
				bad := ""
				for _, x := range []struct {
					part         string
					meant, emits bool
				}{
					{"allow", want.Closed && want.Allow.Holds(r), v.Allow}, {"deny", want.Deny.Holds(r), v.Deny}, {"audit", want.Audit.Holds(r), v.Audit},
				} {
					if x.meant != x.emits {
						bad = fmt.Sprintf("%s: the program says %v, the policies %v", x.part, x.meant, x.emits)
					}
				}
				for name := range om.Providers {
					if x := want.Custom[name]; (x != nil && x.Holds(r)) != v.Asked[name] {
						bad = fmt.Sprintf("delegate to %s: the policies %v", name, v.Asked[name])
					}
				}
				if bad != "" {
					t.Fatalf("%s %v on %v: %s\n%s\n%s\n%s", s.Namespace, s.Labels, c, bad, show(real), texts(in), out.YAML())
				}
			}
		}
	}
	return true
}

// texts are the files of a program.
func texts(in compiler.Input) (out string) {
	for _, f := range in.Files {
		out += strings.TrimPrefix(f.Text, head)
	}
	return out
}

// near is a value, or now and then one that differs in little.
func (d dice) near(a sem.Attr, v sem.Value) sem.Value {
	if v.Absent || len(v.Parts) == 0 || !d.one(4) {
		return v
	}
	i := d.IntN(len(v.Parts))
	s := v.Parts[i]
	switch a.Kind {
	case sem.Peer:
		s += "z"
	case sem.Path:
		s += d.pick("z", "/", "/z", "/[")
	case sem.SNI, sem.Method, sem.Host, sem.Header, sem.Claim, sem.Token, sem.Metadata, sem.MetadataList:
		s = d.pick(s+"z", "z"+s, strings.ToUpper(s), strings.ToLower(s), strings.TrimSuffix(s, "z"))
	}
	v.Parts = slices.Clone(v.Parts)
	v.Parts[i] = s
	return v
}

// rare are statements that the dice seldom throw; most of them were once compiled to something else.
var rare = []string{
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

// Whatever compiles, in YAML that istiod's own strings are made of, is what the statements say.
func TestPrograms(t *testing.T) {
	rounds, seed := times(400)
	var n asking
	for i := range rounds {
		d := newDice(seed<<32 + 3<<20 + uint64(i))
		text := head
		for range 1 + d.IntN(2) {
			s := d.statement()
			if strings.Contains(s, "mesh") && strings.Contains(s, "allow") {
				text += "deny all in mesh\n"
			}
			text += s + "\n"
		}
		d.program(t, &n, compiler.Input{Files: []*source.File{source.New("main.zt", text)}, FS: fstest.MapFS{}}, 60)
	}
	for _, s := range rare {
		d := newDice(seed)
		d.program(t, &n, compiler.Input{Files: []*source.File{source.New("main.zt", head+s+"\n")}, FS: fstest.MapFS{}}, 200)
	}
	t.Logf("%d of %d programs compile, %d requests, %d match", n.programs, rounds+len(rare), n.requests, n.matched)
	if n.programs < rounds/8 || n.matched < n.requests/40 {
		t.Error("the dice are loaded")
	}
}

// So are the goldens.
func TestGoldens(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/golden/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var n asking
	d := newDice(1)
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d.program(t, &n, archived(a), 15)
	}
	t.Logf("%d of %d programs compile, %d requests, %d match", n.programs, len(archives), n.requests, n.matched)
	if n.programs < len(archives)/2 {
		t.Error("few compile")
	}
}

// archived is the program of a golden archive.
func archived(a *txtar.Archive) compiler.Input {
	in := compiler.Input{Options: compiler.Options{Now: "2026-06-01"}}
	files := fstest.MapFS{}
	imported := map[string]bool{}
	for _, f := range a.Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o444}
		for line := range strings.SplitSeq(string(f.Data), "\n") {
			if rest, ok := strings.CutPrefix(line, `import "./`); ok {
				name, _, _ := strings.Cut(rest, `"`)
				imported[name] = true
			}
		}
	}
	for i, f := range a.Files {
		if strings.HasSuffix(f.Name, ".zt") && !strings.Contains(f.Name, "/") && (!imported[f.Name] || i == 0) {
			in.Files = append(in.Files, source.New(f.Name, string(f.Data)))
		}
	}
	in.FS = files
	return in
}
