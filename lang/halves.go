package lang

import (
	"runtime"
	"strings"
	"sync"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
)

// worthHalves is the size of a text, in bytes, from which on its halves are read side by side.
const worthHalves = 1 << 18

// inHalves reads a large text by two parsers side by side. A line that begins with a statement word starts a statement whatever
// stands above it, so such a line is where it is cut. It returns nil for a text that is not worth it, and for one that has
// anything to be said of it, such as an open block at the cut: one parser reads that.
func inHalves(f *source.File, skim bool) *parser {
	const head = "\nallow "
	if len(f.Text) < worthHalves || runtime.GOMAXPROCS(0) < 2 {
		return nil
	}
	cut := strings.Index(f.Text[len(f.Text)/2:], head)
	if cut < 0 {
		return nil
	}
	cut += len(f.Text)/2 + 1
	room := func(text string) int { return min(len(text)/64, strings.Count(text, "\n")) } // about a statement a line
	a, b := newParser(f, skim, 0, cut, room(f.Text)), newParser(f, skim, cut, len(f.Text), room(f.Text[cut:]))
	var wait sync.WaitGroup
	wait.Go(b.half)
	a.half()
	wait.Wait()
	if len(a.diags)+len(b.diags) > 0 {
		return nil
	}
	if skim {
		b.renumber(a.skim)
	}
	a.stmts = append(a.stmts, b.stmts...)
	a.text, a.clean = f.Text, a.clean && b.clean
	return a
}

// half reads its part of a text, and looks for what a reader cannot see in it.
func (p *parser) half() {
	p.run()
	_, found := scan.NextHidden(p.text[p.from:], 0)
	p.clean = !found
}

// renumber gives the pieces of plain statements the numbers that another reader gave them, or gives them.
func (p *parser) renumber(to *skim) {
	number := make([]int32, len(p.skim.pieces.texts))
	for i, text := range p.skim.pieces.texts {
		number[i] = to.pieces.of(text, true)
	}
	for _, st := range p.stmts {
		if s, ok := st.(*ast.Plain); ok {
			s.Sources.Text, s.Targets.Text, s.Ops.Text = number[s.Sources.Text], number[s.Targets.Text], number[s.Ops.Text]
		}
	}
}
