package lang

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
)

// inNamespace reports a statement in the braces of a namespace, whose closing brace is not missed then. What stands in them is read
// as if the namespace stood above it on a line of its own, as its author means it: its names are no further errors.
func (p *parser) inNamespace(t scan.Token) {
	p.spaces++
	name, open := p.toks[1], p.toks[2]
	d := p.diags.Add(diag.StatementMisplaced, p.span(t.Start, t.End), "%q in the braces of a namespace: they hold `data-plane` and `waypoint`, and no statements", p.word(t)).
		Relate(p.span(p.toks[0].Start, p.toks[len(p.toks)-1].End), "the namespace").
		Note("`namespace %s` on a line of its own says where the bare names below it belong, to the end of the file", p.word(name))
	bare := open.Kind == scan.LBrace && (name.Kind == scan.Name || name.Kind == scan.Int)
	for _, t := range p.toks[min(3, len(p.toks)):] {
		bare = bare && t.Kind == scan.Term
	}
	if !bare {
		d.Advise("close the braces before it, or delete them")
		return
	}
	p.outer = p.inForce()
	p.space = &ast.Namespace{Range: ast.Range{Start: p.toks[0].Start, End: name.End}, Name: ast.Ident{Range: ast.Range{Start: name.Start, End: name.End}, Text: p.word(name)}}
	message := "write `namespace " + p.word(name) + "` without braces"
	end, ok := p.closing(open)
	if !ok {
		d.Advise("%s", message)
		return
	}
	first := diag.Edit{Span: p.span(name.End, open.End)} // what follows on its line is another statement
	if !strings.Contains(p.text[open.End:t.Start], "\n") {
		first.New = ";"
	}
	d.Fixes = append(d.Fixes, diag.Fix{Message: message, Edits: []diag.Edit{first, {Span: p.span(p.bare(end.Start), end.End)}}})
}

// inForce returns the namespace to which bare names belong at the token at hand.
func (p *parser) inForce() string {
	for _, s := range slices.Backward(p.stmts) {
		if n, ok := s.(*ast.Namespace); ok && !n.Block {
			return n.Name.Text
		}
	}
	return "default"
}

// afterSpace puts the namespace in force that was so before the braces, of which one closes at hand.
func (p *parser) afterSpace() {
	p.spaces--
	if p.outer != "" {
		at := ast.Range{Start: p.tok.Start, End: p.tok.End}
		p.add(&ast.Namespace{Range: at, Name: ast.Ident{Range: at, Text: p.outer}})
	}
}

// closing returns the brace that closes one which is open.
func (p *parser) closing(open scan.Token) (scan.Token, bool) {
	s := scan.New(p.text)
	s.Jump(open)
	for depth := 1; ; {
		t := s.Next()
		switch t.Kind {
		case scan.EOF:
			return t, false
		case scan.LBrace:
			depth++
		case scan.RBrace:
			if depth--; depth == 0 {
				return t, true
			}
		}
	}
}

// bare returns where the blanks before an offset begin.
func (p *parser) bare(off int32) int32 {
	for off > 0 && (p.text[off-1] == ' ' || p.text[off-1] == '\t') {
		off--
	}
	return off
}
