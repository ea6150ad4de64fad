package bench

import (
	"os"
	"testing"

	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/format"
	"github.com/zt-lang/ztc/lang/source"
)

// BenchmarkParse reads and formats the mesh in memory: lang.Parse builds every statement, lang.Skim leaves plain allows unbuilt.
func BenchmarkParse(b *testing.B) {
	text, err := os.ReadFile(meshOf(b, workDir(b), "100k"))
	if err != nil {
		b.Fatal(err)
	}
	f := source.New("mesh.zt", string(text))
	for _, x := range []struct {
		name string
		do   func(*source.File)
	}{
		{"parse", func(f *source.File) { lang.Parse(f) }},
		{"skim", func(f *source.File) { lang.Skim(f) }},
		{"fmt", func(f *source.File) { format.Source(f) }},
	} {
		b.Run(x.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				x.do(f)
			}
		})
	}
}
