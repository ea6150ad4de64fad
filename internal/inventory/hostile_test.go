package inventory

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s, labels: {app: a}}\nspec: {containers: [{ports: [{containerPort: 80}]}]}\n"

// TestHostile reads inventories that are made to cost time or memory, and wants the diagnostic that says so, and the sound
// object beside the hostile document.
func TestHostile(t *testing.T) {
	repeat := strings.Repeat
	lists := func() string { // ten lists of ten lists of ...
		var b strings.Builder
		b.WriteString("apiVersion: v1\nkind: List\na0: &a0 {apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}\n")
		for i := range 9 {
			fmt.Fprintf(&b, "a%d: &a%d {apiVersion: v1, kind: List, items: [%s]}\n", i+1, i+1, repeat(fmt.Sprintf("*a%d, ", i), 10))
		}
		return b.String() + "items: [*a9]\n"
	}
	var pods, services strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&pods, pod+"---\n", fmt.Sprint("p", i))
		fmt.Fprintf(&services, "apiVersion: v1\nkind: Service\nmetadata: {name: s%d}\nspec: {selector: {app: a}, ports: [{name: http, port: 80}]}\n---\n", i)
	}
	var gateways strings.Builder
	for i := range 30 {
		fmt.Fprintf(&gateways, "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g%d}\nspec:\n  selector: {app: a}\n  servers: [%s]\n---\n",
			i, repeat("{port: {number: 80, protocol: HTTP}}, ", 1000))
	}
	for _, c := range []struct {
		name, text string
		code       diag.Code
		want       string
	}{
		{"long document", "a: |\n" + repeat("  text\n", manifest.MaxDocument/7), diag.InventoryTooLarge, "one may have 8"},
		{"long JSON document", `{"a": "` + repeat("x", manifest.MaxDocument) + `"}`, diag.InventoryTooLarge, "one may have 8"},
		{"deep flow", repeat("[", 100_000), diag.InventorySyntax, "max depth"},
		{"deep block", repeat("- ", 100_000), diag.InventorySyntax, "max depth"},
		{"deep JSON", `{"a":` + repeat("[", 5000) + repeat("]", 5000) + "}", diag.InventorySyntax, "1000 levels"},
		{"very deep JSON", `{"a":` + repeat("[", 100_000), diag.InventorySyntax, "max depth"},
		{"lists in lists", lists(), diag.InventoryTooLarge, "nested more than 4 deep"},
		{"one item many times", "apiVersion: v1\nkind: List\nx: &x {apiVersion: v1, kind: ConfigMap, data: [" + repeat("a, ", 1000) + "], " +
			repeat("k: v, ", 0) + keys(20_000) + "}\nitems: [" + repeat("*x, ", 20_000) + "]\n", diag.InventoryTooLarge, "aliases"},
		{"merge of itself", "apiVersion: v1\nkind: Pod\nmetadata: &m {<<: *m, name: a}\n", diag.InventoryWrongType, "at most 8 merges"},
		{"merge of many", "m: &m {" + keys(20_000) + "}\napiVersion: v1\nkind: Pod\nmetadata: {<<: [" + repeat("*m, ", 20_000) + "]}\n", diag.InventoryTooLarge, "aliases"},
		{"merge of a list of itself", "apiVersion: v1\nkind: Pod\nmetadata: {<<: &m [*m, *m]}\n", diag.InventoryWrongType, "at most 8 merges"},
		{"NUL", "a: \x00\n", diag.InventorySyntax, `control character '\x00'`},
		{"escape", "a: \x1b[31m\n", diag.InventorySyntax, `control character '\x1b'`},
		{"C1", "a: \u0080\n", diag.InventorySyntax, `control character '\u0080'`},
		{"not UTF-8", "a: \xff\n", diag.InventorySyntax, `byte "\xff", which is not UTF-8`},
		{"surrogate", "a: \xed\xa0\x80\n", diag.InventorySyntax, "not UTF-8"},
		{"UTF-16", "\xff\xfea\x00", diag.InventorySyntax, "not UTF-8"},
		{"CR alone", "a: b\r---\rc: d\r", diag.InventorySyntax, "followed by another one"},
		{"next line", "a: b\u0085---\u0085c: d\n", diag.InventorySyntax, "followed by another one"},
		{"every Service picks every pod", pods.String() + services.String(), diag.InventoryTooLarge, "pick workloads more than"},
		{"every Gateway picks every pod", pods.String() + gateways.String(), diag.InventoryTooLarge, "pick workloads more than"},
		{"many documents", repeat("--- a\n", manifest.MaxPieces+10), diag.InventoryTooLarge, "more than 200000 objects"},
	} {
		if testing.Short() && len(c.text) > 1<<18 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			inv, diags := Parse([]*source.File{
				source.New("hostile.yaml", c.text),
				source.New("a-sound.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sound}\n"),
			})
			if d := time.Since(start); d > 2*time.Minute { // a hang, not a speed
				t.Errorf("took %v", d)
			}
			found := false
			for _, d := range diags {
				found = found || d.Code == c.code && strings.Contains(d.Message, c.want)
				if len(d.Message) > 300 {
					t.Errorf("a message of %d bytes", len(d.Message))
				}
			}
			if !found || len(diags) > manifest.MaxFaults+1 {
				t.Errorf("%d diagnostics without %s %q:\n%.2000s", len(diags), c.code, c.want, showDiags(diags))
			}
			if len(inv.Accounts) != 1 || inv.Accounts[0].Name != "sound" {
				t.Errorf("accounts %v", inv.Accounts)
			}
		})
	}
}

func keys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: v, ", i)
	}
	return b.String()
}

func TestFileTooLarge(t *testing.T) {
	_, diags := Parse([]*source.File{source.New("large.yaml", strings.Repeat("#", manifest.MaxFile+1))})
	if len(diags) != 1 || diags[0].Code != diag.InventoryTooLarge || !strings.Contains(diags[0].Message, "64 MiB") && !strings.Contains(diags[0].Message, "may have 64") {
		t.Errorf("diagnostics %v", diags)
	}
}

// TestManyFaults wants the first faults of a file, and a note that there are more, only where there are.
func TestManyFaults(t *testing.T) {
	for _, n := range []int{1, manifest.MaxFaults, manifest.MaxFaults + 1, 1000} {
		_, diags := Parse([]*source.File{source.New("a.yaml", strings.Repeat("--- text\n", n))})
		if want := min(n, manifest.MaxFaults); len(diags) != want {
			t.Errorf("%d faults: %d diagnostics, want %d", n, len(diags), want)
		}
		notes := 0
		for _, d := range diags {
			notes += len(d.Notes)
		}
		if want := min(1, max(0, n-manifest.MaxFaults)); notes != want {
			t.Errorf("%d faults: %d notes, want %d", n, notes, want)
		}
	}
}

// TestSameFileTwice wants a file that two statements name to count once.
func TestSameFileTwice(t *testing.T) {
	f := func() *source.File { return source.New("a.yaml", fmt.Sprintf(pod, "web")) }
	inv, diags := Parse([]*source.File{f(), f()})
	if len(diags) > 0 || len(inv.Workloads) != 1 {
		t.Errorf("%d workloads, %v", len(inv.Workloads), diags)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range archives(f) {
		files, _ := archive(f, name)
		for _, file := range files {
			f.Add(file.Text)
			for _, d := range documents(file) {
				f.Add(d)
			}
		}
	}
	f.Add("apiVersion: v1\nkind: List\nitems:\n- &a\n  <<: *a\n- *a\n")
	f.Add("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{}]}{")
	f.Fuzz(func(t *testing.T, text string) {
		file := source.New("fuzz.yaml", text)
		inv, diags := Parse([]*source.File{file})
		for _, d := range diags {
			if _, ok := diag.Lookup(d.Code); !ok || d.Message == "" || d.Span.File != file ||
				d.Span.Start < 0 || d.Span.End < d.Span.Start || int(d.Span.End) > len(text) {
				t.Errorf("diagnostic %+v", d)
			}
		}
		for _, w := range inv.Workloads {
			if w.Name == "" || w.Namespace == "" || w.Account == "" || w.Span.Text() == "" {
				t.Errorf("workload %+v", w)
			}
			for i, p := range w.Ports {
				if p.Number < 1 || p.Number > 65535 || i > 0 && w.Ports[i-1].Number >= p.Number {
					t.Errorf("ports %+v", w.Ports)
				}
			}
		}
		// Line ends do not matter, where they are not themselves the text.
		if !strings.Contains(text, "\r") {
			crlf, more := Parse([]*source.File{source.New("fuzz.yaml", strings.ReplaceAll(text, "\n", "\r\n"))})
			if d := cmp.Diff(inv, crlf, anywhere); d != "" || len(more) != len(diags) {
				t.Errorf("CRLF: %d diagnostics, want %d\n%s", len(more), len(diags), d)
			}
		}
		if d, _ := disagree(text); d != "" {
			t.Errorf("-types +reader\n%s", d)
		}
	})
}

// cluster is what `kubectl get deployments,services` prints of a cluster, as documents or as one list.
func cluster(n int, list bool) string {
	var b strings.Builder
	indent, dash := "", "---\n"
	if list {
		b.WriteString("apiVersion: v1\nitems:\n")
		indent, dash = "  ", ""
	}
	object := func(s string) {
		b.WriteString(dash)
		for i, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
			switch {
			case list && i == 0:
				b.WriteString("- ")
			default:
				b.WriteString(indent)
			}
			b.WriteString(line + "\n")
		}
	}
	for i := range n {
		object(fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  annotations:
    deployment.kubernetes.io/revision: "3"
  labels:
    app: web-%[1]d
  name: web-%[1]d
  namespace: ns-%[2]d
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web-%[1]d
  strategy:
    rollingUpdate:
      maxSurge: 25%%
    type: RollingUpdate
  template:
    metadata:
      labels:
        app: web-%[1]d
        version: v1
    spec:
      containers:
      - image: registry.example/web:v1.2.3
        name: web
        env:
        - name: LOG_LEVEL
          value: info
        ports:
        - containerPort: 8080
          name: http
          protocol: TCP
        readinessProbe:
          httpGet:
            path: /ready
            port: http
        resources:
          limits:
            memory: 256Mi
          requests:
            cpu: 100m
            memory: 128Mi
      serviceAccountName: web-%[1]d
`, i, i%50))
		object(fmt.Sprintf(`apiVersion: v1
kind: Service
metadata:
  name: web-%[1]d
  namespace: ns-%[2]d
spec:
  ports:
  - name: http
    port: 80
    targetPort: http
  selector:
    app: web-%[1]d
`, i, i%50))
	}
	if list {
		b.WriteString("kind: List\nmetadata:\n  resourceVersion: \"\"\n")
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	for _, list := range []bool{false, true} {
		text := cluster(10_000, list)
		b.Run(fmt.Sprintf("list=%v", list), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				inv, diags := Parse([]*source.File{source.New("cluster.yaml", text)})
				if len(inv.Workloads) != 10_000 || len(diags) > 0 {
					b.Fatal(len(inv.Workloads), len(diags))
				}
			}
		})
	}
}
