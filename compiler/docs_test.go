package compiler_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/format"
	"github.com/zt-lang/ztc/lang/source"
)

// docBlock is one fenced block of a document whose language is zt.
type docBlock struct {
	line int
	want string // what must come of it: "", "error CODE" or "warning CODE"
	text string
}

// docBlocks finds the zt blocks of a Markdown text. A fence counts at the start of a line only.
func docBlocks(text string) (blocks []docBlock, err error) {
	var open *docBlock
	fenced := false
	n := 0
	for line := range strings.Lines(text) {
		n++
		info, fence := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "```")
		switch {
		case fence && fenced:
			if info != "" {
				return nil, fmt.Errorf("line %d: a fence inside a block", n)
			}
			if open != nil {
				blocks = append(blocks, *open)
			}
			open, fenced = nil, false
		case fence:
			fenced = true
			if want, zt := strings.CutPrefix(info, "zt"); zt {
				open = &docBlock{line: n, want: strings.TrimSpace(want)}
			}
		case open != nil:
			open.text += line
		}
	}
	if fenced {
		return nil, fmt.Errorf("a block is not closed")
	}
	return blocks, nil
}

// TestDocs compiles every zt block of the documents: as one file, or as a txtar archive where it holds several. A block gives
// neither an error nor a warning, or exactly the one code that its fence names, and stands in the layout of `ztc fmt`.
func TestDocs(t *testing.T) {
	for name, least := range map[string]int{"../docs/language.md": 40, "../docs/stdlib.md": 6, "../docs/semantics.md": 4, "../docs/architecture.md": 0, "../README.md": 1} {
		t.Run(strings.TrimPrefix(name, "../"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			blocks, err := docBlocks(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if len(blocks) < least {
				t.Errorf("only %d blocks of zt, want at least %d", len(blocks), least)
			}
			for _, b := range blocks {
				if bad := b.check(); bad != "" {
					t.Errorf("%s:%d: %s\n%s", strings.TrimPrefix(name, "../"), b.line, bad, b.text)
				}
			}
		})
	}
}

// check compiles the block and says what is not as its fence promises.
func (b docBlock) check() string {
	a := txtar.Parse([]byte(b.text))
	if len(a.Files) == 0 {
		a.Files = []txtar.File{{Name: "main.zt", Data: []byte(b.text)}}
	}
	for _, f := range a.Files {
		if !strings.HasSuffix(f.Name, ".zt") || strings.HasPrefix(b.want, "error ZT0") { // what cannot be read has no layout
			continue
		}
		if out, _ := format.Source(source.New(f.Name, string(f.Data))); !bytes.Equal(out, f.Data) {
			return "is not formatted; ztc fmt prints\n" + string(out)
		}
	}
	_, diags := compiler.Compile(context.Background(), input(a.Files))
	got := map[string]bool{}
	for _, d := range diags {
		// An error may leave something open or unused that a warning then names: where errors are, only they count.
		if d.Severity == diag.Error || d.Severity == diag.Warning && !diags.HasErrors() {
			got[d.Severity.String()+" "+string(d.Code)] = true
		}
	}
	switch {
	case b.want == "" && len(got) > 0:
		return "does not compile cleanly:\n" + brief(diags)
	case b.want != "" && (len(got) != 1 || !got[b.want]):
		return fmt.Sprintf("does not give exactly %q:\n%s", b.want, brief(diags))
	}
	return ""
}

// TestDocBlocks holds the test above to what it must find.
func TestDocBlocks(t *testing.T) {
	text := "```zt\nallow web -> api GET\n```\n\n```\nnot ours\n```\n```zt error ZT1301\nallow web -> api GET\n```\n" +
		"```zt error ZT1301\ndeny all in default\n```\n```zt\ndeny  all in default\n```\n```zt\ndeny all in default\n```\n"
	blocks, err := docBlocks(text)
	if err != nil {
		t.Fatal(err)
	}
	var bad []bool
	for _, b := range blocks {
		bad = append(bad, b.check() != "")
	}
	if got, want := fmt.Sprint(bad), "[true false true true false]"; got != want {
		t.Errorf("bad blocks: %s, want %s", got, want)
	}
	for _, open := range []string{"```zt\ndeny all in default\n", "```\n```zt\n```\n"} {
		if _, err := docBlocks(open); err == nil {
			t.Errorf("no error for %q", open)
		}
	}
}

// TestLayerTable holds the table of docs/architecture.md to the one that TestLayers enforces.
func TestLayerTable(t *testing.T) {
	text, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]int{}
	for _, m := range regexp.MustCompile("(?m)^\\| ([0-9]) \\| `([a-z/]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		if _, twice := written[m[2]]; twice {
			t.Errorf("%s stands in the table twice", m[2])
		}
		written[m[2]] = int(m[1][0] - '0')
	}
	if d := cmp.Diff(layers, written); d != "" {
		t.Errorf("enforced (-), written (+):\n%s", d)
	}
}
