package manifest

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Reader reads one piece. Its methods want a shape of a node; where the node has another, they report it and return the
// zero value and false.
type Reader struct {
	Piece Piece
	Diags diag.List
	lines []int32 // where lines start in the piece, as yaml.v3 counts them
	last  position
	steps int // nodes looked at: aliases make a small text a large tree
}

// Step counts n nodes and reports whether there may be so many. Without aliases no text has more nodes than bytes.
func (r *Reader) Step(n int) bool {
	limit := 4*(r.Piece.End-r.Piece.Start) + 1000
	before := r.steps
	if r.steps += n; r.steps <= limit {
		return true
	}
	if before <= limit {
		r.Diags.Add(diag.InventoryTooLarge, r.Piece.Span(), "the aliases of the document make it many times its size")
	}
	return false
}

// Deref returns the node that an alias stands for.
func Deref(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// IsNull reports whether a node is null or not there.
func IsNull(n *yaml.Node) bool {
	n = Deref(n)
	return n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// Field is an entry of a mapping.
type Field struct {
	Key   string
	At    *yaml.Node // the key
	Value *yaml.Node
}

// Fields are the entries of a mapping, each key once.
type Fields []Field

// Get returns the value of a key, or nil.
func (f Fields) Get(key string) *yaml.Node {
	for _, e := range f {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// Mapping returns the entries of a mapping; null has none. what names the place for the message.
func (r *Reader) Mapping(n *yaml.Node, what string) (Fields, bool) {
	if IsNull(n) {
		return nil, true
	}
	return r.entries(n, what, 0)
}

func (r *Reader) entries(at *yaml.Node, what string, depth int) (Fields, bool) {
	n := Deref(at)
	if n.Kind != yaml.MappingNode {
		r.Wrong(at, what, "a mapping")
		return nil, false
	}
	if !r.Step(len(n.Content)) {
		return nil, false
	}
	out := make(Fields, 0, len(n.Content)/2)
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := Deref(n.Content[i])
		if k.Kind != yaml.ScalarNode {
			r.Wrong(n.Content[i], "a key of "+what, "text")
			return nil, false
		}
		if k.ShortTag() == "!!merge" {
			merged = append(merged, n.Content[i+1])
			continue
		}
		if first := seen[k.Value]; first != nil {
			r.Diags.Add(diag.InventoryKeyTwice, r.Span(n.Content[i]), "%s has the key %q twice", what, Clip(k.Value)).
				Relate(r.Span(first), "the first one is here")
			return nil, false
		}
		seen[k.Value] = n.Content[i]
		out = append(out, Field{k.Value, n.Content[i], n.Content[i+1]})
	}
	if len(merged) > 0 && depth > 8 {
		r.Wrong(merged[0], what, "at most 8 merges deep")
		return nil, false
	}
	for len(merged) > 0 {
		m := merged[0]
		merged = merged[1:]
		if s := Deref(m); s.Kind == yaml.SequenceNode {
			if !r.Step(len(s.Content)) {
				return nil, false
			}
			merged = append(slices.Clone(s.Content), merged...)
			if depth++; depth > 8 {
				r.Wrong(m, what, "at most 8 merges deep")
				return nil, false
			}
			continue
		}
		more, ok := r.entries(m, what, depth+1)
		if !ok {
			return nil, false
		}
		for _, e := range more {
			if seen[e.Key] == nil {
				seen[e.Key] = e.At
				out = append(out, e)
			}
		}
	}
	return out, true
}

// Sequence returns the elements of a sequence; null has none.
func (r *Reader) Sequence(at *yaml.Node, what string) ([]*yaml.Node, bool) {
	if IsNull(at) {
		return nil, true
	}
	n := Deref(at)
	if n.Kind != yaml.SequenceNode {
		r.Wrong(at, what, "a list")
		return nil, false
	}
	return n.Content, r.Step(len(n.Content))
}

// Text returns a string; null is the empty one. Kubernetes takes no number or truth value for a string, and reads YAML 1.1,
// in which on, off, yes and no are truth values.
func (r *Reader) Text(at *yaml.Node, what string) (string, bool) {
	if IsNull(at) {
		return "", true
	}
	n := Deref(at)
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0
	switch {
	case n.Kind != yaml.ScalarNode:
		r.Wrong(at, what, "text")
		return "", false
	case n.ShortTag() == "!!str" && !(plain && truth11(n.Value)), n.ShortTag() == "!!timestamp" && plain, n.ShortTag() == "!!merge":
		return n.Value, true
	}
	d := r.Wrong(at, what, "text")
	if d != nil && at == n && r.Span(n).Text() == n.Value {
		d.Fix(r.Span(n), strconv.Quote(n.Value), "quote it")
	}
	return "", false
}

func truth11(s string) bool {
	switch s {
	case "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF":
		return true
	}
	return false
}

// Truth returns a truth value, of YAML 1.1 as Kubernetes reads it; null is false.
func (r *Reader) Truth(at *yaml.Node, what string) (value, ok bool) {
	if IsNull(at) {
		return false, true
	}
	n := Deref(at)
	word := n.Style == 0 && truth11(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" && !word {
		r.Wrong(at, what, "true or false")
		return false, false
	}
	switch n.Value[0] {
	case 't', 'T', 'y', 'Y':
		return true, true
	case 'o', 'O':
		return len(n.Value) == 2, true // on
	}
	return false, true
}

// Wrong reports a node that is not what it has to be. It returns nil where the node is a template.
func (r *Reader) Wrong(at *yaml.Node, what, want string) *diag.Diagnostic {
	span := r.Span(at)
	from := int(span.Start)
	if from > r.Piece.Start && r.Piece.File.Text[from-1] == '{' { // {{ x }} is a mapping in a mapping, and the inner one is at fault
		from--
	}
	if line := r.Piece.Line(from); strings.Contains(line.Text(), "{{") {
		r.Template(line)
		return nil
	}
	return r.Diags.Add(diag.InventoryWrongType, span, "%s must be %s, and is %s", what, want, Describe(at))
}

// Describe says what a node is.
func Describe(n *yaml.Node) string {
	switch n = Deref(n); {
	case IsNull(n):
		return "null"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	}
	q := strconv.Quote(Clip(n.Value))
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + Clip(n.Value)
	case "!!bool":
		return "the truth value " + Clip(n.Value)
	}
	if n.Style == 0 && truth11(n.Value) {
		return "the truth value " + q + " of YAML 1.1"
	}
	return "the text " + q
}

// Clip shortens what a message quotes.
func Clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	i := most
	for i > 0 && !utf8.RuneStart(s[i]) {
		i--
	}
	return s[:i] + "…"
}

// index finds the lines of the piece, with all the line ends that yaml.v3 knows.
func (r *Reader) index() {
	if r.lines != nil {
		return
	}
	text := r.Piece.Text()
	r.lines = append(r.lines, 0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n',
			c == '\r' && !strings.HasPrefix(text[i+1:], "\n"),
			c == 0x85 && i > 0 && text[i-1] == 0xc2,
			(c == 0xa8 || c == 0xa9) && i > 1 && text[i-2:i] == "\xe2\x80":
			r.lines = append(r.lines, int32(i+1))
		}
	}
}

// position is the place in a piece that was asked for last, and what is known of the text around it.
type position struct {
	line, column int
	off          int
	from, until  int // no line ends between from and until, which is one more than the place of the next end
	walked       int // bytes and characters looked at, for tests
}

// place finds a line and a column of the text, in bytes. A document may be one long line, so the way goes from the place that
// was asked for last.
func (r *Reader) place(text string, line, column int) int {
	r.index()
	p := &r.last
	line = min(line, len(r.lines))
	start := int(r.lines[line-1])
	if p.line != line {
		p.line, p.column, p.off = line, 1, start
	}
	for ; p.column < column && p.off < len(text); p.column++ {
		_, size := utf8.DecodeRuneInString(text[p.off:])
		p.off += size
		p.walked++
	}
	for ; p.column > column && p.off > start; p.column-- {
		_, size := utf8.DecodeLastRuneInString(text[start:p.off])
		p.off -= size
		p.walked++
	}
	return p.off
}

// lineEnd finds where the line of a place in the text ends.
func (r *Reader) lineEnd(text string, off int) int {
	p := &r.last
	if p.from <= off && off < p.until {
		return p.until - 1
	}
	most := len(text)
	if off < p.from {
		most = p.from
	}
	i := strings.IndexAny(text[off:most], "\r\n")
	switch {
	case i >= 0:
		p.until = off + i + 1
	case off > p.from || p.until == 0:
		p.until = len(text) + 1
	}
	p.walked += min(most, p.until) - off
	p.from = off
	return p.until - 1
}

// Span returns the place of a node: of a scalar on one line all of it, else up to the end of the line.
func (r *Reader) Span(n *yaml.Node) source.Span {
	p, text := r.Piece, r.Piece.Text()
	off := min(n.Column, len(text))
	if n.Line > 0 {
		off = r.place(text, n.Line, n.Column)
	}
	rest := text[off:r.lineEnd(text, off)]
	end := off + len(strings.TrimRight(rest, " \t"))
	switch {
	case n.Kind != yaml.ScalarNode || rest == "":
	case rest[0] == '"' || rest[0] == '\'':
		for i := 1; i < len(rest); i++ {
			if rest[i] == '\\' && rest[0] == '"' {
				i++
			} else if rest[i] == rest[0] {
				end = off + i + 1
				break
			}
		}
	case n.Value != "" && strings.HasPrefix(rest, n.Value):
		end = off + len(n.Value)
	}
	return source.Span{File: p.File, Start: int32(p.Start + off), End: int32(p.Start + end)}
}
