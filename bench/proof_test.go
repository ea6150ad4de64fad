package bench

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/source"
)

// invariants are proofs over whole meshes, and how many workloads of ten statements these have.
var invariants = []struct{ name, prove string }{
	{"none", ""},
	{"never plaintext", "prove never plaintext -> mesh\n"},
	{"never a path", "prove never n0/w0 -> mesh DELETE \"/admin/*\"\n"},
	{"only", "prove only crew -> n42/w42\n"},
}

// invariantMesh is a mesh of n workloads with ten statements each, which allow one caller one method and one path.
func invariantMesh(n int) string {
	var b strings.Builder
	b.WriteString("deny all in mesh\nmtls strict in mesh\ngroup crew = n0/w0, n1/w1, n2/w2\n")
	for i := range n {
		fmt.Fprintf(&b, "workload n%d/w%d { port http 8080 }\n", i%1000, i)
	}
	next := uint32(1)
	random := func(n int) int {
		next = next*1664525 + 1013904223
		return int(next>>8) % n
	}
	for i := range n {
		for j := range 10 {
			from := (i + 1 + random(n-1)) % n
			caller := fmt.Sprintf("n%d/w%d", from%1000, from)
			if i == 42 {
				caller = "crew"
			}
			fmt.Fprintf(&b, "allow %s -> n%d/w%d %s \"/p%d/%d\"\n", caller, i%1000, i, []string{"GET", "POST", "PUT"}[random(3)], j, random(50))
		}
	}
	return b.String()
}

// BenchmarkInvariant is a program of 10,000 workloads and 100,000 statements, without and with proofs that speak of all of them.
func BenchmarkInvariant(b *testing.B) {
	for _, x := range invariants {
		b.Run(x.name, func(b *testing.B) {
			text := invariantMesh(10_000) + x.prove
			b.ReportAllocs()
			for b.Loop() {
				in := compiler.Input{Files: []*source.File{source.New("mesh.zt", text)}}
				if _, diags := compiler.Compile(context.Background(), in); diags.HasErrors() {
					b.Fatal(diags[0])
				}
			}
		})
	}
}
