package format

import (
	"strings"

	"github.com/zt-lang/ztc/lang/scan"
)

// item is a significant token, and what stands between it and the one before.
type item struct {
	scan.Token
	gap    gap
	broken bool // of {: its block takes several lines
	open   int  // of }: the item of its {, or -1
}

// gap is everything between two significant tokens.
type gap struct {
	comments []comment
	newlines int  // line ends before the token and after the last comment
	term     bool // a statement ends here
}

type comment struct {
	text     string
	newlines int // line ends before it
}

func (g *gap) breaks() bool { return g.newlines > 0 || len(g.comments) > 0 }

// block is an open {.
type block struct {
	item   int
	opener string // first word of the statement that opened it
}

// window is how many items are kept, where no block is open.
const window = 512

type printer struct {
	text  string
	items []item // the last one that was printed, and those that are not
	done  int    // how many of items are printed
	gap   gap    // since the last significant token
	open  []int

	out    strings.Builder
	blocks []block
	paren  int    // open ( and [
	first  string // first word of the statement or entry
	words  int    // of it, so far
}

func newPrinter(text string) *printer {
	p := &printer{text: text, items: make([]item, 0, window+64)}
	p.out.Grow(len(text) + len(text)/8)
	return p
}

// read takes the next token of the text.
func (p *printer) read(t scan.Token) {
	text := p.text[t.Start:t.End]
	switch t.Kind {
	case scan.Space:
	case scan.Newline, scan.Term:
		if text != ";" {
			p.gap.newlines++
		}
		p.gap.term = p.gap.term || t.Kind == scan.Term
	case scan.Comment:
		p.gap.comments = append(p.gap.comments, comment{strings.TrimRight(text, " \t\r"), p.gap.newlines})
		p.gap.newlines = 0
	default:
		p.add(t)
	}
}

func (p *printer) add(t scan.Token) {
	it := item{Token: t, gap: p.gap, open: -1}
	p.gap = gap{}
	if len(p.open) > 0 && (it.gap.breaks() || strings.Contains(p.text[t.Start:t.End], "\n")) {
		for i := len(p.open) - 1; i >= 0 && !p.items[p.open[i]].broken; i-- {
			p.items[p.open[i]].broken = true
		}
	}
	switch t.Kind {
	case scan.LBrace:
		p.open = append(p.open, len(p.items))
	case scan.RBrace:
		if n := len(p.open); n > 0 {
			it.open = p.open[n-1]
			p.open = p.open[:n-1]
		}
	}
	if it.gap.term && len(p.open) == 0 && len(p.items) >= window {
		p.print()
		p.items[0], p.items, p.done = p.items[len(p.items)-1], p.items[:1], 1
	}
	p.items = append(p.items, it)
}

// print writes the items that are not written yet.
func (p *printer) print() {
	for i := p.done; i < len(p.items); i++ {
		it := &p.items[i]
		p.between(i, it)
		p.enter(i, it)
		text := p.text[it.Start:it.End]
		if it.Kind == scan.Bad { // the only token that can hold line ends
			text = strings.ReplaceAll(text, "\r\n", "\n")
		}
		p.out.WriteString(text)
	}
	p.done = len(p.items)
}

// finish writes what is left, and returns all that was written.
func (p *printer) finish() string {
	p.print()
	p.comments(p.gap.comments, "", false)
	if p.out.Len() > 0 {
		p.out.WriteByte('\n')
	}
	return p.out.String()
}

// enter keeps track of blocks, brackets and statements when a token is written.
func (p *printer) enter(i int, it *item) {
	if it.gap.term || i > 0 && (p.items[i-1].Kind == scan.LBrace) {
		p.first, p.words, p.paren = "", 0, 0
	}
	if p.words++; p.words == 1 {
		p.first = p.text[it.Start:it.End]
	}
	switch it.Kind {
	case scan.LBrace:
		p.blocks = append(p.blocks, block{i, p.first})
		p.paren = 0
	case scan.RBrace:
		if n := len(p.blocks); n > 0 {
			p.first = p.blocks[n-1].opener
			p.blocks = p.blocks[:n-1]
		}
		p.words, p.paren = 2, 0
	case scan.LParen, scan.LBracket:
		p.paren++
	case scan.RParen, scan.RBracket:
		p.paren = max(0, p.paren-1)
	}
}

// between writes what stands before an item: comments, and a line end, a ; or a blank.
func (p *printer) between(i int, it *item) {
	var prev scan.Kind
	if i > 0 {
		prev = p.items[i-1].Kind
	}
	closes := it.Kind == scan.RBrace
	inside := prev == scan.LBrace // the token is the first of a block
	ends := it.gap.term || i == 0 || inside || closes
	indent := indentation(len(p.blocks))
	if !ends {
		indent += "  "
	}
	p.comments(it.gap.comments, indent, inside)
	broken := it.gap.breaks()
	switch {
	case closes:
		broken = it.open >= 0 && p.items[it.open].broken || broken
		if n := len(p.blocks); n > 0 {
			indent = indentation(n - 1)
		}
	case inside:
		broken = p.items[i-1].broken
	case it.gap.term:
		broken = broken || len(p.blocks) == 0 || p.items[p.blocks[len(p.blocks)-1].item].broken
	case (it.Kind == scan.RParen || it.Kind == scan.RBracket) && p.paren <= 1:
		indent = indentation(len(p.blocks))
	}
	switch {
	case p.out.Len() == 0:
	case broken:
		p.newline(it.gap.newlines > 1 && !closes && (!inside || len(it.gap.comments) > 0))
		if !blank(p.text[it.Start]) { // a statement that cannot be read has its own
			p.out.WriteString(indent)
		}
	case inside && closes: // {}
	case it.gap.term:
		p.out.WriteString("; ")
	case p.spaced(i, prev, it):
		p.out.WriteByte(' ')
	}
}

// indentation returns the blanks of a depth. It is bounded: what nests deeper is no program, and must not grow with its square.
func indentation(depth int) string { return strings.Repeat("  ", min(depth, 8)) }

// comments writes comments, each to the end of its line: behind the token before, or on its own line. No blank line stands
// at the start of a block.
func (p *printer) comments(list []comment, indent string, inside bool) {
	for i, c := range list {
		switch {
		case p.out.Len() == 0:
			p.out.WriteString(indent)
		case c.newlines == 0:
			p.out.WriteString("  ")
		default:
			p.newline(c.newlines > 1 && (i > 0 || !inside))
			p.out.WriteString(indent)
		}
		p.out.WriteString(c.text)
	}
}

func (p *printer) newline(blank bool) {
	p.out.WriteByte('\n')
	if blank {
		p.out.WriteByte('\n')
	}
}

// spaced reports whether a blank stands between two tokens of one line.
func (p *printer) spaced(i int, prev scan.Kind, it *item) bool {
	switch it.Kind {
	case scan.Comma, scan.RParen, scan.RBracket, scan.Colon:
		return false
	case scan.LParen: // policy web(app), use web(app); but allow (a, b), not (x)
		return p.words != 2 || p.first != "policy" && p.first != "use"
	case scan.LBracket: // header["x"]; but in ["x"] and = ["x"]
		return prev == scan.Key || prev == scan.Assign
	}
	switch prev {
	case scan.LParen, scan.LBracket:
		return false
	case scan.Colon: // app: web in labels and arguments; web:8080 elsewhere
		return p.labels() || p.first == "use" && p.paren > 0
	}
	return true
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// labels reports whether a colon here stands between the key and the value of a label.
func (p *printer) labels() bool {
	n := len(p.blocks)
	return n > 0 && (p.blocks[n-1].opener == "pods" || p.blocks[n-1].opener == "workload" && p.first == "labels")
}
