package diag

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/source"
)

// TextOptions say how diagnostics are written for people.
type TextOptions struct {
	Color  bool // with terminal colours
	Max    int  // at most so many diagnostics, then how many more; 0 for all
	Waived bool // also those that a waiver took off, with its reason
}

// WriteText writes the diagnostics for people, in the order of the list:
//
//	ship.zt:4:7: error[ZT1001]: unknown workload "starbord" in namespace default
//	  4 | allow starbord -> portside GET
//	    |       ^^^^^^^^
//	  note: ...
//	  fix: write "starboard"
//	  4 | allow starboard -> portside GET
//	    |       +++++++++
//
// Whatever a file or a message holds, nothing but printable text and the colours asked for is written.
func (l List) WriteText(w io.Writer, o TextOptions) error {
	p := &printer{color: o.Color}
	if !o.Waived {
		l = l.unwaived()
	}
	shown, omitted := l.limit(o.Max)
	for i := range shown {
		p.diagnostic(&shown[i])
	}
	if omitted > 0 {
		fmt.Fprintf(&p.out, "and %s\n", count(omitted, "more diagnostic"))
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}

// unwaived returns the list without what waivers took off.
func (l List) unwaived() List {
	if l.Count(Waived) == 0 {
		return l
	}
	return slices.DeleteFunc(slices.Clone(l), func(d Diagnostic) bool { return d.Severity == Waived })
}

// Summary counts the list: "2 errors, 1 warning, 3 waived", or "" when there is none. Notes are not counted.
func (l List) Summary() string {
	var n [Waived + 1]int
	for i := range l {
		n[l[i].Severity]++
	}
	var parts []string
	if n[Error] > 0 {
		parts = append(parts, count(n[Error], "error"))
	}
	if n[Warning] > 0 {
		parts = append(parts, count(n[Warning], "warning"))
	}
	if n[Waived] > 0 {
		parts = append(parts, fmt.Sprintf("%d waived", n[Waived]))
	}
	return strings.Join(parts, ", ")
}

// Count returns how many diagnostics of a severity the list holds.
func (l List) Count(s Severity) int {
	n := 0
	for i := range l {
		if l[i].Severity == s {
			n++
		}
	}
	return n
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// limit returns at most n of the list in its order, and how many it left out. Errors are kept before warnings, warnings
// before notes, and these before what is waived: what fails the build is never hidden behind what does not.
func (l List) limit(n int) (List, int) {
	if n <= 0 || len(l) <= n {
		return l, 0
	}
	left := n
	var take [Waived + 1]int
	for s := Error; s <= Waived; s++ {
		take[s] = min(left, l.Count(s))
		left -= take[s]
	}
	out := make(List, 0, n)
	for _, d := range l {
		if take[d.Severity] > 0 {
			take[d.Severity]--
			out = append(out, d)
		}
	}
	return out, len(l) - n
}

type style string

const (
	plain   style = ""
	bold    style = "\x1b[1m"
	red     style = "\x1b[1;31m"
	yellow  style = "\x1b[1;33m"
	cyan    style = "\x1b[1;36m"
	green   style = "\x1b[1;32m"
	blue    style = "\x1b[34m"
	noStyle       = "\x1b[0m"
)

func (s Severity) style() style { return [...]style{red, yellow, cyan, cyan}[s] }

const (
	maxMessage  = 2000 // code points of a message that are shown
	maxFixLines = 8    // lines of a fix that are shown
)

type printer struct {
	out   strings.Builder
	color bool
}

// put writes text that is already clean.
func (p *printer) put(s style, text string) {
	if text == "" {
		return
	}
	if !p.color || s == plain {
		p.out.WriteString(text)
		return
	}
	p.out.WriteString(string(s))
	p.out.WriteString(text)
	p.out.WriteString(noStyle)
}

func (p *printer) diagnostic(d *Diagnostic) {
	where := "ztc"
	if d.Span.File != nil {
		where = d.Span.String()
	}
	p.put(bold, Clean(where)+": ")
	label := d.Severity.String()
	if d.Code != "" {
		label += "[" + Clean(string(d.Code)) + "]"
	}
	p.put(d.Severity.style(), label+": ")
	p.put(bold, message(d.Message))
	p.put(plain, "\n")
	gutter := p.gutter(d)
	p.snippet(d.Span, gutter, d.Severity.style(), '^')
	for _, r := range d.Related {
		p.put(plain, "  ")
		if r.Span.File != nil {
			p.put(bold, Clean(r.Span.String())+": ")
		}
		p.put(plain, message(r.Message)+"\n")
		p.snippet(r.Span, gutter, blue, '-')
	}
	for _, n := range d.Notes {
		p.labelled("note", cyan, n, "")
	}
	if d.Waiver != nil { // nothing to mend
		p.labelled("reason", cyan, d.Waiver.Reason, "")
		return
	}
	for _, f := range d.Fixes {
		p.fix(d, f, gutter)
	}
}

// gutter returns the width of line numbers that all snippets of the diagnostic share.
func (p *printer) gutter(d *Diagnostic) int {
	n := lineOf(d.Span)
	for _, r := range d.Related {
		n = max(n, lineOf(r.Span))
	}
	for _, f := range d.Fixes {
		for _, e := range f.Edits {
			n = max(n, lineOf(e.Span))
		}
	}
	return max(3, len(fmt.Sprint(n))+1)
}

func lineOf(s source.Span) int {
	if s.File == nil {
		return 0
	}
	return s.File.Position(int(s.Start)).Line
}

// labelled writes "  label: text", with further lines of the text indented under it.
func (p *printer) labelled(label string, s style, text, after string) {
	for i, line := range strings.Split(text, "\n") {
		if i == 0 {
			p.put(plain, "  ")
			p.put(s, label+": ")
		} else {
			p.put(plain, strings.Repeat(" ", len(label)+4))
		}
		p.put(plain, message(line))
		if i == 0 {
			p.put(plain, after)
		}
		p.put(plain, "\n")
	}
}

// snippet writes the first line of a span and a row of marks under it.
func (p *printer) snippet(s source.Span, gutter int, st style, mark rune) {
	if s.File == nil {
		return
	}
	pos := s.File.Position(int(s.Start))
	line := s.File.Line(pos.Line)
	if line == "" && s.End <= s.Start {
		return // nothing to see at an empty line
	}
	lineStart := pos.Offset - len(prefixOf(s.File.Text, pos.Offset))
	from := min(pos.Offset-lineStart, len(line))
	to := min(max(int(s.End)-lineStart, from), len(line))
	p.line(line, pos.Line, gutter, []region{{from, to}}, st, mark)
}

// prefixOf returns the part of off's line before it.
func prefixOf(text string, off int) string {
	return text[strings.LastIndexByte(text[:off], '\n')+1 : off]
}

// line writes one line of source with its number, and marks under the regions. Without regions there are no marks.
func (p *printer) line(line string, number, gutter int, marks []region, st style, mark rune) {
	text, under := window(line, marks, mark)
	p.put(blue, fmt.Sprintf("%*d | ", gutter, number))
	p.put(plain, strings.TrimRight(text, " ")+"\n")
	if under = strings.TrimRight(under, " "); under != "" {
		p.put(blue, fmt.Sprintf("%*s | ", gutter, ""))
		p.put(st, under)
		p.put(plain, "\n")
	}
}

// message cleans one line of words and bounds its length: a message may quote a token of any size.
func message(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxMessage {
			return Clean(s[:i]) + "…"
		}
	}
	return Clean(s)
}
