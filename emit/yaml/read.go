package yaml

import (
	"bytes"
	"fmt"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/emit/istio"
)

// maxKeys bounds a mapping of labels, annotations or ports, which is sorted when it is checked.
const maxKeys = istio.MaxMatchLabels

// Read reads documents that Append wrote, separated by lines `---`. Anything else is an error that names its line: another
// order, indentation or quoting, an unknown field, a comment.
func Read(data []byte) ([]*istio.Object, error) {
	r := reader{src: string(data)}
	if r.literal("---\n") && r.pos == len(r.src) {
		r.fail("no document after the separator")
	}
	var objs []*istio.Object
	for r.pos < len(r.src) && r.err == nil {
		if len(objs) > 0 {
			r.literal("---\n")
		}
		if o := r.document(data); o != nil {
			objs = append(objs, o)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return objs, nil
}

// ReadOne reads the one document that data is.
func ReadOne(data []byte) (*istio.Object, error) {
	r := reader{src: string(data)}
	o := r.document(data)
	if r.err == nil && r.pos < len(r.src) {
		r.fail("unexpected %s", r.here())
	}
	if r.err != nil {
		return nil, r.err
	}
	return o, nil
}

// reader parses the text of the writer. After an error it stands at the end, where nothing matches.
type reader struct {
	src    string
	pos    int
	indent int
	dash   bool // the last thing read is the dash of an item
	margin bool // the next key is behind a dash
	err    error
	again  []byte           // what the writer makes of the last document
	rules  []*security.Rule // of Check: what the rules must be, nil when they have been found so
	memory *Checker         // of Check, for what is read; nil for new memory
	// What mappings most likely are, of Check: one that is found to be so is not built a second time.
	labels, selects map[string]string
}

// document reads an object, and compares the text with what the writer makes of it: this finds whatever the parser lets pass.
func (r *reader) document(data []byte) *istio.Object {
	start := r.pos
	o := r.object()
	if rest := r.src[r.pos:]; r.err == nil && rest != "" && !strings.HasPrefix(rest, "---\n") {
		r.fail("unexpected %s", r.here())
	}
	if r.err != nil {
		return nil
	}
	r.again = Append(r.again[:0], o)
	if text := data[start:r.pos]; !bytes.Equal(text, r.again) {
		n := 0
		for n < len(text) && n < len(r.again) && text[n] == r.again[n] {
			n++
		}
		r.pos = start + n
		r.fail("not the text that ztc writes: %s", r.here())
		return nil
	}
	return o
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("line %d: %s", 1+strings.Count(r.src[:r.pos], "\n"), fmt.Sprintf(format, args...))
	}
	r.pos = len(r.src)
	r.margin, r.dash = false, false
}

// failAt is fail for a line that is read already.
func (r *reader) failAt(pos int, format string, args ...any) {
	if r.err == nil {
		r.pos = pos
	}
	r.fail(format, args...)
}

// here quotes the line at the position.
func (r *reader) here() string {
	if r.pos >= len(r.src) {
		return "end of the text"
	}
	start := strings.LastIndexByte(r.src[:r.pos], '\n') + 1
	line, _, _ := strings.Cut(r.src[start:], "\n")
	if len(line) > 80 {
		line = line[:80]
	}
	return fmt.Sprintf("%q", line)
}

// literal skips s.
func (r *reader) literal(s string) bool {
	if !strings.HasPrefix(r.src[r.pos:], s) {
		return false
	}
	r.pos += len(s)
	return true
}

// indented reports whether n spaces follow the position.
func (r *reader) indented(n int) bool {
	if len(r.src)-r.pos < n {
		return false
	}
	for i := r.pos; i < r.pos+n; i++ {
		if r.src[i] != ' ' {
			return false
		}
	}
	return true
}

// field reads a key of the current mapping, if it is name.
func (r *reader) field(name string) bool {
	p := r.pos
	if !r.margin {
		if !r.indented(r.indent) {
			return false
		}
		p += r.indent
	}
	rest := r.src[p:]
	if len(rest) <= len(name) || rest[len(name)] != ':' || rest[:len(name)] != name {
		return false
	}
	r.pos = p + len(name) + 1
	r.margin = false
	return true
}

// need reads a key that must be there.
func (r *reader) need(name string) {
	if !r.field(name) {
		r.fail("%s where %s is expected", r.here(), name)
	}
}

// item reads the dash of an item.
func (r *reader) item() bool {
	if !r.indented(r.indent) || !strings.HasPrefix(r.src[r.pos+r.indent:], "- ") {
		return false
	}
	r.pos += r.indent + 1
	r.dash = true
	return true
}

// open begins a mapping that has entries, and reports false for one that has none; close ends it.
func (r *reader) open() bool {
	dash := r.dash
	r.dash = false
	switch {
	case r.literal(" {}\n"):
		return false
	case dash && r.literal(" "):
		r.margin = true
	case dash || !r.literal("\n"):
		r.fail("a mapping is expected in %s", r.here())
		return false
	}
	r.indent += step
	return true
}

func (r *reader) close() {
	r.indent -= step
	if r.margin {
		r.fail("unexpected %s", r.here())
	}
}

// openList begins a list.
func (r *reader) openList() {
	if !r.literal("\n") {
		r.fail("a list is expected in %s", r.here())
	}
}

// optional reads a string field that may be absent.
func (r *reader) optional(name string) string {
	if !r.field(name) {
		return ""
	}
	return r.str()
}

// str reads a string and the end of its line.
func (r *reader) str() string {
	r.dash = false
	if !r.literal(" ") {
		r.fail("a string is expected in %s", r.here())
		return ""
	}
	return r.scalar(r.indent + step)
}

// list reads a field with a list of strings.
func (r *reader) list(name string) []string {
	if !r.field(name) {
		return nil
	}
	r.openList()
	var out []string
	for r.item() {
		out = append(out, r.str())
	}
	return out
}

// mapping reads a field with a mapping of strings; like is what it most likely is.
func (r *reader) mapping(name string, like map[string]string) map[string]string {
	if !r.field(name) || !r.open() {
		return nil
	}
	if len(like) == 1 {
		for k, v := range like {
			start := *r
			if r.entry() && r.anyKey() == k && r.str() == v && !r.entry() && r.err == nil {
				r.close()
				return like
			}
			*r = start
		}
	}
	m := map[string]string{}
	for r.entry() {
		k := r.anyKey()
		v := r.str()
		if _, twice := m[k]; twice || len(m) == maxKeys {
			r.fail("key %q is there twice, or one too many", k)
			break
		}
		m[k] = v
	}
	r.close()
	return m
}

// entry reports whether a key of the current mapping follows.
func (r *reader) entry() bool {
	if !r.indented(r.indent) {
		return false
	}
	p := r.pos + r.indent
	return p < len(r.src) && r.src[p] != ' ' && r.src[p] != '\n'
}

// anyKey reads a key of any text, and its colon.
func (r *reader) anyKey() string {
	r.pos += r.indent
	if r.literal("? ") {
		k := r.scalar(r.indent + step)
		if !r.indented(r.indent) {
			r.fail("a value is expected in %s", r.here())
			return ""
		}
		r.pos += r.indent
		if !r.literal(":") {
			r.fail("a colon is expected in %s", r.here())
		}
		return k
	}
	var k string
	switch r.src[r.pos] {
	case '"':
		k = r.double(-1)
	case '\'':
		k = r.single(-1)
	default:
		line := r.src[r.pos:]
		if n := strings.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		n := strings.Index(line, ": ")
		if n < 0 {
			r.fail("a key is expected in %s", r.here())
			return ""
		}
		k = line[:n]
		r.pos += n
	}
	if k == "<<" {
		r.fail("a merge key in %s", r.here())
	}
	if !r.literal(":") {
		r.fail("a colon is expected in %s", r.here())
	}
	return k
}
