package inventory

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// reader reads one piece. Its methods want a shape of a node; where the node has another, they report it and return the
// zero value and false.
type reader struct {
	found
	piece piece
	lines []int32 // where lines start in the piece, as yaml.v3 counts them
	last  position
	steps int // nodes looked at: aliases make a small text a large tree
}

func read(p piece) found {
	r := &reader{piece: p}
	if root := r.decode(); root != nil {
		r.document(root, p.version, p.kind, 0)
	}
	return r.found
}

// step counts n nodes and reports whether there may be so many. Without aliases no text has more nodes than bytes.
func (r *reader) step(n int) bool {
	limit := 4*(r.piece.end-r.piece.start) + 1000
	before := r.steps
	if r.steps += n; r.steps <= limit {
		return true
	}
	if before <= limit {
		r.diags.Add(diag.InventoryTooLarge, r.piece.span(), "the aliases of the document make it many times its size")
	}
	return false
}

// deref returns the node that an alias stands for.
func deref(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool {
	n = deref(n)
	return n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// field is an entry of a mapping.
type field struct {
	key   string
	at    *yaml.Node // the key
	value *yaml.Node
}

type fields []field

func (f fields) get(key string) *yaml.Node {
	for _, e := range f {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// mapping returns the entries of a mapping; null has none. what names the place for the message.
func (r *reader) mapping(n *yaml.Node, what string) (fields, bool) {
	if isNull(n) {
		return nil, true
	}
	return r.entries(n, what, 0)
}

func (r *reader) entries(at *yaml.Node, what string, depth int) (fields, bool) {
	n := deref(at)
	if n.Kind != yaml.MappingNode {
		r.wrong(at, what, "a mapping")
		return nil, false
	}
	if !r.step(len(n.Content)) {
		return nil, false
	}
	out := make(fields, 0, len(n.Content)/2)
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := deref(n.Content[i])
		if k.Kind != yaml.ScalarNode {
			r.wrong(n.Content[i], "a key of "+what, "text")
			return nil, false
		}
		if k.ShortTag() == "!!merge" {
			merged = append(merged, n.Content[i+1])
			continue
		}
		if first := seen[k.Value]; first != nil {
			r.diags.Add(diag.InventoryKeyTwice, r.span(n.Content[i]), "%s has the key %q twice", what, clip(k.Value)).
				Relate(r.span(first), "the first one is here")
			return nil, false
		}
		seen[k.Value] = n.Content[i]
		out = append(out, field{k.Value, n.Content[i], n.Content[i+1]})
	}
	if len(merged) > 0 && depth > 8 {
		r.wrong(merged[0], what, "at most 8 merges deep")
		return nil, false
	}
	for len(merged) > 0 {
		m := merged[0]
		merged = merged[1:]
		if s := deref(m); s.Kind == yaml.SequenceNode {
			if !r.step(len(s.Content)) {
				return nil, false
			}
			merged = append(slices.Clone(s.Content), merged...)
			if depth++; depth > 8 {
				r.wrong(m, what, "at most 8 merges deep")
				return nil, false
			}
			continue
		}
		more, ok := r.entries(m, what, depth+1)
		if !ok {
			return nil, false
		}
		for _, e := range more {
			if seen[e.key] == nil {
				seen[e.key] = e.at
				out = append(out, e)
			}
		}
	}
	return out, true
}

// sequence returns the elements of a sequence; null has none.
func (r *reader) sequence(at *yaml.Node, what string) ([]*yaml.Node, bool) {
	if isNull(at) {
		return nil, true
	}
	n := deref(at)
	if n.Kind != yaml.SequenceNode {
		r.wrong(at, what, "a list")
		return nil, false
	}
	return n.Content, r.step(len(n.Content))
}

// text returns a string; null is the empty one. Kubernetes takes no number or truth value for a string, and reads YAML 1.1,
// in which on, off, yes and no are truth values.
func (r *reader) text(at *yaml.Node, what string) (string, bool) {
	if isNull(at) {
		return "", true
	}
	n := deref(at)
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0
	switch {
	case n.Kind != yaml.ScalarNode:
		r.wrong(at, what, "text")
		return "", false
	case n.ShortTag() == "!!str" && !(plain && truth11(n.Value)), n.ShortTag() == "!!timestamp" && plain, n.ShortTag() == "!!merge":
		return n.Value, true
	}
	d := r.wrong(at, what, "text")
	if d != nil && at == n && r.span(n).Text() == n.Value {
		d.Fix(r.span(n), strconv.Quote(n.Value), "quote it")
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

// truth returns a truth value, of YAML 1.1 as Kubernetes reads it; null is false.
func (r *reader) truth(at *yaml.Node, what string) (value, ok bool) {
	if isNull(at) {
		return false, true
	}
	n := deref(at)
	word := n.Style == 0 && truth11(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" && !word {
		r.wrong(at, what, "true or false")
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

// port returns a port number.
func (r *reader) port(at *yaml.Node, what string) (int, bool) {
	n := deref(at)
	var v int
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || n.Decode(&v) != nil || v < 1 || v > 65535 {
		r.wrong(at, what, "a number from 1 to 65535")
		return 0, false
	}
	return v, true
}

// wrong reports a node that is not what it has to be. It returns nil where the node is a template.
func (r *reader) wrong(at *yaml.Node, what, want string) *diag.Diagnostic {
	span := r.span(at)
	from := int(span.Start)
	if from > r.piece.start && r.piece.file.Text[from-1] == '{' { // {{ x }} is a mapping in a mapping, and the inner one is at fault
		from--
	}
	if line := r.piece.line(from); strings.Contains(line.Text(), "{{") {
		r.template(line)
		return nil
	}
	return r.diags.Add(diag.InventoryWrongType, span, "%s must be %s, and is %s", what, want, describe(at))
}

// describe says what a node is.
func describe(n *yaml.Node) string {
	switch n = deref(n); {
	case isNull(n):
		return "null"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	}
	q := strconv.Quote(clip(n.Value))
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + clip(n.Value)
	case "!!bool":
		return "the truth value " + clip(n.Value)
	}
	if n.Style == 0 && truth11(n.Value) {
		return "the truth value " + q + " of YAML 1.1"
	}
	return "the text " + q
}

// clip shortens what a message quotes.
func clip(s string) string {
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
func (r *reader) index() {
	if r.lines != nil {
		return
	}
	text := r.piece.text()
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
func (r *reader) place(text string, line, column int) int {
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
func (r *reader) lineEnd(text string, off int) int {
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

// span returns the place of a node: of a scalar on one line all of it, else up to the end of the line.
func (r *reader) span(n *yaml.Node) source.Span {
	p, text := r.piece, r.piece.text()
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
	return source.Span{File: p.file, Start: int32(p.start + off), End: int32(p.start + end)}
}
