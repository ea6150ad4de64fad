// Package format prints sources in one layout. It works on tokens, so that every token and every comment stays; what
// changes is blanks, line ends and the ; that a line end replaces.
package format

import (
	"hash/maphash"
	"strings"
	"unicode/utf8"

	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
)

// Source returns the text of a file in the one layout, and what is wrong with its syntax. Statements that cannot be read
// stay as they stand, with the blanks before them on their line, and so does a whole file that is not UTF-8 or holds a NUL. To format twice changes nothing more.
//
// Line ends inside a statement are the author's, and so is the choice between a block on one line and a block on several.
func Source(f *source.File) ([]byte, diag.List) {
	text := f.Text
	var tree *ast.File
	var diags diag.List
	skimmed := beside(func() { tree, diags = lang.Skim(f) })
	if strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) { // no text, or of another encoding
		<-skimmed
		return []byte(text), diags
	}
	p := newPrinter(text)
	for t := range scan.Each(text) { // as if nothing were wrong with it
		p.read(t)
	}
	out := p.finish()
	<-skimmed
	if ranges := bad(tree.Stmts, nil); len(ranges) > 0 {
		p = newPrinter(text)
		for _, t := range opaque(text, scan.All(text), ranges) {
			p.read(t)
		}
		out = p.finish()
	}
	seed := maphash.MakeSeed()
	var want uint64
	hashed := beside(func() { want = essence(seed, text) })
	got := essence(seed, out)
	<-hashed
	if got != want {
		// Only a text with an error comes here: its tokens depend on the line ends in ways that the layout does not keep.
		return []byte(text), diags
	}
	if i := strings.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		out = strings.ReplaceAll(out, "\n", "\r\n")
	}
	return []byte(out), diags
}

// beside runs a function on another processor; the channel is closed when it is done.
func beside(f func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	return done
}

// bad gathers the ranges of statements that could not be read.
func bad(stmts []ast.Stmt, out []ast.Range) []ast.Range {
	for _, s := range stmts {
		switch s := s.(type) {
		case *ast.Bad:
			out = append(out, s.Range)
		case *ast.Policy:
			out = bad(s.Body, out)
		}
	}
	return out
}

// opaque joins the tokens of each range into one token that is printed as it stands. Blanks at the start of its line belong
// to it: whoever wrote the statement sees it unchanged.
func opaque(text string, tokens []scan.Token, ranges []ast.Range) []scan.Token {
	if len(ranges) == 0 {
		return tokens
	}
	out := tokens[:0:0]
	r := 0
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		for r < len(ranges) && ranges[r].End <= t.Start {
			r++
		}
		if r == len(ranges) || t.Start < ranges[r].Start || t.Kind.Trivia() || t.Kind == scan.Term {
			out = append(out, t)
			continue
		}
		last := i
		for j := i; j < len(tokens) && tokens[j].Start < ranges[r].End; j++ {
			if !tokens[j].Kind.Trivia() && tokens[j].Kind != scan.Term {
				last = j
			}
		}
		joined := scan.Token{Kind: scan.Bad, Start: t.Start, End: tokens[last].End}
		if n := len(out); n > 0 && out[n-1].Kind == scan.Space && (n == 1 || lineEnd(out[n-2], text)) {
			joined.Start = out[n-1].Start
			out = out[:n-1]
		}
		out = append(out, joined)
		i = last
	}
	return out
}

// lineEnd reports whether a token ends its line.
func lineEnd(t scan.Token, text string) bool {
	return (t.Kind == scan.Newline || t.Kind == scan.Term) && text[t.Start:t.End] != ";"
}

// essence is a hash of what formatting keeps: the tokens and the comments, in their order. A statement's end is one whether it
// is written as ; or as the end of the line, and at the end of the text nothing needs an end.
func essence(seed maphash.Seed, text string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	word := func(k scan.Kind, text string) {
		h.WriteString(text)
		h.WriteByte(0xff) // no UTF-8 has it
		h.WriteByte(byte(k))
	}
	ended := false
	for t := range scan.Each(text) {
		switch t.Kind {
		case scan.Space, scan.Newline:
		case scan.Term:
			ended = true // where it stands among comments does not matter
		case scan.Comment:
			word(t.Kind, strings.TrimRight(text[t.Start:t.End], " \t\r"))
		default:
			if ended {
				word(scan.Term, "")
				ended = false
			}
			word(t.Kind, text[t.Start:t.End])
		}
	}
	return h.Sum64()
}
