package bench

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/source"
)

// shape is a program of one kind of excess, of a size that is linear in n.
type shape struct {
	name string
	n    int // the smaller of two sizes
	text func(n int) string
	k8s  func(n int) string // manifests, nil for none
}

// repeat writes n lines, each from its number.
func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)))
		b.WriteByte('\n')
	}
	return b.String()
}

// list writes the items in one comma list.
func list(n int, format string) string {
	return strings.ReplaceAll(strings.TrimSuffix(repeat(n, format), "\n"), "\n", ", ")
}

func deployments(n int) string {
	return repeat(n, `---
{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"w%d","namespace":"shop"},"spec":{"selector":{"matchLabels":{"app":"w%d"}},"template":{"metadata":{"labels":{"app":"w%d"}},"spec":{"serviceAccountName":"w%d","containers":[{"name":"c","image":"x","ports":[{"containerPort":8080}]}]}}}}`)
}

func declared(n int) string {
	return "workload db { port http 8080; port tcp-x 9090 }\n" + repeat(n, "workload w%d { port http 8080; port tcp-x 9090 }")
}

var shapes = []shape{
	{name: "one target, many sources", n: 5000, text: func(n int) string {
		return "deny all in default\n" + repeat(n, "allow w%d -> db GET \"/x\"")
	}},
	{name: "one target, many paths", n: 5000, text: func(n int) string {
		return "deny all in default\n" + repeat(n, "allow web -> db GET \"/x%d\"")
	}},
	{name: "one target, many sources and paths", n: 5000, text: func(n int) string {
		return "deny all in default\n" + repeat(n, "allow w%d -> db GET \"/x%d/*\"")
	}},
	{name: "prefixes in one list", n: 5000, text: func(n int) string {
		return "deny all in default\nallow web -> db GET " + list(n, `"/x%d/*"`) + "\n"
	}},
	{name: "address blocks in one list", n: 2400, text: func(n int) string {
		return "deny all in default\nallow web from " + list(n, `"2001:db8:%d::/48"`) + " -> db\n"
	}},
	{name: "one target, many prefixes", n: 5000, text: func(n int) string {
		return "deny all in default\n" + repeat(n, "allow web -> db GET \"/x%d/*\"")
	}},
	{name: "many targets in a group", n: 1250, text: func(n int) string {
		return "deny all in default\ngroup all-of = " + list(n, "w%d") + "\n" + repeat(100, "allow web -> all-of GET \"/x%d\"")
	}},
	{name: "excepted paths", n: 1000, text: func(n int) string {
		return "deny all in default\nallow web -> db GET except " + list(n, `"/x%d"`) + "\n"
	}},
	{name: "excepted sources", n: 2500, text: func(n int) string {
		return "deny all in default\nallow authenticated except " + list(n, "w%d") + " -> db GET\n"
	}},
	{name: "groups of one source each", n: 5000, text: func(n int) string {
		return "deny all in default\n" + repeat(n, "group g%d = w%d") + repeat(n, "allow g%d -> db GET")
	}},
	{name: "unknown names", n: 10000, text: func(n int) string {
		return "workload one\ndeny all in default\n" + repeat(n, "allow unknown%d -> one GET")
	}},
	{name: "unknown names beside many known", n: 5000, text: func(n int) string {
		return repeat(n, "workload known%d") + "deny all in default\n" + repeat(n, "allow unknown%d -> known1 GET")
	}},
	{name: "unknown names beside many imports and namespaces", n: 2500, text: func(n int) string {
		return repeat(n, "workload n%d/cart") + "deny all in default\n" + repeat(n, "allow u%d -> n1/cart s%d") + repeat(n, "allow cart -> x%d/cart") + repeat(n, "allow account a%d -> n1/cart") +
			repeat(n, "group g%d = [n1/cart]") + repeat(n, "use p%d()")
	}},
	{name: "pods that pick nothing", n: 1000, text: func(n int) string {
		return "namespace shop\ndeny all in shop\n" + repeat(n, "pods p%d { app: v%d }") + repeat(n, "allow w1 -> p%d GET")
	}, k8s: deployments},
	{name: "unknown namespaces", n: 5000, text: func(n int) string {
		return repeat(n, "namespace k%d { }") + "workload one\n" + repeat(n, "allow u%d/* -> one GET")
	}},
	{name: "workloads declared", n: 5000, text: func(n int) string {
		return repeat(n, "workload w%d") + "deny all in default\n" + repeat(n, "allow w1 -> w%d GET")
	}},
	{name: "workloads that nothing covers", n: 5000, text: func(n int) string {
		return repeat(n, "workload w%d") + repeat(n, "pods p%d { tier: x%d }") + repeat(n, "deny all on p%d") + "allow all on w1\n"
	}},
	{name: "targets by pods", n: 2500, text: func(n int) string {
		return repeat(n, "workload w%d { port http 8080 }") + repeat(n, "pods p%d { app: w%d }") + "deny all in default\n" + repeat(n, "deny w1 -> p%d POST")
	}},
	{name: "ports of one workload", n: 2000, text: func(n int) string {
		return "workload db {\n" + repeat(n, "port p%d 1%d tcp") + "}\ndeny all in default\n"
	}},
	{name: "tcp ports of a namespace", n: 1000, text: func(n int) string {
		return repeat(n, "workload w%d { port tcp-x 1%d }") + "deny all in default\nallow w1 -> default/* { tcp }\n"
	}},
	{name: "jwt issuers", n: 1000, text: func(n int) string {
		return "deny all in default\n" + repeat(n, `jwt "https://i%d.example" on db { jwks "https://i.example/jwks" }`) + repeat(n, `allow web as "https://i%d.example/*" -> db GET`)
	}},
	{name: "tokens of many targets", n: 1000, text: func(n int) string {
		return "deny all in default\n" + repeat(n, `jwt "https://i%d.example" on w%d { jwks "https://i.example/jwks" }`) + repeat(n, `allow web as "https://i%d.example/*" -> w%d GET`)
	}},
	{name: "policies used", n: 5000, text: func(n int) string {
		return "deny all in default\npolicy open(x) {\n  allow web -> x GET\n}\n" + repeat(n, "use open(w%d)")
	}},
	{name: "duplicates", n: 5000, text: func(n int) string {
		return "deny all in default\n" + strings.Repeat("allow web -> db GET\n", n)
	}},
	{name: "denies over allows", n: 2500, text: func(n int) string {
		return repeat(n, "workload w%d { port http 8080 }") + "deny all in default\n" + repeat(n, "deny anyone -> w%d") + repeat(n, "allow w1 -> w%d")
	}},
	{name: "conditions", n: 500, text: func(n int) string {
		return "deny all in default\nallow web -> db GET when " + strings.ReplaceAll(list(n, `header["h%d"] == "x"`), ", ", " or ") + "\n"
	}},
	{name: "conditions of one rule all", n: 500, text: func(n int) string {
		return "deny all in default\nallow web -> db GET when " + strings.ReplaceAll(list(n, `header["h%d"] == "x"`), ", ", " and ") + "\n"
	}},
	{name: "different conditions", n: 2500, text: func(n int) string {
		return "deny all in default\n" + repeat(n, `allow web -> db GET when header["h%d"] == "x"`)
	}},
	{name: "values of one header, proven", n: 2500, text: func(n int) string {
		return "workload db { port http 8080 }\nworkload web\ndeny all in default\nallow web -> db GET when header[\"h\"] in [" + list(n, `"v%d"`) + "]\n" +
			"allow web -> db POST when header[\"h\"] in [" + list(n, `"v%d"`) + "]\nprove only web -> db\nprove never web -> db GET when header[\"h\"] == \"v\"\n"
	}},
	{name: "values of one header one by one, proven", n: 300, text: func(n int) string {
		return "workload db { port http 8080 }\nworkload web\nworkload api\ndeny all in default\n" + repeat(n, "allow web -> db GET when header[\"h\"] == \"v%d\"") +
			repeat(n, "allow api -> db GET when header[\"h\"] == \"v%d\"") + "prove never api -> db GET when header[\"h\"] == \"v\"\n"
	}},
	{name: "deny entries", n: 500, text: func(n int) string {
		return "workload db { port http 8080; port tcp-x 9090 }\nworkload web\ndeny all in default\ndeny web -> db {\n" + repeat(n, `  GET "/x%d"`) + "  tcp\n}\n"
	}},
	{name: "cuts one by one", n: 2500, text: func(n int) string {
		return "deny all in default\nallow web -> db " + strings.ReplaceAll(repeat(n, `except "/x%d" `), "\n", "") + "\n"
	}},
	{name: "cuts of two fields", n: 2500, text: func(n int) string {
		return "deny all in default\nallow web -> db " + strings.ReplaceAll(repeat(n, `except "/x%d" port 8080 `), "\n", "") + "\n"
	}},
	{name: "deny by cuts", n: 2500, text: func(n int) string {
		return "workload db { port http 8080; port tcp-x 9090 }\nworkload web\ndeny all in default\ndeny web -> db " +
			strings.ReplaceAll(repeat(n, `except host "h%d.example" `), "\n", "") + "\n"
	}},
	{name: "denies on paths of a namespace", n: 1250, text: func(n int) string {
		return declared(n) + "deny all in default\n" + repeat(n, `allow w%d -> db GET "/p%d"`) + repeat(n, `deny w%d -> default/* "/q%d"`)
	}},
	{name: "denies on paths of one target", n: 1250, text: func(n int) string {
		return declared(n) + "deny all in default\n" + repeat(n, `allow anyone -> db GET "/p%d/*"`) + repeat(n, `deny w%d -> db "/q%d"`)
	}},
	{name: "a deny on many paths", n: 1250, text: func(n int) string {
		return declared(1) + "deny all in default\nallow anyone -> db GET \"/x\"\ndeny anyone -> db " + list(n, `"/q%d/*"`) + "\n"
	}},
	{name: "rules of a namespace around those of its workloads", n: 5000, text: func(n int) string {
		var b strings.Builder
		b.WriteString("deny all in default\n")
		for i := range n {
			target := fmt.Sprintf("w%d", i*7%1800)
			if i%20 == 0 {
				target = "default/*"
			}
			fmt.Fprintf(&b, "allow w%d -> %s GET \"/p%d\"\n", i*11%1800, target, i)
		}
		return b.String()
	}},
	{name: "equal denies", n: 2500, text: func(n int) string {
		return declared(1) + "deny all in default\nallow anyone -> db GET \"/x\"\n" + strings.Repeat("deny w0 -> db GET \"/x\"\n", n)
	}},
	{name: "equal alternatives of one deny", n: 500, text: func(n int) string {
		return declared(1) + "deny all in default\nallow anyone -> db\ndeny w0 -> db {\n" + repeat(n, `  GET "/x%d"`) + repeat(n, `  tcp when sni == "s%d"`) + "}\n"
	}},
	{name: "rules on namespaces", n: 200, text: func(n int) string {
		return repeat(n, "workload n%d/a { port http 8080 }") + repeat(99, "workload c/w%d") + "deny all in " + list(n, "n%d") + ", c\ngroup all-of = " + list(n, "n%d/*") + "\n" +
			repeat(99, "allow c/w%d -> all-of GET \"/x%d\"")
	}},
	{name: "exceptions from mtls", n: 1250, text: func(n int) string {
		return declared(n) + "deny all in default\nmtls strict in default\n" + repeat(n, "mtls permissive on w%d port 8080") + repeat(n, `allow plaintext -> default/* GET "/%d"`)
	}},
	{name: "tokens that nobody needs", n: 1250, text: func(n int) string {
		return declared(n) + "deny all in default\n" + repeat(n, `jwt "https://i%d.example" on w%d`) + repeat(n, `allow db as "https://j%d.example/*" -> default/* GET`)
	}},
	{name: "claims of a namespace", n: 1250, text: func(n int) string {
		return declared(n) + "deny all in default\n" + repeat(n, `jwt "https://i%d.example" on w%d { claims role string }`) + repeat(n, `deny db -> default/* when claim["role"] == "r%d"`)
	}},
	{name: "ports of exceptions", n: 1250, text: func(n int) string {
		return declared(n) + "deny all in default\n" + repeat(n, "allow db -> w%d { http } except port 9999")
	}},
	{name: "inventory", n: 1000, text: func(n int) string {
		return "namespace shop\ndeny all in shop\n" + repeat(n, "allow w1 -> w%d GET")
	}, k8s: deployments},
	{name: "inventory, one label for all", n: 500, text: func(n int) string {
		return "namespace shop\ndeny all in shop\n" + repeat(n, "allow w1 -> w%d GET")
	}, k8s: func(n int) string {
		return strings.ReplaceAll(deployments(n), `"labels":{"app":"w`, `"labels":{"app":"one","x":"w`)
	}},
}

// TestShapes compiles programs of one kind of excess at two sizes, and fails where four times the size costs far more than four
// times the time.
func TestShapes(t *testing.T) {
	workDir(t)
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			small, _ := compile(t, s, s.n)
			large, what := compile(t, s, 4*s.n)
			x := large.Seconds() / small.Seconds()
			t.Logf("%-36s n=%-6d %8.0f ms   n=%-6d %8.0f ms   x%.1f   %s", s.name, s.n, small.Seconds()*1e3, 4*s.n, large.Seconds()*1e3, x, what)
			if x > 10 && large > time.Second {
				t.Errorf("four times the size takes %.1f times as long", x)
			}
		})
	}
}

// processor is the time that the processors have spent on this process: unlike a clock it does not count what others do.
func processor(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func compile(t *testing.T, s shape, n int) (time.Duration, string) {
	t.Helper()
	in := compiler.Input{Files: []*source.File{source.New("x.zt", s.text(n))}}
	if s.k8s != nil {
		in.Inventory = []*source.File{source.New("k8s.yaml", s.k8s(n))}
	}
	start := processor(t)
	out, diags := compiler.Compile(context.Background(), in)
	took := processor(t) - start
	said := ""
	if len(diags) > 0 {
		said = string(diags[0].Code) + " " + diags[0].Message
	}
	return took, fmt.Sprintf("%d objects, %d diagnostics %.90s", len(out.Objects), len(diags), said)
}
