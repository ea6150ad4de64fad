package yaml

import (
	"slices"
)

const (
	step  = 2  // columns of a level
	width = 80 // a line breaks at the first single space after this column
)

// writer appends nodes in block style, or as JSON. The state is the YAML emitter's: where the line stands decides whether the
// next node needs a line break or a space.
type writer struct {
	dst    []byte
	json   bool
	empty  bool // the mapping or list that was opened last has no entry yet
	indent int
	column int
	blank  bool // the last character is white space
	margin bool // the line so far is indentation and dashes
}

// line moves to the indentation, on a new line unless the current one has nothing but indentation.
func (w *writer) line() {
	indent := max(w.indent, 0)
	if !w.margin || w.column > indent || w.column == indent && !w.blank {
		w.dst = append(w.dst, '\n')
		w.column = 0
	}
	w.pad(indent)
	w.blank, w.margin = true, true
}

func (w *writer) pad(indent int) {
	const blanks = "                                "
	for n := indent - w.column; n > 0; n -= len(blanks) {
		w.dst = append(w.dst, blanks[:min(n, len(blanks))]...)
	}
	w.column = max(w.column, indent)
}

// gap writes the space between an indicator and what follows.
func (w *writer) gap() {
	if !w.blank {
		w.dst = append(w.dst, ' ')
		w.column++
	}
}

// ascii appends text of one-byte characters as it is.
func (w *writer) ascii(s string) {
	w.dst = append(w.dst, s...)
	w.column += len(s)
	w.blank, w.margin = false, false
}

// open begins a mapping; close ends it.
func (w *writer) open() {
	w.indent += step
	w.empty = true
	if w.json {
		w.dst = append(w.dst, '{')
	}
}

func (w *writer) close() {
	w.indent -= step
	switch {
	case w.json:
		w.closeJSON('}')
	case w.empty:
		w.gap()
		w.ascii("{}")
	}
	w.empty = false
}

// openList begins a list, which must get an item; its dashes stand below the key.
func (w *writer) openList() {
	if w.json {
		w.indent += step
		w.empty = true
		w.dst = append(w.dst, '[')
	}
}

func (w *writer) closeList() {
	if w.json {
		w.indent -= step
		w.closeJSON(']')
		w.empty = false
	}
}

// item begins an item of a list.
func (w *writer) item() {
	if w.json {
		w.entryJSON()
		return
	}
	w.line()
	w.dst = append(w.dst, '-')
	w.column++
	w.blank = false
}

// key begins an entry whose key needs no quotes.
func (w *writer) key(name string) {
	if w.json {
		w.entryJSON()
		w.dst = append(w.dst, '"')
		w.dst = append(w.dst, name...)
		w.dst = append(w.dst, `": `...)
		return
	}
	w.empty = false
	w.line()
	w.ascii(name)
	w.ascii(":")
}

// field writes an entry with a string.
func (w *writer) field(name, value string) {
	w.key(name)
	w.str(value)
}

// optional writes an entry unless the string is empty.
func (w *writer) optional(name, value string) {
	if value != "" {
		w.field(name, value)
	}
}

// word writes an entry with a value that needs no quotes: an enumeration or a boolean.
func (w *writer) word(name, value string, quote bool) {
	w.key(name)
	if w.json && quote {
		w.str(value)
		return
	}
	if !w.json {
		w.gap()
	}
	w.ascii(value)
}

// str writes a string.
func (w *writer) str(s string) {
	if w.json {
		w.dst = appendQuoted(w.dst, s)
		return
	}
	w.indent += step
	w.scalar(s, false)
	w.indent -= step
}

// list writes an entry with a list of strings unless it is empty.
func (w *writer) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	w.key(name)
	w.openList()
	for _, v := range values {
		if !w.json && quick(v) && !implicit(v) {
			w.line()
			w.dst = append(append(w.dst, "- "...), v...)
			w.column += len("- ") + len(v)
			w.blank, w.margin = false, false
			continue
		}
		w.item()
		w.str(v)
	}
	w.closeList()
}

// strings writes an entry with a mapping of strings.
func (w *writer) strings(name string, m map[string]string) {
	w.key(name)
	w.open()
	for _, k := range w.keys(m) {
		w.anyKey(k)
		w.str(m[k])
	}
	w.close()
}

func (w *writer) keys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if !w.json {
		sortNatural(keys)
	}
	return keys
}

// anyKey begins an entry whose key can be any string.
func (w *writer) anyKey(k string) {
	if w.json {
		w.entryJSON()
		w.dst = appendQuoted(w.dst, k)
		w.dst = append(w.dst, ": "...)
		return
	}
	w.empty = false
	w.line()
	w.indent += step
	defer func() { w.indent -= step }()
	if simpleKey(k) {
		w.scalar(k, true)
		w.ascii(":")
		return
	}
	w.dst = append(w.dst, '?')
	w.column++
	w.blank = false
	w.scalar(k, false)
	w.indent -= step
	w.line()
	w.indent += step
	w.dst = append(w.dst, ':')
	w.column++
	w.blank = false
}
