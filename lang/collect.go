package lang

import (
	"slices"
	"strings"
	"unicode"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/internal/grammar"
	"github.com/zt-lang/ztc/lang/scan"
)

// collect puts the tokens of the statement at hand into p.toks: up to the Term that ends it, a statement word first on a
// line, the closing brace of the open block, or, with head, its first "{". It reports whether they are all there and
// may be read: false after a limit, and after a line that begins with what should have ended the line above. Without
// whole the statement is one that has been reported: nothing more is said of it.
func (p *parser) collect(head, whole bool) bool {
	p.toks = p.toks[:0]
	braces, nested := 0, 0
	for {
		t := p.tok
		switch t.Kind {
		case scan.EOF:
			p.forgive += braces
			return whole
		case scan.Start:
			if len(p.toks) > 0 && !(braces > 0 && p.peek().Kind == scan.Colon) {
				p.forgive += braces
				if braces > 0 && whole && p.word(p.toks[0]) == "namespace" && len(p.toks) > 2 {
					p.inNamespace(t)
					return false
				}
				return whole
			}
		case scan.Key:
			if braces > 0 && p.toks[len(p.toks)-1].Kind == scan.Term && p.startsBlock() {
				p.forgive += braces
				return whole
			}
		case scan.Term:
			if braces == 0 {
				switch next := p.peek(); {
				case next.Kind == scan.LBrace && p.takesBlock():
					p.braceBelow(next)
					p.next()
					continue
				case p.completes(next):
					if whole {
						grammar.LineStart(&p.diags, p.file, p.prev.End, next)
					}
					whole = false
					p.next()
					continue
				case next.Kind == scan.Start && (nested > 0 || p.prev.Kind == scan.Comma):
					p.next()
					if p.begins() {
						return whole
					}
					if whole {
						p.diags.Add(diag.ReservedName, p.span(next.Start, next.End), "%q at the start of a line starts a statement", p.word(next)).
							Advise("as a name write it in mid-line, or with its namespace: `default/%s`", p.word(next))
					}
					whole = false
					p.next()
					continue
				case !whole && nested > 0 && (next.Kind == scan.RParen || next.Kind == scan.RBracket):
					p.next()
					continue
				}
				return whole
			}
		case scan.LBrace:
			braces++
		case scan.RBrace:
			if braces == 0 && (p.block != nil || p.spaces > 0) {
				return whole
			}
			braces = max(0, braces-1)
		case scan.LParen, scan.LBracket:
			if nested++; nested == MaxDepth+1 && whole {
				whole = false
				p.diags.Add(diag.TooDeep, p.span(t.Start, t.End), "parentheses and brackets nest more than %d deep", MaxDepth)
			}
		case scan.RParen, scan.RBracket:
			nested--
		}
		if len(p.toks) == MaxTokens && whole {
			whole = false
			f := p.toks[0]
			p.diags.Add(diag.StatementTooLong, p.span(f.Start, f.End), "a statement of more than %d words and signs", MaxTokens).
				Advise("make groups and sets of its lists, or several statements")
		}
		if len(p.toks) < MaxTokens {
			p.toks = append(p.toks, t)
		}
		p.next()
		if head && t.Kind == scan.LBrace {
			return whole
		}
	}
}

// peek returns the token after the one at hand.
func (p *parser) peek() scan.Token {
	s := p.sc
	return s.Next()
}

// startsBlock reports whether `mesh` or `namespace` at hand, first on its line, begins a statement and not a label.
func (p *parser) startsBlock() bool {
	switch p.word(p.tok) {
	case "mesh":
		return p.peek().Kind == scan.LBrace
	case "namespace":
		k := p.peek().Kind
		return k == scan.Name || k == scan.Key || k == scan.Int
	}
	return false
}

// begins reports whether a statement word at hand can begin a statement: by what follows it, it may as well be a name in
// a list.
func (p *parser) begins() bool {
	switch p.peek().Kind {
	case scan.EOF, scan.Term, scan.Comma, scan.RParen, scan.RBracket, scan.Arrow, scan.Colon:
		return false
	}
	return true
}

// completes reports whether a token at the start of a line goes on with a rule that has no arrow yet, and so is nothing
// without that line.
func (p *parser) completes(t scan.Token) bool {
	switch t.Kind {
	case scan.Arrow, scan.Comma:
	case scan.Key:
		if w := p.word(t); w != "as" && w != "from" && w != "except" {
			return false
		}
	default:
		return false
	}
	switch p.word(p.toks[0]) {
	case "allow", "deny", "audit", "delegate", "dry-run", "expect", "prove":
	default:
		return false
	}
	return !slices.ContainsFunc(p.toks, func(t scan.Token) bool { return t.Kind == scan.Arrow || t.Kind == scan.Key && p.word(t) == "all" })
}

// takesBlock reports whether the statement collected so far may go on with "{".
func (p *parser) takesBlock() bool {
	switch p.word(p.toks[0]) {
	case "mesh", "namespace", "workload", "pods", "policy", "jwt", "test", "allow", "deny", "audit", "delegate", "dry-run", "prove":
	default:
		return false
	}
	return !slices.ContainsFunc(p.toks, func(t scan.Token) bool { return t.Kind == scan.LBrace })
}

// braceBelow reports a "{" on the line below its statement, which is then read as if it stood where it belongs.
func (p *parser) braceBelow(t scan.Token) {
	d := p.diags.Add(diag.BraceOnNextLine, p.span(t.Start, t.End), "%q on a line of its own: it stands on the line of its statement", "{")
	if between := p.text[p.prev.End:t.Start]; strings.Count(between, "\n") == 1 && !strings.ContainsAny(between, ";#") {
		end := t.End
		for int(end) < len(p.text) && p.text[end] == ' ' {
			end++
		}
		d.Fixes = append(d.Fixes, diag.Fix{Message: "move it to the end of the line above", Edits: []diag.Edit{
			{Span: p.span(p.prev.End, p.prev.End), New: " {"}, {Span: p.span(t.Start, end), New: ""},
		}})
	} else {
		d.Advise("move it to the end of the line above")
	}
}

// skip makes the statement at hand an *ast.Bad, without a diagnostic.
func (p *parser) skip() {
	start := p.tok.Start
	p.collect(false, false)
	if len(p.toks) == 0 { // it begins with what collect does not take
		p.next()
	}
	p.add(&ast.Bad{Range: ast.Range{Start: start, End: p.prev.End}})
}

// habits say what stands for the words that begin rules in other languages.
var habits = map[string]string{
	"permit": "a rule that lets pass begins with `allow`", "grant": "a rule that lets pass begins with `allow`", "accept": "a rule that lets pass begins with `allow`",
	"forbid": "a rule that refuses begins with `deny`", "block": "a rule that refuses begins with `deny`", "reject": "a rule that refuses begins with `deny`",
	"drop": "a rule that refuses begins with `deny`", "disallow": "a rule that refuses begins with `deny`",
	"default": "what is closed but for what an `allow` names is `deny all in NAMESPACE`", "package": "a program has no name of a package: delete the line",
	"include": "another file is read by `import \"./file.zt\"`", "from": "a rule begins with what it does: `allow web -> api`",
	"rule": "a rule begins with what it does: `allow web -> api`", "service": "what runs is declared by `workload`, or read from an `inventory`",
	"ns": "the word is `namespace`", "set": "a set is `methods NAME = ...` or `paths NAME = ...`",
}

// noStatement reports what starts no statement.
func (p *parser) noStatement(word string) {
	t := p.tok
	span := p.span(t.Start, t.End)
	_, hidden := scan.NextHidden(word, 0)
	switch {
	case hidden && t.Kind == scan.Bad: // reported where all of them are
	case t.Kind == scan.RBrace:
		if p.forgive > 0 {
			p.forgive--
			if p.spaces > 0 {
				p.afterSpace()
			}
			p.next()
			return
		}
		p.diags.Add(diag.StrayBrace, span, "%q closes nothing: no block is open here", word).Advise("delete it, or restore the statement that it closed")
	case grammar.LeadsLine(word) && p.prev.End > 0:
		grammar.LineStart(&p.diags, p.file, p.prev.End, t)
	case t.Kind == scan.String || t.Kind == scan.Upper || t.Kind == scan.LBrace:
		p.diags.Add(diag.UnknownStatement, span, "%s does not start a statement", grammar.Quote(word)).
			Note("a line goes on only where its own end says so: after a comma, an arrow, or a word such as `when`")
	default:
		d := p.diags.Add(diag.UnknownStatement, span, "%s does not start a statement", grammar.Quote(word))
		near := ""
		if t.Kind != scan.Bad && t.Kind != scan.Key {
			near = grammar.Nearest(word, p.allowed)
		}
		plain := strings.TrimLeftFunc(word, func(c rune) bool { return c > unicode.MaxASCII && unicode.IsSpace(c) })
		switch {
		case plain != word:
			d.Note("it begins with a blank that is no plain space").Respell(p.span(t.Start, t.End-int32(len(plain))), " ", "write a space")
		case near != "":
			d.Fix(span, near, "did you mean `%s`?", near)
		case len(word) < 40 && (p.peek().Kind == scan.Arrow || p.peek().Kind == scan.Comma):
			d.Advise("a rule begins with what it does: `allow %s ...`, `deny %s ...`", word, word)
		case strings.HasPrefix(word, "//") || strings.HasPrefix(word, "/*") || word == "--":
			d.Note("a comment begins with #")
		case habits[strings.ToLower(word)] != "":
			d.Advise("%s", habits[strings.ToLower(word)])
		case p.peek().Kind == scan.Colon || word == "-":
			d.Note("statements are no YAML: a program says what holds, as in `deny all in shop` and `allow web -> cart GET`")
		}
	}
	p.skip()
}

// misplaced reports a statement that cannot stand here, and reads past it.
func (p *parser) misplaced(word string) {
	t := p.tok
	span := p.span(t.Start, t.End)
	switch {
	case p.block == nil:
		p.diags.Add(diag.StatementMisplaced, span, "%q outside a test", word).Advise("write `test \"what it shows\" { expect ... }`")
	case p.block.kind == "test":
		d := p.diags.Add(diag.StatementMisplaced, span, "%q in a test: a test holds only `expect`", word)
		if word == "allow" || word == "deny" {
			d.Fix(p.span(t.Start, t.Start), "expect ", "write `expect %s`", word)
		}
	default:
		p.diags.Add(diag.StatementMisplaced, span, "%q in a policy: a policy holds rules, `use`, `mtls` and `jwt`", word).
			Relate(p.span(p.block.open.Start, p.block.open.End), "the policy begins here").
			Advise("move it out of the braces, or close the policy before it")
	}
	p.skip()
}

// unclosed ends a block whose closing brace is missing before a token. Statements that stand as far left as its head were
// meant to follow it.
func (p *parser) unclosed(before scan.Token) {
	b := p.block
	n := len(b.body)
	for i, s := range b.body {
		if w := p.indent(s.Pos().Start); w >= 0 && w <= b.indent {
			n = i
			break
		}
	}
	out := b.body[n:]
	end := b.open.End
	if n > 0 {
		end = b.body[n-1].Pos().End
	}
	b.body = b.body[:n:n]
	d := p.diags.Add(diag.UnclosedBlock, p.span(b.open.Start, b.open.End), "the %s %s is not closed", b.kind, grammar.Quote(b.name))
	switch {
	case len(out) > 0:
		r := out[0].Pos()
		d.Relate(p.span(r.Start, r.End), "this seems to stand outside")
	case before.Kind != scan.EOF:
		d.Relate(p.span(before.Start, before.End), "%q cannot stand in a %s", p.word(before), b.kind)
	}
	d.Advise("add a line with \"}\" at its end")
	p.closeBlock(end)
	p.stmts = append(p.stmts, out...)
	p.forgive++
}

// afterBrace wants the end of the line after the closing brace of a block.
func (p *parser) afterBrace() {
	switch p.tok.Kind {
	case scan.EOF, scan.Term, scan.Start:
		return
	}
	t := p.tok
	if p.forgive > 0 && t.Kind == scan.RBrace {
		p.forgive--
		p.next()
		return
	}
	p.diags.Add(diag.UnexpectedToken, p.span(t.Start, t.End), "unexpected %s after \"}\": the block ends its line", grammar.Quote(p.word(t)))
	p.skip()
}
