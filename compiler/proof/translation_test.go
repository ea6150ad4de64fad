package proof_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/known"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/yaml"
	"github.com/zt-lang/ztc/lang/source"
)

const program = `
workload web { port http 8080 }
workload api { port http 8080; port raw 9000 tcp }
workload db { port db 5432 tcp }
workload ops
group staff = ops, web
workload mixed
workload free
deny all in default
mtls strict in mesh
mtls permissive on api port 9000
jwt "https://issuer.example/" on api {
  jwks "https://issuer.example/keys"
  audiences "api"
  claims groups list
}
allow web -> api GET
allow ops -> api GET, POST "/a", "/b/*"
allow authenticated as "https://issuer.example/*" -> api PUT "/c" when claim["groups"] == "admins"
allow api -> db:5432
allow staff except web -> db:5432
deny web from "10.0.0.0/8" -> api { http } except "/healthz"
deny ops -> db
audit web -> api DELETE
dry-run deny web -> api PATCH
allow web -> mixed { port 9090 except POST; http }
allow authenticated, plaintext -> free GET
`

// translation is that of a program, with facts.
func translation(t *testing.T, text string, facts *known.Facts) *proof.Translation {
	t.Helper()
	in := compiler.Input{Files: []*source.File{source.New("x.zt", text)}}
	p, diags := compiler.Program(context.Background(), in)
	if p == nil {
		t.Fatal(diags)
	}
	return proof.NewTranslation(p, intent.Of(p, ""), "", facts)
}

// compiled are the objects of the program.
func compiled(t *testing.T) []*istio.Object {
	t.Helper()
	in := compiler.Input{Files: []*source.File{source.New("x.zt", program)}}
	out, diags := compiler.Compile(context.Background(), in)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var objects []*istio.Object
	for i := range out.Objects {
		o, err := out.Objects[i].Decode()
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	return objects
}

func finish(t *proof.Translation, objects []*istio.Object) string {
	c := t.Checker()
	for _, o := range objects {
		if !c.Known(o, yaml.Append(nil, o)) {
			c.See(o)
		}
	}
	var b strings.Builder
	for _, d := range t.Finish(context.Background()) {
		b.WriteString(d.Message + "\n")
	}
	return b.String()
}

// TestTranslation changes what was emitted, and the program, in every way that changes a meaning: each is found, whatever is known
// of the others.
func TestTranslation(t *testing.T) {
	facts := known.Read(nil, nil, "")
	objects := compiled(t)
	for range 2 {
		if said := finish(translation(t, program, facts), objects); said != "" {
			t.Fatalf("as emitted: %s", said)
		}
	}
	if facts.Tally().New == 0 {
		t.Error("no facts were learnt")
	}
	for _, o := range objects {
		c := translation(t, program, facts).Checker()
		for _, other := range objects {
			if o != other && c.Known(o, yaml.Append(nil, other)) {
				t.Errorf("the text of %s/%s is taken for %s/%s", other.Namespace, other.Name, o.Namespace, o.Name)
			}
		}
	}
	tried := 0
	differs := func(what, text string, list []*istio.Object) {
		t.Helper()
		tried++
		if finish(translation(t, text, nil), list) == "" {
			t.Errorf("%s is not found", what)
		}
		if finish(translation(t, text, facts), list) == "" {
			t.Errorf("%s is not found, with facts", what)
		}
	}
	try := func(what string, list []*istio.Object) { t.Helper(); differs(what, program, list) }
	for _, line := range strings.SplitAfter(program, "\n") {
		if strings.Contains(line, " -> ") {
			differs("without "+line, strings.Replace(program, line, "", 1), objects)
			differs("otherwise "+line, strings.Replace(program, line, strings.NewReplacer("api", "web", "web -> mixed", "ops -> mixed", "free GET", "free POST", "db:5432", "web", "-> db", "-> ops").Replace(line), 1), objects)
		}
	}
	for was, is := range map[string]string{
		"allow web -> api GET":             "allow web -> api DELETE",
		`"/a"`:                             `"/z"`,
		"allow ops":                        "allow web",
		"workload api { port http 8080":    "workload api { labels app: api, v: \"2\"; port http 8080",
		"port raw 9000 tcp }\nworkload db": "port raw 9000 }\nworkload db",
	} {
		differs(is, strings.Replace(program, was, is, 1), objects)
	}
	for i, o := range objects {
		name := string(o.Kind) + " " + o.Name
		try(name+" lost", slices.Delete(slices.Clone(objects), i, i+1))
		change := func(what string, f func(*istio.Object) bool) {
			t.Helper()
			x := *o
			if o.Authorization != nil {
				x.Authorization = proto.Clone(o.Authorization).(*security.AuthorizationPolicy)
			}
			if o.Peer != nil {
				x.Peer = proto.Clone(o.Peer).(*security.PeerAuthentication)
			}
			if o.Request != nil {
				x.Request = proto.Clone(o.Request).(*security.RequestAuthentication)
			}
			if f(&x) {
				list := slices.Clone(objects)
				list[i] = &x
				try(name+" "+what, list)
			}
		}
		change("in another namespace", func(x *istio.Object) bool { x.Namespace = "other"; return true })
		if p := o.Peer; p != nil {
			change("without its mode", func(x *istio.Object) bool { x.Peer.Mtls = nil; return p.Mtls != nil })
			change("without its ports", func(x *istio.Object) bool { x.Peer.PortLevelMtls = nil; return len(p.PortLevelMtls) > 0 })
			change("permissive", func(x *istio.Object) bool {
				if x.Peer.Mtls == nil {
					return false
				}
				x.Peer.Mtls.Mode = security.PeerAuthentication_MutualTLS_PERMISSIVE
				return true
			})
			continue
		}
		if r := o.Request; r != nil {
			change("without audiences", func(x *istio.Object) bool {
				x.Request.JwtRules[0].Audiences = nil
				return len(r.JwtRules[0].Audiences) > 0
			})
			change("with other keys", func(x *istio.Object) bool { x.Request.JwtRules[0].JwksUri += "x"; return true })
			change("of another issuer", func(x *istio.Object) bool { x.Request.JwtRules[0].Issuer += "x"; return true })
			continue
		}
		change("with another action", func(x *istio.Object) bool {
			x.Authorization.Action = (x.Authorization.Action + 1) % 2
			return true
		})
		change("with the dry run turned", func(x *istio.Object) bool {
			if x.Annotations != nil {
				x.Annotations = nil
			} else {
				x.Annotations = map[string]string{"istio.io/dry-run": "true"}
			}
			return true
		})
		change("for all pods", func(x *istio.Object) bool { x.Authorization.Selector = nil; return o.Authorization.Selector != nil })
		for r := range o.Authorization.Rules {
			change("without a rule", func(x *istio.Object) bool {
				x.Authorization.Rules = slices.Delete(x.Authorization.Rules, r, r+1)
				return true
			})
			change("with a free rule", func(x *istio.Object) bool {
				x.Authorization.Rules[r] = &security.Rule{}
				// A deny of anyone to all of its ports is one already.
				return len(o.Authorization.Rules[r].From)+len(o.Authorization.Rules[r].To)+len(o.Authorization.Rules[r].When) > 0
			})
			change("without its conditions", func(x *istio.Object) bool {
				x.Authorization.Rules[r].When = nil
				return len(o.Authorization.Rules[r].When) > 0
			})
			change("with a condition more", func(x *istio.Object) bool {
				x.Authorization.Rules[r].When = append(x.Authorization.Rules[r].When, &security.Condition{Key: "source.ip", Values: []string{"192.0.2.1"}})
				return true
			})
			for f := range o.Authorization.Rules[r].From {
				s := func(x *istio.Object) *security.Source { return x.Authorization.Rules[r].From[f].Source }
				change("with a principal more", func(x *istio.Object) bool {
					s(x).Principals = append(s(x).Principals, "cluster.local/ns/default/sa/stranger")
					return len(s(o).Principals) > 0 && s(o).Principals[0] != "*"
				})
				change("with a principal less", func(x *istio.Object) bool {
					s(x).Principals = s(x).Principals[:max(0, len(s(x).Principals)-1)]
					return len(s(o).Principals) > 0
				})
				change("without its addresses", func(x *istio.Object) bool { s(x).IpBlocks = nil; return len(s(o).IpBlocks) > 0 })
				change("without its tokens", func(x *istio.Object) bool {
					s(x).RequestPrincipals = nil
					return len(s(o).RequestPrincipals) > 0
				})
			}
			for n := range o.Authorization.Rules[r].To {
				op := func(x *istio.Object) *security.Operation { return x.Authorization.Rules[r].To[n].Operation }
				change("without its methods", func(x *istio.Object) bool { op(x).Methods = nil; return len(op(o).Methods) > 0 })
				change("without its paths", func(x *istio.Object) bool { op(x).Paths = nil; return len(op(o).Paths) > 0 })
				change("without its ports", func(x *istio.Object) bool { op(x).Ports = nil; return len(op(o).Ports) > 0 })
				change("without its exceptions", func(x *istio.Object) bool { op(x).NotPaths = nil; return len(op(o).NotPaths) > 0 })
				change("without its ports left out", func(x *istio.Object) bool { op(x).NotPorts = nil; return len(op(o).NotPorts) > 0 })
				change("with a path more", func(x *istio.Object) bool {
					op(x).Paths = append(op(x).Paths, "/more")
					return len(op(o).Paths) > 0
				})
				change("with another case", func(x *istio.Object) bool {
					if len(op(x).Methods) == 0 {
						return false
					}
					op(x).Methods[0] = strings.ToLower(op(x).Methods[0])
					return op(x).Methods[0] != op(o).Methods[0]
				})
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d changes were tried", tried)
	}
}

// TestMismatch wants both readings of the request that a mismatch shows.
func TestMismatch(t *testing.T) {
	for _, c := range []struct {
		policy string
		change func(*security.AuthorizationPolicy)
		want   string
	}{
		{"deny-api", func(a *security.AuthorizationPolicy) { a.Rules[0].From[0].Source.IpBlocks = []string{"10.0.0.0/9"} },
			`the program's deny has caller cluster.local/ns/default/sa/web, from "10.128.0.0", port 8080, path "/", and the policies' has not|` +
				`x.zt:22:1: as the program is read, this has it|as the policies are read, no rule has it`},
		{"audit-api", func(a *security.AuthorizationPolicy) { a.Rules[0].To[0].Operation.Methods = []string{"DELETE", "POST"} },
			`the policies' audit has caller cluster.local/ns/default/sa/web, port 8080, method POST, and the program's has not|` +
				`as the program is read, no statement has it|as the policies are read, rule[0] of default/audit-api has it`},
	} {
		tr, objects := translation(t, program, nil), compiled(t)
		for i, o := range objects {
			if o.Name == c.policy && o.Authorization != nil {
				x := *o
				x.Authorization = proto.Clone(o.Authorization).(*security.AuthorizationPolicy)
				c.change(x.Authorization)
				objects[i] = &x
			}
		}
		check := tr.Checker()
		for _, o := range objects {
			check.See(o)
		}
		list := tr.Finish(context.Background())
		if len(list) != 1 {
			t.Fatalf("%s: %v", c.policy, list)
		}
		_, got, _ := strings.Cut(list[0].Message, "chain: ")
		for _, r := range list[0].Related {
			got += "|" + r.Span.String() + ": " + r.Message
		}
		if got = strings.Join(append([]string{got}, list[0].Notes...), "|"); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.policy, got, c.want)
		}
	}
}

// TestTranslationOfManyPatterns builds programs of so many prefixes and suffixes that all pairs of them are too many classes.
func TestTranslationOfManyPatterns(t *testing.T) {
	const head = "workload web { port http 8080 }\nworkload api { port http 8080; port db 5432 tcp }\ndeny all in default\n"
	for name, x := range map[string]struct {
		lines string // with # for a number
		n     int
	}{
		"paths":      {"allow web -> api \"*.x#\"\ndeny web -> api \"/d#/*\"\n", 300},
		"hosts":      {"allow web -> api host \"*.t#.example\"\nallow web -> api host \"t#.*\"\n", 300},
		"exceptions": {"allow web -> api \"/w#/{*}\" except \"/{*}/v#\"\n", 141},
		"templates":  {"allow web -> api \"/w#/{*}/x\"\ndeny web -> api \"/{*}/w#/x\"\n", 141},
		"host lists": {"allow web -> api host \"*.w#.example\", \"v#.*\"\ndeny web -> api host \"u#*\"\n", 141},
		"callers":    {"allow namespace \"*w#\" -> api\nallow namespace \"v#*\" -> api\ndeny principal \"*/ns/w#/sa/w\" -> api\n", 300},
	} {
		var b strings.Builder
		b.WriteString(head)
		for i := range x.n {
			b.WriteString(strings.ReplaceAll(x.lines, "#", strconv.Itoa(i)))
		}
		in := compiler.Input{Files: []*source.File{source.New("x.zt", b.String())}}
		if _, diags := compiler.Compile(context.Background(), in); diags.HasErrors() {
			t.Errorf("%s: %v", name, diags[0])
		}
	}
}
