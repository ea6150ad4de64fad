package diag

import (
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/source"
)

// fix writes what to do, and the lines that the edits make.
func (p *printer) fix(d *Diagnostic, f Fix, gutter int) {
	after := ""
	if len(f.Edits) > 0 {
		if file := f.Edits[0].Span.File; file != nil && file != d.Span.File {
			after = " (in " + Clean(file.Name) + ")"
		}
	}
	p.labelled("fix", green, f.Message, after)
	shown := 0
	for _, l := range preview(f.Edits) {
		if shown++; shown > maxFixLines {
			p.put(plain, strings.Repeat(" ", gutter)+"   …\n")
			return
		}
		p.line(l.text, l.number, gutter, l.marks, green, '+')
	}
}

// newLine is a line as edits would leave it.
type newLine struct {
	number int // in the new text
	text   string
	marks  []region // what is new in it
}

// preview returns the lines that hold something new once the edits are made; for edits that only delete, the lines that are
// left of those they touch. Edits that overlap, or that lie in no file or in several, have no preview.
func preview(edits []Edit) []newLine {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int { return a.Span.Compare(b.Span) })
	end := int32(0)
	for _, e := range edits {
		f := e.Span.File
		if f == nil || f != edits[0].Span.File || e.Span.Start < end || e.Span.End < e.Span.Start || int(e.Span.End) > len(f.Text) {
			return nil
		}
		end = e.Span.End
	}
	var out []newLine
	shift := 0 // lines added so far
	for len(edits) > 0 {
		n := together(edits)
		lines, added := rewrite(edits[:n], shift)
		out = append(out, lines...)
		shift += added
		edits = edits[n:]
	}
	return out
}

// together returns how many of the sorted edits, from the first, touch the same run of lines.
func together(edits []Edit) int {
	n := 1
	for n < len(edits) {
		prev, next := edits[n-1].Span, edits[n].Span
		if strings.Contains(prev.File.Text[prev.End:next.Start], "\n") {
			break
		}
		n++
	}
	return n
}

// rewrite makes edits that share a run of lines and returns the lines that show them, and the growth in lines.
func rewrite(edits []Edit, shift int) (lines []newLine, added int) {
	file := edits[0].Span.File
	first := file.Position(int(edits[0].Span.Start))
	start := first.Offset - len(prefixOf(file.Text, first.Offset))
	end := lineEnd(file, int(edits[len(edits)-1].Span.End))

	var b strings.Builder
	var marks []region
	at := start
	for _, e := range edits {
		b.WriteString(file.Text[at:e.Span.Start])
		marks = append(marks, region{b.Len(), b.Len() + len(e.New)})
		b.WriteString(e.New)
		at = int(e.Span.End)
	}
	b.WriteString(file.Text[at:end])
	text := b.String()
	added = strings.Count(text, "\n") - strings.Count(file.Text[start:end], "\n")

	var all []newLine
	marked := false
	off := 0
	for i, line := range strings.Split(text, "\n") {
		l := newLine{number: first.Line + shift + i, text: strings.TrimSuffix(line, "\r")}
		for _, m := range marks {
			from, to := max(m.from-off, 0), min(m.to-off, len(l.text))
			if from < to && strings.TrimSpace(l.text[from:to]) != "" {
				l.marks = append(l.marks, region{from, to})
			}
		}
		marked = marked || len(l.marks) > 0
		all = append(all, l)
		off += len(line) + 1
	}
	if !marked && slices.ContainsFunc(edits, func(e Edit) bool { return strings.Contains(e.Span.Text(), "\n") }) {
		return nil, added // whole lines go, and nothing is left of them to show
	}
	for _, l := range all {
		if len(l.marks) > 0 || !marked && strings.TrimSpace(l.text) != "" {
			lines = append(lines, l)
		}
	}
	return lines, added
}

// lineEnd returns the end of the line that off is in, without its line feed.
func lineEnd(f *source.File, off int) int {
	if i := strings.IndexByte(f.Text[off:], '\n'); i >= 0 {
		return off + i
	}
	return len(f.Text)
}
