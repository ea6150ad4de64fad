package lang_test

import (
	"math/rand/v2"
	"testing"

	"github.com/zt-lang/ztc/internal/linetest"
)

// Deleting or commenting out any one line never changes another statement without an error.
func TestOneLine(t *testing.T) {
	if testing.Short() {
		t.Skip("reads each program twice a line")
	}
	g := gen{rand.New(rand.NewPCG(7, 7)), true}
	edits, loud := 0, 0
	for range 50 {
		text := g.program(10)
		silent, e, l := linetest.OneLine(text)
		for _, s := range silent {
			t.Errorf("%s\n%s", text, s)
		}
		edits, loud = edits+e, loud+l
		if t.Failed() {
			return
		}
	}
	if edits < 1500 || loud < edits/10 || loud > edits*9/10 {
		t.Errorf("%d edits, %d of them errors: the programs show nothing", edits, loud)
	}
	t.Logf("%d edits, %d of them errors", edits, loud)
}

// The helper finds what it is there to find: a clause that would lead a line would move to the rule above.
func TestOneLineFinds(t *testing.T) {
	if silent, edits, loud := linetest.OneLine("deny a -> b\nallow c -> d GET\n"); len(silent) > 0 || edits != 4 || loud != 0 {
		t.Error(silent, edits, loud)
	}
	if silent, _, _ := linetest.OneLine("allow\n"); len(silent) == 0 {
		t.Error("a program that does not parse passes")
	}
	if silent, _, _ := linetest.OneLine("namespace a\nallow x -> y\n"); len(silent) > 0 {
		t.Error(silent)
	}
}
