package rawpath

import (
	"os"
	"strings"
	"testing"
)

// TestTable holds the table of paths that docs/semantics.md shows.
func TestTable(t *testing.T) {
	text, err := os.ReadFile("../../docs/semantics.md")
	if err != nil {
		t.Fatal(err)
	}
	var settings []Normalization
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		switch {
		case strings.HasPrefix(line, "| path sent |"):
			for _, name := range cells[1:] {
				for n := range DecodeAndMergeSlashes + 1 {
					if n.String() == name {
						settings = append(settings, n)
					}
				}
			}
			if len(settings) != len(cells)-1 {
				t.Fatalf("%s: settings %v", line, settings)
			}
		case settings != nil && len(cells) == 1+len(settings) && cells[0] != "---":
			rows++
			sent := strings.Trim(cells[0], "`")
			for i, n := range settings {
				want, wantOK := strings.Trim(cells[i+1], "`"), cells[i+1] != "400"
				if want == "as sent" {
					want = sent
				}
				if got, ok := n.Seen(sent, HTTP1); ok != wantOK || ok && got != want {
					t.Errorf("%v: %s is seen as %q (%t), the table has %s", n, sent, got, ok, cells[i+1])
				}
			}
		case settings != nil && line == "\n":
			settings = nil
		}
	}
	if rows < 30 {
		t.Errorf("the table has %d rows", rows)
	}
}
