package lang

import (
	"hash/maphash"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/scan"
)

// skim recognises plain allows without building them. Sources, targets and operations repeat: each text is read by the lean
// reader where it stands first, and is known from then on.
type skim struct {
	pieces numbers
	ops    []bool // by number of the text
	plains slab[ast.Plain]
}

func newSkim() *skim {
	k := &skim{pieces: numbers{seed: maphash.MakeSeed(), slots: make([]slot, 1<<10)}}
	k.pieces.of("", true)
	return k
}

// numbers gives equal texts equal numbers, from 0 in the order of their first coming. It is a hash table that keeps its texts
// together, since a large program asks for three of a hundred thousand rules each.
type numbers struct {
	seed  maphash.Seed
	slots []slot // a power of two, at most half in use
	texts []string
	arena *strings.Builder // where the next texts go
}

// slot is the number of a text plus one, and a part of its hash; zero is free.
type slot struct{ number, hash uint32 }

// of returns the number of a text, -1 for one that is not known and is not to be added.
func (n *numbers) of(text string, add bool) int32 {
	h := maphash.String(n.seed, text)
	mask := uint64(len(n.slots) - 1)
	i := h & mask
	for ; n.slots[i].number != 0; i = (i + 1) & mask {
		if s := n.slots[i]; s.hash == uint32(h>>32) && n.texts[s.number-1] == text {
			return int32(s.number - 1)
		}
	}
	if !add {
		return -1
	}
	n.texts = append(n.texts, n.keep(text))
	n.slots[i] = slot{uint32(len(n.texts)), uint32(h >> 32)}
	if len(n.texts)*2 > len(n.slots) {
		n.grow()
	}
	return int32(len(n.texts) - 1)
}

func (n *numbers) grow() {
	n.slots = make([]slot, 2*len(n.slots))
	mask := uint64(len(n.slots) - 1)
	for k, text := range n.texts {
		h := maphash.String(n.seed, text)
		i := h & mask
		for n.slots[i].number != 0 {
			i = (i + 1) & mask
		}
		n.slots[i] = slot{uint32(k + 1), uint32(h >> 32)}
	}
}

// keep copies a short text to the others; a long one stays where it is.
func (n *numbers) keep(text string) string {
	if len(text) > 128 {
		return text
	}
	if n.arena == nil || n.arena.Cap()-n.arena.Len() < len(text) {
		n.arena = new(strings.Builder)
		n.arena.Grow(1 << 14)
	}
	start := n.arena.Len()
	n.arena.WriteString(text)
	return n.arena.String()[start:]
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
	if item(p.tok.Kind) {
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
	return ast.Piece{Start: start, Text: p.skim.pieces.of(p.text[start:p.prev.End], true)}, true
}

// skimOps reads methods and paths. Where the rest of the line is a text that was read before, its tokens are those.
func (p *parser) skimOps() (ast.Piece, bool) {
	t := p.tok
	if end, near := restOfLine(p.text, int(t.Start)); near {
		if n := p.skim.pieces.of(p.text[t.Start:end], false); n > 0 && p.skim.isOps(n) {
			p.prev = scan.Token{Kind: scan.String, Start: t.Start, End: int32(end)} // a method, a path or a name, which end a line alike
			p.sc.Jump(p.prev)
			p.tok = p.sc.Next()
			return ast.Piece{Start: t.Start, Text: n}, true
		}
	}
	if !p.plainOps(nil) {
		return ast.Piece{}, false
	}
	n := p.skim.pieces.of(p.text[t.Start:p.prev.End], true)
	p.skim.addOps(n)
	return ast.Piece{Start: t.Start, Text: n}, true
}

// isOps reports whether a text was read as methods and paths. A list of names of sets may read like one of sources or targets.
func (k *skim) isOps(n int32) bool { return int(n) < len(k.ops) && k.ops[n] }

func (k *skim) addOps(n int32) {
	if int(n) >= len(k.ops) {
		k.ops = append(k.ops, make([]bool, max(int(n)+1-len(k.ops), 1<<8))...)
	}
	k.ops[n] = true
}

// longestRest is how long the rest of a line may be that is looked for among texts: a whole program may stand on one line.
const longestRest = 1024

// restOfLine finds the end of the line, where it is near.
func restOfLine(text string, start int) (end int, near bool) {
	within := text[:min(len(text), start+longestRest)]
	end = scan.LineEnd(within, start)
	return end, end < len(within) || len(within) == len(text)
}

// Expander builds rules of plain statements. The zero Expander is ready for use, and what it builds holds until the next call.
type Expander struct {
	p   parser
	ops ast.Rule // of Ops
}

// Expand builds the rule that a plain statement of a skimmed file stands for.
func (e *Expander) Expand(f *ast.File, s *ast.Plain) *ast.Rule {
	return e.at(f, s, s.Start).plain().(*ast.Rule)
}

// Ops builds the operations of that rule alone.
func (e *Expander) Ops(f *ast.File, s *ast.Plain) *ast.Ops {
	e.ops = ast.Rule{}
	if s.Ops.Text != 0 {
		e.at(f, s, s.Ops.Start).plainOps(&e.ops)
	}
	return &e.ops.Ops
}

// at returns a parser of a statement from one of its tokens on.
func (e *Expander) at(f *ast.File, s *ast.Plain, start int32) *parser {
	p := &e.p
	l := &p.lean
	l.rules.rewind()
	l.sources.rewind()
	l.targets.rewind()
	l.ports.rewind()
	l.entries.rewind()
	l.lists.rewind()
	l.items.rewind()
	p.file, p.text, p.prev, p.tok = f.Source, f.Source.Text[:s.End], scan.Token{}, scan.Token{}
	p.sc = scan.New(p.text)
	p.sc.Jump(scan.Token{Kind: scan.Term, Start: start, End: start})
	p.next()
	return p
}
