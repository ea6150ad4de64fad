package compiler_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// TestScale compiles programs of n and of 4n statements or values, and holds what is allocated for the second to that of the
// first: time is the machine's.
func TestScale(t *testing.T) {
	const closed = "workload api { port http 8080 }\nworkload web\ndeny all in default\n"
	for name, program := range map[string]func(n int) string{
		"allow all beside baselines": func(n int) string { return lines(n, "deny all on w%d\nallow anyone -> w%d") },
		"ports": func(n int) string {
			ports := list(n, "1%d")
			return "workload web\nworkload api {\n" + lines(n, "  port p%d 1%d tcp") + "  port last 9 tcp\n}\ndeny all in default\nallow web -> api port " + ports + "\nallow web -> api { tcp } except port " + ports + "\n"
		},
		"entries of tcp": func(n int) string {
			return closed + "deny web -> api {\n" + lines(n, `  tcp when sni == "a%d"`) + "}\n"
		},
		"rules of a set": func(n int) string {
			return "methods read = GET, HEAD\ndeny all in default\n" + lines(n, "allow web -> "+strings.Repeat("w", 50)+"%d read \"/x\"")
		},
		"values of one header": func(n int) string {
			return closed + "allow web -> api when " + joined(n, `header["x"] == "b%d"`, " or ") + "\n"
		},
	} {
		allocated := func(n int) uint64 {
			in := compiler.Input{Files: []*source.File{source.New("x.zt", program(n))}}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			out, diags := compiler.Compile(context.Background(), in)
			runtime.ReadMemStats(&after)
			if len(out.Objects) == 0 {
				t.Errorf("%s: %.300s", name, brief(diags))
			}
			return after.TotalAlloc - before.TotalAlloc
		}
		allocated(10) // what is made once a process
		if few, many := allocated(250), allocated(1000); many > 6*few {
			t.Errorf("%s: %d bytes, and %d for four times as much", name, few, many)
		} else {
			t.Logf("%s: %d bytes, and %d for four times as much", name, few, many)
		}
	}
}

// joined writes n terms, %d their numbers, with a word between them.
func joined(n int, term, with string) string {
	return strings.Join(strings.Split(strings.TrimSuffix(lines(n, term), "\n"), "\n"), with)
}

// TestNoSuggestions wants no search for names like an unknown one where that would take long, and one where it does not.
func TestNoSuggestions(t *testing.T) {
	if testing.Short() {
		t.Skip("compares names a quarter of a million times")
	}
	for n, want := range map[int]bool{40: true, 4000: false} {
		long := strings.Repeat("a", 55)
		text := lines(n, "workload "+long+"%d") + "deny all in default\n" + lines(60, "allow "+long+"x%d -> "+long+"1 GET")
		_, diags := compiler.Compile(context.Background(), compiler.Input{Files: []*source.File{source.New("x.zt", text)}})
		last := diags[len(diags)-1]
		for _, d := range diags {
			if d.Code == diag.UnknownWorkload {
				last = d
			}
		}
		if got := len(last.Fixes) > 0; got != want || last.Code != diag.UnknownWorkload {
			t.Errorf("%d workloads: %v", n, last)
		}
	}
}
