// Package lang parses .zt files: text goes in, a syntax tree and diagnostics come out, whatever the text is.
package lang

import (
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/internal/grammar"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
)

// Limits of what is read. What lies beyond one is a diagnostic.
const (
	MaxBytes  = 128 << 20 // of a file
	MaxTokens = 100_000   // of a statement
	MaxDepth  = grammar.MaxDepth
	MaxErrors = 100 // of syntax in a file; after them the rest is not read
	MaxHidden = 20  // characters that a reader cannot see, reported one by one
)

// Parse reads a file. The tree is never nil: a statement that cannot be read is one diagnostic and an *ast.Bad in its
// place, and does not touch the others. Diagnostics come in order of their places.
func Parse(f *source.File) (*ast.File, diag.List) { return parse(f, false) }

// Skim is Parse that leaves plain allows unbuilt: each is an *ast.Plain, which an Expander turns into its Rule.
func Skim(f *source.File) (*ast.File, diag.List) { return parse(f, true) }

func parse(f *source.File, skim bool) (*ast.File, diag.List) {
	tree := &ast.File{Source: f}
	var diags diag.List
	if len(f.Text) > MaxBytes {
		diags.Add(diag.TextTooLarge, source.Span{File: f}, "%q has %d MiB, and files are read up to %d MiB", f.Name, len(f.Text)>>20, MaxBytes>>20).
			Advise("split the program into several files of one directory")
		tree.Stmts = []ast.Stmt{&ast.Bad{Range: ast.Range{End: int32(min(len(f.Text), 1<<31-1))}}}
		return tree, diags
	}
	if strings.HasPrefix(f.Text, "\xff\xfe") || strings.HasPrefix(f.Text, "\xfe\xff") {
		diags.Add(diag.InvisibleCharacter, source.Span{File: f, End: 2}, "%q is UTF-16, and programs are UTF-8", f.Name).
			Advise("save it as UTF-8, without a byte order mark")
		tree.Stmts = []ast.Stmt{&ast.Bad{Range: ast.Range{End: int32(len(f.Text))}}}
		return tree, diags
	}
	p := inHalves(f, skim)
	if p == nil {
		p = newParser(f, skim, 0, len(f.Text), 0)
		p.run()
	}
	if !p.clean {
		p.hidden()
	}
	tree.Stmts = p.stmts
	if skim {
		tree.Pieces = p.skim.pieces.texts
	}
	p.diags.Sort()
	return tree, p.diags
}

// newParser returns a parser of the text from an offset, where a statement begins, to another. There is room for so many
// statements.
func newParser(f *source.File, skim bool, from, to, room int) *parser {
	p := &parser{file: f, text: f.Text[:to], from: from, sc: scan.New(f.Text[:to])}
	if from > 0 {
		p.sc.Jump(scan.Token{Kind: scan.Term, Start: int32(from), End: int32(from)})
	}
	if skim {
		p.skim = newSkim()
	}
	p.stmts = make([]ast.Stmt, 0, room)
	p.next()
	return p
}

// parser is the statement loop: it cuts the tokens into statements, has each read by itself, and puts the statements of a
// policy or a test into their block.
type parser struct {
	file  *source.File
	text  string
	from  int  // where the first statement begins
	clean bool // it is known that nothing in the text is hidden
	sc    scan.Scanner
	tok   scan.Token // the token at hand
	prev  scan.Token // the last one before it that is no Term
	toks  []scan.Token
	diags diag.List
	stmts []ast.Stmt
	block *block // the open policy or test, nil outside
	// forgive counts braces whose openings were given up: as many later closings are not reported again.
	forgive int
	spaces  int            // of those, braces of namespaces: one may close them at the end of any statement
	space   *ast.Namespace // whose braces have just been found to hold statements
	outer   string         // the one that was in force before it, and is again behind its closing brace
	lean    lean
	skim    *skim // nil where every statement is built
}

// block is an open policy or test.
type block struct {
	kind   string // "policy", "test"
	head   ast.Stmt
	name   string
	start  int32
	open   scan.Token // its "{"
	indent int
	body   []ast.Stmt
}

func (p *parser) next() {
	if p.tok.Kind != scan.Term {
		p.prev = p.tok
	}
	p.tok = p.sc.Next()
}

func (p *parser) word(t scan.Token) string { return p.text[t.Start:t.End] }

func (p *parser) span(from, to int32) source.Span {
	return source.Span{File: p.file, Start: from, End: to}
}

func (p *parser) run() {
	for {
		switch {
		case p.tok.Kind == scan.EOF:
			if p.block != nil {
				p.unclosed(p.tok)
			}
			return
		case p.tok.Kind == scan.Term:
			p.next()
		case p.tok.Kind == scan.RBrace && p.block != nil:
			p.closeBlock(p.tok.End)
			p.next()
			p.afterBrace()
		default:
			p.statement()
		}
		if len(p.diags) >= MaxErrors && p.tok.Kind != scan.EOF {
			p.tooMany()
			return
		}
	}
}

// tooMany gives up on the rest of the file.
func (p *parser) tooMany() {
	if p.block != nil {
		p.closeBlock(p.prev.End)
	}
	end := int32(len(p.text))
	p.diags.Add(diag.TooManyErrors, p.span(p.tok.Start, p.tok.End), "%d syntax errors up to here: the rest of the file is not read", len(p.diags))
	p.stmts = append(p.stmts, &ast.Bad{Range: ast.Range{Start: p.tok.Start, End: end}})
}

// add puts a statement where it belongs.
func (p *parser) add(s ast.Stmt) {
	if p.block != nil {
		p.block.body = append(p.block.body, s)
	} else {
		p.stmts = append(p.stmts, s)
	}
}

// statement reads one statement that begins at the token at hand, which is no Term and no EOF.
func (p *parser) statement() {
	first := p.tok
	word := p.word(first)
	starts := first.Kind == scan.Start || first.Kind == scan.Key && (word == "mesh" || word == "namespace")
	if starts && !p.allowed(word) {
		if p.block == nil || p.inside(first) {
			p.misplaced(word)
			return
		}
		p.unclosed(first)
	}
	if !starts {
		p.noStatement(word)
		return
	}
	if word == "allow" || word == "deny" {
		if p.skim != nil && p.block == nil && word == "allow" {
			if s := p.unbuilt(); s != nil {
				p.stmts = append(p.stmts, s)
				return
			}
		}
		if s := p.plain(); s != nil {
			p.add(s)
			return
		}
	}
	headed := word == "policy" || word == "test"
	whole := p.collect(headed, true)
	last := p.toks[len(p.toks)-1]
	bad := &ast.Bad{Range: ast.Range{Start: first.Start, End: p.prev.End}}
	var s ast.Stmt = bad
	if whole {
		s = grammar.Read(p.file, p.toks, p.params(), &p.diags)
	}
	if headed && last.Kind == scan.LBrace {
		p.block = &block{kind: word, head: s, name: p.word(p.toks[min(1, len(p.toks)-1)]), start: first.Start, open: last, indent: max(0, p.indent(first.Start))}
		return
	}
	if p.space != nil {
		p.add(p.space)
		bad.Start, p.space = p.space.End, nil
	}
	p.add(s)
}

// params returns the parameters of the open policy.
func (p *parser) params() []ast.Ident {
	if p.block != nil {
		if h, ok := p.block.head.(*ast.Policy); ok {
			return h.Params
		}
	}
	return nil
}

// allowed reports whether a statement may stand in the open block, or outside where none is open.
func (p *parser) allowed(word string) bool {
	switch {
	case p.block == nil:
		return word != "expect"
	case p.block.kind == "test":
		return word == "expect"
	}
	switch word {
	case "use", "mtls", "jwt", "dry-run", "allow", "deny", "audit", "delegate":
		return true
	}
	return false
}

// closeBlock ends the open block at an offset.
func (p *parser) closeBlock(end int32) {
	b := p.block
	p.block = nil
	all := ast.Range{Start: b.start, End: end}
	switch h := b.head.(type) {
	case *ast.Policy:
		h.Range, h.Body = all, b.body
	case *ast.Test:
		h.Range, h.Body = all, b.body
	case *ast.Bad: // what it holds has been checked, and belongs to nothing
		h.Range = all
	}
	p.stmts = append(p.stmts, b.head)
}

// indent returns the width of the white space before an offset that is the first on its line, -1 where it is not.
func (p *parser) indent(off int32) int {
	i := int(off)
	for i > 0 && (p.text[i-1] == ' ' || p.text[i-1] == '\t') {
		i--
	}
	if i > 0 && p.text[i-1] != '\n' {
		return -1
	}
	return int(off) - i
}

// inside reports whether a token of the open block looks as if it were meant to be in it.
func (p *parser) inside(t scan.Token) bool {
	n := p.indent(t.Start)
	return n < 0 || n > p.block.indent
}
