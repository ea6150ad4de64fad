package manifest

import (
	"encoding/json"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/lang/source"
)

// Piece is a part of a file that is read on its own: a document, or an item of a long list.
type Piece struct {
	File       *source.File
	Start, End int
	JSON       bool
	Item       bool   // the text is a YAML sequence of one item
	Version    string // what a list says of items that do not say it themselves
	Kind       string
	kinds      Kinds
	above      int
}

// Text is the text of the piece.
func (p Piece) Text() string { return p.File.Text[p.Start:p.End] }

// Span is the first line of the piece that says something.
func (p Piece) Span() source.Span {
	off := p.Start
	for line := range strings.Lines(p.Text()) {
		if !silent(line) && !separator(line, "---") {
			return p.Line(off)
		}
		off += len(line)
	}
	return source.Span{File: p.File, Start: int32(p.Start), End: int32(p.Start)}
}

// Line is the line from an offset on, without the blanks around it.
func (p Piece) Line(off int) source.Span {
	text := p.File.Text[off:p.End]
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		text = text[:i]
	}
	start := off + len(text) - len(strings.TrimLeft(text, " \t"))
	return source.Span{File: p.File, Start: int32(start), End: int32(max(start, off+len(strings.TrimRight(text, " \t"))))}
}

// Split appends the pieces of a file. Documents are parted by hand at lines that begin with "---", which no document can
// have inside, so that a fault in one is no fault in the next. The items of a list of more than above bytes, LongList, are
// pieces of their own: a dump of a whole cluster is one document, and its tree would take many times its size in memory.
func Split(out []Piece, f *source.File, kinds Kinds, above int) []Piece {
	start := 0
	if strings.HasPrefix(f.Text, "\ufeff") {
		start = len("\ufeff")
	}
	says := false // the document has more than comments and directives
	flush := func(end int) {
		if says {
			out = document(out, Piece{File: f, Start: start, End: end, kinds: kinds, above: above})
		}
		start, says = end, false
	}
	off := start
	for line := range strings.Lines(f.Text[start:]) {
		if len(out) > MaxPieces {
			return out
		}
		switch {
		case separator(line, "---"):
			flush(off)
			says = !silent(line[3:])
		case separator(line, "..."):
			flush(off)
			start = off + len(line)
		case !says:
			says = !silent(line)
		}
		off += len(line)
	}
	flush(len(f.Text))
	return out
}

func separator(line, mark string) bool {
	return strings.HasPrefix(line, mark) && (len(line) == 3 || strings.IndexByte(" \t\r\n", line[3]) >= 0)
}

// silent reports whether a line has nothing but a comment or a directive.
func silent(line string) bool {
	s := strings.TrimLeft(line, " \t\r\n")
	return s == "" || s[0] == '#' || line[0] == '%'
}

// document appends the pieces of one document.
func document(out []Piece, p Piece) []Piece {
	text := p.Text()
	rest := strings.TrimLeft(text, " \t\r\n")
	if strings.HasPrefix(rest, "{") || strings.HasSuffix(p.File.Name, ".json") && !strings.HasPrefix(rest, "---") {
		p.Start += len(text) - len(rest)
		return jsonValues(out, p)
	}
	if len(text) > p.above {
		if items, ok := yamlItems(p); ok {
			return append(out, items...)
		}
	}
	return append(out, p)
}

// jsonValues appends the JSON values that follow each other in a document, as `kubectl -o json` and jq write them. What is
// no JSON is left to the YAML reader, unless the file says that it is JSON.
func jsonValues(out []Piece, p Piece) []Piece {
	text := p.Text()
	dec := json.NewDecoder(strings.NewReader(text))
	for n := 0; ; n++ {
		from := int(dec.InputOffset())
		from += len(text[from:]) - len(strings.TrimLeft(text[from:], " \t\r\n"))
		if from == len(text) || len(out) > MaxPieces {
			return out
		}
		q := p
		q.Start += from
		var raw json.RawMessage
		if dec.Decode(&raw) != nil {
			q.JSON = n > 0 || strings.HasSuffix(p.File.Name, ".json")
			return append(out, q)
		}
		q.JSON = true
		q.End = p.Start + int(dec.InputOffset())
		if len(raw) > p.above {
			if items, ok := jsonItems(q); ok {
				out = append(out, items...)
				continue
			}
		}
		out = append(out, q)
	}
}

// jsonItems splits a list. The JSON is known to be valid.
func jsonItems(p Piece) (items []Piece, ok bool) {
	text := p.Text()
	dec := json.NewDecoder(strings.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	head := map[string]string{}
	for dec.More() {
		key, _ := dec.Token()
		k, _ := key.(string)
		if k != "items" {
			var v any
			if dec.Decode(&v) != nil {
				return nil, false
			}
			head[k], _ = v.(string)
			continue
		}
		if t, err := dec.Token(); err != nil || t != json.Delim('[') || items != nil {
			return nil, false
		}
		for dec.More() && len(items) <= MaxPieces {
			q := p
			from := int(dec.InputOffset())
			q.Start += from + len(text[from:]) - len(strings.TrimLeft(text[from:], " \t\r\n,"))
			var raw json.RawMessage
			if dec.Decode(&raw) != nil {
				return nil, false
			}
			q.End = p.Start + int(dec.InputOffset())
			items = append(items, q)
		}
		if t, err := dec.Token(); err != nil || t != json.Delim(']') {
			return items, len(items) > MaxPieces && p.kinds.adopt(items, head["apiVersion"], head["kind"])
		}
	}
	return items, p.kinds.adopt(items, head["apiVersion"], head["kind"])
}

// yamlItems splits a list as kubectl prints it: `items:` and its dashes at the start of lines. Anything else is read whole.
func yamlItems(p Piece) (items []Piece, ok bool) {
	var head strings.Builder // the list without its items
	open, seen := false, false
	off := p.Start
	for line := range strings.Lines(p.Text()) {
		dash := strings.HasPrefix(line, "- ") || strings.TrimRight(line, "\r\n") == "-"
		switch {
		case !seen && strings.TrimRight(line, " \t\r\n") == "items:":
			open, seen = true, true
		case open && dash:
			if len(items) > MaxPieces {
				return items, true
			}
			q := p
			q.Start, q.End, q.Item = off, off+len(line), true
			items = append(items, q)
		case open && (strings.TrimLeft(line, " \t\r\n") == "" || line[0] == ' ' || line[0] == '#'):
			if n := len(items); n > 0 {
				items[n-1].End = off + len(line)
			}
		default:
			open = false
			if head.WriteString(line); head.Len() > MaxDocument {
				return nil, false
			}
		}
		off += len(line)
	}
	var list struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Items      any    `yaml:"items"`
	}
	if len(items) == 0 || yaml.Unmarshal([]byte(head.String()), &list) != nil || list.Items != nil {
		return nil, false
	}
	return items, p.kinds.adopt(items, list.APIVersion, list.Kind)
}

// adopt gives the items of a list what the list says of them. It reports whether this is a list at all.
func (k Kinds) adopt(items []Piece, version, kind string) bool {
	if !k.IsList(version, kind) {
		return false
	}
	version, kind = ItemType(version, kind)
	for i := range items {
		items[i].Version, items[i].Kind = version, kind
	}
	return true
}
