package lang

import (
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/scan"
)

// skim recognises plain allows without building them. Sources, targets and operations repeat: each text is read by the lean
// reader where it stands first, and is known from then on.
type skim struct {
	pieces []string
	number map[string]int32
	plains slab[ast.Plain]
}

func newSkim() *skim { return &skim{pieces: []string{""}, number: map[string]int32{}} }

// piece returns the number of a text.
func (k *skim) piece(text string) int32 {
	n, ok := k.number[text]
	if !ok {
		n = int32(len(k.pieces))
		k.pieces = append(k.pieces, text)
		k.number[text] = n
	}
	return n
}

// unbuilt reads the statement at hand if it is a plain allow, and returns nil and leaves everything as it was if it is not.
func (p *parser) unbuilt() *ast.Plain {
	sc, tok, prev := p.sc, p.tok, p.prev
	if s := p.skimRule(); s != nil {
		return s
	}
	p.sc, p.tok, p.prev = sc, tok, prev
	return nil
}

func (p *parser) skimRule() *ast.Plain {
	s := ast.Plain{Range: ast.Range{Start: p.tok.Start}}
	p.next()
	ok := false
	if s.Sources, ok = p.skimNames(false); !ok || p.tok.Kind != scan.Arrow {
		return nil
	}
	p.next()
	if s.Targets, ok = p.skimNames(true); !ok {
		return nil
	}
	if p.tok.Kind == scan.Upper || p.tok.Kind == scan.String {
		if s.Ops, ok = p.skimOps(); !ok {
			return nil
		}
	}
	if !p.plainEnd() {
		return nil
	}
	s.End = p.prev.End
	return p.skim.plains.one(s)
}

// skimNames reads names and references; those of targets may have ports.
func (p *parser) skimNames(ports bool) (ast.Piece, bool) {
	start := p.tok.Start
	for n := 0; ; n++ {
		if n == maxPlain || p.tok.Kind != scan.Name && p.tok.Kind != scan.Ref && p.tok.Kind != scan.Dotted {
			return ast.Piece{}, false
		}
		p.next()
		if ports && p.tok.Kind == scan.Colon {
			p.next()
			if p.tok.Kind != scan.Int && p.tok.Kind != scan.Name {
				return ast.Piece{}, false
			}
			p.next()
		}
		if p.tok.Kind != scan.Comma {
			break
		}
		p.next()
	}
	return ast.Piece{Start: start, Text: p.skim.piece(p.text[start:p.prev.End])}, true
}

// skimOps reads methods and paths. Where the rest of the line is a text that was read before, its tokens are those.
func (p *parser) skimOps() (ast.Piece, bool) {
	t := p.tok
	end := int32(scan.LineEnd(p.text, int(t.Start)))
	if n, ok := p.skim.number[p.text[t.Start:end]]; ok {
		p.prev = scan.Token{Kind: scan.String, Start: t.Start, End: end} // a method or a path, which end a line alike
		p.sc.Jump(p.prev)
		p.tok = p.sc.Next()
		return ast.Piece{Start: t.Start, Text: n}, true
	}
	var rule ast.Rule
	if !p.plainOps(&rule) {
		return ast.Piece{}, false
	}
	return ast.Piece{Start: t.Start, Text: p.skim.piece(p.text[t.Start:p.prev.End])}, true
}

// Expander builds rules of plain statements. The zero Expander is ready for use.
type Expander struct{ p parser }

// Expand builds the rule that a plain statement of a skimmed file stands for.
func (e *Expander) Expand(f *ast.File, s *ast.Plain) *ast.Rule {
	p := &e.p
	p.file, p.text, p.prev, p.tok = f.Source, f.Source.Text[:s.End], scan.Token{}, scan.Token{}
	p.sc = scan.New(p.text)
	p.sc.Jump(scan.Token{Kind: scan.Term, Start: s.Start, End: s.Start})
	p.next()
	return p.plain().(*ast.Rule)
}
