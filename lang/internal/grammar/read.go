package grammar

import (
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
	src "github.com/zt-lang/ztc/lang/source"
)

// MaxDepth is how deep ( and [ may nest in what Read is given: the grammar recurses on them.
const MaxDepth = 100

// Read reads one statement from its tokens, the Term that ends it left out. Of a policy or a test it reads the head, up to
// and with its "{". Where the tokens are no statement it reports one error and returns an *ast.Bad of their range.
// The first token is a word that Starts a statement. params are the parameters of the policy that the statement stands in;
// they change what is said of errors, and nothing else.
func Read(f *src.File, toks []scan.Token, params []ast.Ident, diags *diag.List) ast.Stmt {
	r := &reader{file: f, text: f.Text, toks: toks, params: params, diags: diags}
	parse := kinds()[r.word(0)]
	if parse == nil {
		r.unexpected(0, nil)
		return r.bad()
	}
	lx, err := lexer.Upgrade(&feed{r: r})
	if err == nil {
		var g any
		if g, err = parse(lx); err == nil {
			if n := int(lx.RawCursor()); n < len(toks) {
				r.unexpected(n, nil)
				return r.bad()
			}
			s := r.convert(g)
			if r.failed {
				return r.bad()
			}
			return s
		}
	}
	var u *participle.UnexpectedTokenError
	var p participle.Error
	switch {
	case errors.As(err, &u):
		r.unexpected(u.Unexpected.Pos.Line, expected(u))
	case errors.As(err, &p):
		r.unexpected(p.Position().Line, nil)
	default:
		r.unexpected(len(toks), nil)
	}
	return r.bad()
}

// Starts reports whether a word starts a statement that Read knows.
func Starts(word string) bool {
	return scan.IsStatementWord(word) || word == "mesh" || word == "namespace"
}

// reader is the reading of one statement.
type reader struct {
	file   *src.File
	text   string
	toks   []scan.Token
	params []ast.Ident // of the policy around the statement
	diags  *diag.List
	failed bool // the one error of the statement has been reported
}

func (r *reader) bad() ast.Stmt {
	return &ast.Bad{Range: ast.Range{Start: r.toks[0].Start, End: r.toks[len(r.toks)-1].End}}
}

// word returns the text of a token, "" outside the statement.
func (r *reader) word(i int) string {
	if i < 0 || i >= len(r.toks) {
		return ""
	}
	return r.text[r.toks[i].Start:r.toks[i].End]
}

// kind returns the kind of a token, EOF outside the statement.
func (r *reader) kind(i int) scan.Kind {
	if i < 0 || i >= len(r.toks) {
		return scan.EOF
	}
	return r.toks[i].Kind
}

func (r *reader) span(from, to int32) src.Span {
	return src.Span{File: r.file, Start: from, End: to}
}

// tokType gives a token kind its number in participle, where -1 is EOF and 0 marks a field without a token.
func tokType(k scan.Kind) lexer.TokenType {
	if k == scan.EOF {
		return lexer.EOF
	}
	return lexer.TokenType(-1 - int(k))
}

// feed hands the tokens to participle.
type feed struct {
	r *reader
	i int
}

// Next implements lexer.Lexer. Positions carry what the converter needs and not lines and columns: Offset is the start of
// the token, Line its index in the statement, Column the end of the token before it. So the EndPos of a node, which
// is the position of the token after it, tells where the node ends.
func (f *feed) Next() (lexer.Token, error) {
	r, i := f.r, f.i
	prev := r.toks[max(0, i-1)].End
	if i >= len(r.toks) {
		return lexer.EOFToken(lexer.Position{Offset: int(prev), Line: i, Column: int(prev)}), nil
	}
	f.i++
	t := r.toks[i]
	return lexer.Token{Type: tokType(t.Kind), Value: r.text[t.Start:t.End], Pos: lexer.Position{Offset: int(t.Start), Line: i, Column: int(prev)}}, nil
}

// definition tells participle the names of the token kinds. It never lexes: tokens come from feed.
type definition struct{}

func (definition) Symbols() map[string]lexer.TokenType {
	m := map[string]lexer.TokenType{"EOF": lexer.EOF}
	for k := scan.Name; k < scan.Space; k++ {
		m[k.String()] = tokType(k)
	}
	return m
}

func (definition) Lex(string, io.Reader) (lexer.Lexer, error) { return nil, errors.ErrUnsupported }

type parseFunc func(*lexer.PeekingLexer) (any, error)

func production[P any](p *participle.Parser[statement]) parseFunc {
	q, err := participle.ParserForProduction[P](p)
	if err != nil {
		panic(err) // the grammar is a constant
	}
	return func(l *lexer.PeekingLexer) (any, error) { return q.ParseFromLexer(l, participle.AllowTrailing(true)) }
}

var build = sync.OnceValue(func() *participle.Parser[statement] {
	p, err := participle.Build[statement](participle.Lexer(definition{}), participle.UseLookahead(0))
	if err != nil {
		panic(err) // the grammar is a constant
	}
	return p
})

// kinds maps the first word of a statement to its parser, so that participle need not try one kind after the other.
var kinds = sync.OnceValue(func() map[string]parseFunc {
	p := build()
	m := map[string]parseFunc{
		"mesh": production[mesh](p), "namespace": production[namespace](p), "workload": production[workload](p),
		"pods": production[pods](p), "inventory": production[inventory](p), "group": production[group](p),
		"import": production[imports](p), "policy": production[policy](p), "use": production[use](p),
		"mtls": production[mtls](p), "jwt": production[jwt](p), "test": production[test](p),
		"expect": production[expect](p), "prove": production[prove](p),
	}
	m["methods"] = production[set](p)
	m["paths"] = m["methods"]
	for _, w := range strings.Fields("dry-run allow deny audit delegate") {
		m[w] = production[rule](p)
	}
	return m
})
