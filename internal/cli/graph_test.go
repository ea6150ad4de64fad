package cli

import (
	"fmt"
	"strings"
	"testing"
)

// A graph that its reader would refuse is warned of, and one that nobody could read is not drawn.
func TestGraphBounds(t *testing.T) {
	var b strings.Builder
	b.WriteString("deny all in default\n")
	for i := range 1100 {
		fmt.Fprintf(&b, "allow web -> api%d GET\n", i)
	}
	for _, c := range []struct {
		format string
		code   int
		says   string
	}{
		{"mermaid", 0, "warning[ZT3034]: the graph has 1100 edges in"},
		{"dot", 0, ""},
		{"json", 0, ""},
		{"svg", 1, "error[ZT3033]: the graph has 1101 nodes and 1100 edges, and a drawing up to 2000 of both together"},
	} {
		code, stdout, stderr := run(b.String(), "graph", "--format", c.format, "-")
		if code != c.code || (stdout == "") != (code != 0) || !strings.Contains(stderr, c.says) || c.says == "" && strings.Contains(stderr, "ZT30") {
			t.Errorf("%s: exit code %d with %d bytes\n%s", c.format, code, len(stdout), stderr)
		}
	}
}
