// Package lang reads .zt files: statement by statement, with recovery at statement ends, so that one fault costs one
// statement and one diagnostic.
package lang

import (
	"slices"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/internal/grammar"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
)

// Limits of what is read. Beyond one of them there is a diagnostic, and the rest is an ast.Bad.
const (
	MaxFile      = 64 << 20 // bytes of a file
	MaxStatement = 100_000  // tokens of a statement
	MaxErrors    = 100      // syntax errors of a file
	maxHidden    = 20       // invisible characters that are shown one by one
)

// Parse reads a file. The tree holds every statement, those with an error as ast.Bad; it is never nil.
func Parse(f *source.File) (*ast.File, diag.List) {
	p := &parser{file: f, out: &ast.File{Source: f}}
	if len(f.Text) > MaxFile {
		p.diags.Add(diag.TextTooLarge, source.Span{File: f}, "the file is larger than %d bytes", MaxFile)
		return p.out, p.diags
	}
	p.hidden()
	p.scan = scan.New(f.Text)
	p.next()
	for p.tok.Kind != scan.EOF {
		if len(p.diags) > MaxErrors {
			p.diags.Add(diag.TooManyErrors, p.span(p.tok), "more than %d syntax errors: the rest of the file is not read", MaxErrors)
			p.out.Stmts = append(p.out.Stmts, &ast.Bad{Range: ast.Range{Start: p.tok.Start, End: int32(len(f.Text))}})
			break
		}
		if p.tok.Kind == scan.Term {
			p.next()
			continue
		}
		if s := p.statement(""); s != nil {
			p.out.Stmts = append(p.out.Stmts, s)
		}
	}
	return p.out, p.diags
}

type parser struct {
	file  *source.File
	out   *ast.File
	diags diag.List
	scan  scan.Scanner
	tok   scan.Token // the next token
	prev  int32      // end of the last token that is not a Term
	toks  []scan.Token
}

func (p *parser) next() {
	if p.tok.Kind != scan.Term {
		p.prev = p.tok.End
	}
	p.tok = p.scan.Next()
}

func (p *parser) text(t scan.Token) string { return p.file.Text[t.Start:t.End] }

func (p *parser) span(t scan.Token) source.Span {
	return source.Span{File: p.file, Start: t.Start, End: t.End}
}

// hidden reports what a reader cannot see.
func (p *parser) hidden() {
	n := 0
	for h, ok := scan.NextHidden(p.file.Text, 0); ok; h, ok = scan.NextHidden(p.file.Text, h.End) {
		if n++; n > maxHidden {
			p.diags.Add(diag.InvisibleCharacter, source.Span{File: p.file, Start: int32(h.Start), End: int32(h.End)}, "more than %d characters that a reader cannot see", maxHidden)
			return
		}
		d := p.diags.Add(diag.InvisibleCharacter, source.Span{File: p.file, Start: int32(h.Start), End: int32(h.End)}, "a %s, which a reader cannot see", h.What)
		if h.Escape != "" {
			d.Advise("in a string write `%s`; elsewhere delete it", h.Escape)
		}
	}
}

// inner are the statements that may stand in the block of a policy or a test.
var inner = map[string][]string{
	"policy": {"use", "mtls", "jwt", "dry-run", "allow", "deny", "audit", "delegate"},
	"test":   {"expect"},
}

// statement reads the statement that starts at the next token, in the block of the named kind or in none. It consumes at
// least one token, and stops before a Term, a statement word that leads a line, or a brace that closes the block.
func (p *parser) statement(block string) ast.Stmt {
	first := p.tok
	word := p.text(first)
	starts := (first.Kind == scan.Start || first.Kind == scan.Key) && grammar.Starts(word)
	if block == "" && first.Kind == scan.RBrace {
		p.diags.Add(diag.StrayBrace, p.span(first), "a } that closes nothing")
		return p.skip(first)
	}
	if !starts {
		switch {
		case grammar.LeadsLine(word):
			grammar.LineStart(&p.diags, p.file, p.prev, first)
		case first.Kind == scan.LBrace:
			p.diags.Add(diag.BraceOnNextLine, p.span(first), "a { at the start of a line: it stands on the line of its statement")
		default:
			d := p.diags.Add(diag.UnknownStatement, p.span(first), "%q does not start a statement", clip(word))
			if near := grammar.Nearest(word, grammar.Starts); near != "" {
				d.Fix(p.span(first), near, "did you mean `%s`?", near)
			}
		}
		return p.skip(first)
	}
	if block == "" && word == "expect" {
		p.diags.Add(diag.StatementMisplaced, p.span(first), "`expect` stands in a `test` block")
		return p.skip(first)
	}
	head := word == "policy" || word == "test"
	ok := p.collect(block, head)
	if !ok {
		return p.skip(first)
	}
	before := len(p.diags)
	s := grammar.Read(p.file, p.toks, &p.diags)
	if len(p.diags) > before && !isBad(s) {
		s = &ast.Bad{Range: s.Pos()}
	}
	if !head || !p.opened() {
		return s
	}
	return p.body(s, word, first)
}

func isBad(s ast.Stmt) bool { _, bad := s.(*ast.Bad); return bad }

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}

// collect gathers the tokens of a statement; of a policy or a test those up to its {. It is false past a limit.
func (p *parser) collect(block string, head bool) bool {
	p.toks = p.toks[:0]
	braces, depth := 0, 0
	for {
		t := p.tok
		switch t.Kind {
		case scan.EOF:
			return true
		case scan.Term:
			if braces == 0 {
				return true
			}
		case scan.Start:
			if len(p.toks) > 0 {
				return true // a statement word that leads a line starts a statement, whatever is open
			}
		case scan.LBrace:
			braces++
		case scan.RBrace:
			if braces == 0 {
				if block != "" || len(p.toks) == 0 {
					return true
				}
			} else {
				braces--
			}
		case scan.LParen, scan.LBracket:
			if depth++; depth > grammar.MaxDepth {
				p.diags.Add(diag.TooDeep, p.span(t), "nested deeper than %d", grammar.MaxDepth)
				return false
			}
		case scan.RParen, scan.RBracket:
			depth--
		}
		if len(p.toks) >= MaxStatement {
			p.diags.Add(diag.StatementTooLong, p.span(t), "a statement of more than %d tokens", MaxStatement)
			return false
		}
		p.toks = append(p.toks, t)
		p.next()
		if head && t.Kind == scan.LBrace {
			return true
		}
	}
}

// opened reports whether the tokens gathered last end in the { of a block.
func (p *parser) opened() bool {
	return len(p.toks) > 0 && p.toks[len(p.toks)-1].Kind == scan.LBrace
}

// body reads the statements of a policy or a test up to its }.
func (p *parser) body(s ast.Stmt, kind string, first scan.Token) ast.Stmt {
	var list []ast.Stmt
	end := p.prev
	closed := false
loop:
	for {
		switch {
		case p.tok.Kind == scan.EOF:
			break loop
		case p.tok.Kind == scan.Term:
			p.next()
		case p.tok.Kind == scan.RBrace:
			end = p.tok.End
			p.next()
			closed = true
			break loop
		case (p.tok.Kind == scan.Start || p.tok.Kind == scan.Key) && grammar.Starts(p.text(p.tok)) && !slices.Contains(inner[kind], p.text(p.tok)):
			break loop // a statement of the file: the block was not closed
		case len(p.diags) > MaxErrors:
			break loop
		default:
			if x := p.statement(kind); x != nil {
				list = append(list, x)
				end = x.Pos().End
			}
		}
	}
	if !closed {
		p.diags.Add(diag.UnclosedBlock, p.span(first), "this %s has no } that closes it", kind)
		return &ast.Bad{Range: ast.Range{Start: first.Start, End: end}}
	}
	if p.tok.Kind != scan.Term && p.tok.Kind != scan.EOF && p.tok.Kind != scan.Start {
		p.diags.Add(diag.UnexpectedToken, p.span(p.tok), "expected the end of the line after the block, and found %q", clip(p.text(p.tok)))
		p.skip(p.tok)
		return &ast.Bad{Range: ast.Range{Start: first.Start, End: p.prev}}
	}
	switch s := s.(type) {
	case *ast.Policy:
		s.Body, s.End = list, end
	case *ast.Test:
		s.Body, s.End = list, end
	}
	return s
}

// skip goes to the end of a statement that cannot be read: a Term outside its braces, or a statement word that leads a line.
func (p *parser) skip(first scan.Token) ast.Stmt {
	braces := 0
	for n := 0; p.tok.Kind != scan.EOF; n++ {
		switch p.tok.Kind {
		case scan.Term:
			if braces <= 0 {
				return &ast.Bad{Range: ast.Range{Start: first.Start, End: max(p.prev, first.End)}}
			}
		case scan.Start:
			if p.tok.Start != first.Start {
				return &ast.Bad{Range: ast.Range{Start: first.Start, End: max(p.prev, first.End)}}
			}
		case scan.LBrace:
			braces++
		case scan.RBrace:
			braces--
		}
		p.next()
	}
	return &ast.Bad{Range: ast.Range{Start: first.Start, End: max(p.prev, first.End)}}
}
