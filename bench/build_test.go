package bench

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/zt-lang/ztc/internal/cli"
)

// BenchmarkBuild is the whole command in one process, for a profile.
func BenchmarkBuild(b *testing.B) {
	work := workDir(b)
	for _, size := range sizes {
		b.Run(size, func(b *testing.B) {
			mesh := meshOf(b, work, size)
			info, err := os.Stat(mesh)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size())
			b.ReportAllocs()
			out := filepath.Join(b.TempDir(), "out.yaml")
			for b.Loop() {
				var said bytes.Buffer
				if code := cli.Main([]string{"build", "-o", out, mesh}, nil, io.Discard, &said, nil); code != 0 {
					b.Fatalf("exit code %d: %.500s", code, said.String())
				}
			}
		})
	}
}
