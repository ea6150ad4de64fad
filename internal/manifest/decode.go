package manifest

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Decode returns the tree of the piece, or nil and a diagnostic. Nodes that come from JSON have line 0 and their offset in
// the piece as column.
func (r *Reader) Decode() *yaml.Node {
	p, text := r.Piece, r.Piece.Text()
	if len(text) > MaxDocument {
		r.Diags.Add(diag.InventoryTooLarge, p.Span(), "the document has %d MiB, and one may have %d", len(text)>>20, MaxDocument>>20)
		return nil
	}
	if i := unreadableByte(text); i >= 0 {
		c, n := utf8.DecodeRuneInString(text[i:])
		what := "the control character " + strconv.QuoteRuneToASCII(c)
		if c == utf8.RuneError && n == 1 {
			what = "the byte " + strconv.QuoteToASCII(text[i:i+1]) + ", which is not UTF-8"
		}
		at := source.Span{File: p.File, Start: int32(p.Start + i), End: int32(p.Start + i + n)}
		r.Diags.Add(diag.InventorySyntax, at, "the document holds %s", what)
		return nil
	}
	if p.JSON {
		b := jsonTree{text: text, dec: json.NewDecoder(strings.NewReader(text))}
		b.dec.UseNumber()
		root, err := b.value(0)
		if err == nil {
			if _, err = b.dec.Token(); errors.Is(err, io.EOF) {
				return root
			}
		}
		r.badJSON(err, int(b.dec.InputOffset()))
		return nil
	}
	var root yaml.Node
	dec := yaml.NewDecoder(strings.NewReader(text))
	err := dec.Decode(&root)
	if errors.Is(err, io.EOF) || err == nil && len(root.Content) == 0 {
		return nil
	}
	if err != nil {
		r.badYAML(err.Error())
		return nil
	}
	if at := p.Span(); strings.HasPrefix(at.Text(), "{{") { // in YAML a mapping, and what follows it another document
		r.Template(at)
		return nil
	}
	if dec.Decode(new(yaml.Node)) != io.EOF { // lines that end as in 1980: split has not seen their separators
		r.Diags.Add(diag.InventorySyntax, p.Span(), "the document is followed by another one, and the lines end neither in LF nor in CRLF")
		return nil
	}
	if n := root.Content[0]; !p.Item {
		return n
	} else if n.Kind == yaml.SequenceNode && len(n.Content) == 1 {
		return n.Content[0]
	}
	r.Diags.Add(diag.InventorySyntax, p.Span(), "the list item is not one value")
	return nil
}

// unreadableByte returns the offset of the first byte that neither YAML nor JSON may hold, or -1.
func unreadableByte(text string) int {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
				return i
			}
			i++
			continue
		}
		c, n := utf8.DecodeRuneInString(text[i:])
		if c == utf8.RuneError && n == 1 || c < 0xa0 && c != 0x85 || c == 0xfffe || c == 0xffff {
			return i
		}
		i += n
	}
	return -1
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// badYAML reports what yaml.v3 says, in the line where the fault is. For faults of structure yaml.v3 names the line where
// the surrounding block begins; the shortest text that has the same fault ends in the right line.
func (r *Reader) badYAML(msg string) {
	p, text := r.Piece, r.Piece.Text()
	msg = strings.TrimPrefix(msg, "yaml: ")
	line := 0
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = msg[len(m[0]):]
	}
	r.index()
	if strings.HasPrefix(msg, "did not find expected") && len(text) < 1<<18 {
		line = sort.Search(len(r.lines), func(i int) bool {
			end := len(text)
			if i < len(r.lines)-1 {
				end = int(r.lines[i+1])
			}
			err := yaml.Unmarshal([]byte(text[:end]), new(yaml.Node))
			return err != nil && strings.HasSuffix(err.Error(), msg)
		}) + 1
	}
	at := p.Span()
	if line > 0 && line <= len(r.lines) {
		at = p.Line(p.Start + int(r.lines[line-1]))
	}
	if name, ok := strings.CutPrefix(msg, "unknown anchor '"); ok { // the one fault that has a name and no place
		name, _, _ = strings.Cut(name, "'")
		if i := strings.Index(text, "*"+name); i >= 0 {
			at = source.Span{File: p.File, Start: int32(p.Start + i), End: int32(p.Start + i + 1 + len(name))}
		}
	}
	if i := strings.Index(text, "{{"); i >= 0 {
		r.Template(p.Line(p.Start + i))
		return
	}
	r.Diags.Add(diag.InventorySyntax, at, "the document is not YAML: %s", msg)
}

func (r *Reader) badJSON(err error, off int) {
	p := r.Piece
	why := "there is text after the value"
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		why, off = syntax.Error(), int(syntax.Offset)-1
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		why, off = "it ends too early", p.End-p.Start
	case err != nil:
		why = err.Error()
	}
	if i := strings.Index(p.Text(), "{{"); i >= 0 {
		r.Template(p.Line(p.Start + i))
		return
	}
	off = max(0, min(off, p.End-p.Start))
	off = p.End - len(strings.TrimLeft(p.Text()[off:], " \t\r\n"))
	r.Diags.Add(diag.InventorySyntax, source.Span{File: p.File, Start: int32(off), End: int32(min(off+1, p.End))}, "the document is not JSON: %s", why)
}

func (r *Reader) Template(at source.Span) {
	r.Diags.Add(diag.InventoryTemplate, at, "%q is a template that has not been rendered", Clip(at.Text())).
		Advise("give the output of `helm template`, for example: helm template RELEASE CHART > k8s/release.yaml")
}

// jsonTree makes the nodes that yaml.v3 would make. JSON has its own reader because it is not quite a part of YAML: tabs,
// escapes and surrogate pairs differ.
type jsonTree struct {
	text string
	dec  *json.Decoder
}

func (b *jsonTree) value(depth int) (*yaml.Node, error) {
	from := int(b.dec.InputOffset())
	from += len(b.text[from:]) - len(strings.TrimLeft(b.text[from:], " \t\r\n,:"))
	n := &yaml.Node{Kind: yaml.ScalarNode, Column: from}
	if depth > 1000 {
		return nil, errors.New("it is more than 1000 levels deep")
	}
	t, err := b.dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case nil:
		n.Tag = "!!null"
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(t)
	case json.Number:
		n.Tag, n.Value = "!!int", t.String()
		if strings.ContainsAny(n.Value, ".eE") {
			n.Tag = "!!float"
		}
	case string:
		n.Tag, n.Value, n.Style = "!!str", t, yaml.DoubleQuotedStyle
	case json.Delim:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		if t == '{' {
			n.Kind, n.Tag = yaml.MappingNode, "!!map"
		}
		for b.dec.More() {
			child, err := b.value(depth + 1) // in an object: keys and values by turns
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, child)
		}
		if _, err := b.dec.Token(); err != nil {
			return nil, err
		}
	}
	return n, nil
}
