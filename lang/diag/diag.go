// Package diag holds what the compiler has to say: stable codes, diagnostics with fixes, and their rendering.
package diag

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/source"
)

// Code is a stable identifier such as ZT1001. Codes are never reused.
type Code string

// Severity says what a diagnostic does to the build.
type Severity uint8

const (
	Error   Severity = iota // the build fails
	Warning                 // legal and probably not meant; fails under --werror
	Note                    // worth knowing
	Waived                  // found, and allowed by a waiver in the source: counted and listed, and does nothing to the build
)

func (s Severity) String() string { return [...]string{"error", "warning", "note", "waived"}[s] }

// Related is another place that a diagnostic speaks of.
type Related struct {
	Span    source.Span
	Message string
}

// Edit replaces a span by a text.
type Edit struct {
	Span source.Span
	New  string
}

// Fix is a change that most likely says what the author meant. Without edits it is advice in words.
type Fix struct {
	Message string
	Edits   []Edit

	// Certain marks edits that may be made without asking: they change how something is spelt, and not what it says (see
	// Diagnostic.Respell). Every other fix may let in somebody else, and is a person's to choose.
	Certain bool
}

// Diagnostic is one thing to say about one place. Messages start in lower case, have no full stop, name the offending
// text and say why; what to do about it is a note or a fix.
type Diagnostic struct {
	Code     Code
	Severity Severity
	Span     source.Span
	Message  string
	Related  []Related
	Notes    []string
	Fixes    []Fix
	Waiver   *Waiver // set exactly when Severity is Waived
}

// Waiver is what took a diagnostic off the build.
type Waiver struct {
	Span     source.Span // of the comment
	Reason   string
	Severity Severity // that the diagnostic would have
}

// Waive takes the diagnostic off the build.
func (d *Diagnostic) Waive(at source.Span, reason string) {
	d.Waiver = &Waiver{Span: at, Reason: reason, Severity: d.Severity}
	d.Severity = Waived
}

// Mentions reports whether a diagnostic speaks of a place in a file.
func (d *Diagnostic) Mentions(f *source.File) bool {
	if d.Span.File == f || slices.ContainsFunc(d.Related, func(r Related) bool { return r.Span.File == f }) {
		return true
	}
	for _, x := range d.Fixes {
		if slices.ContainsFunc(x.Edits, func(e Edit) bool { return e.Span.File == f }) {
			return true
		}
	}
	return false
}

// List is what a stage has to say, in any order until Sort is called.
type List []Diagnostic

// Add appends a diagnostic of the code's own severity (see Lookup) and returns it for more: notes, related places, fixes.
// The pointer is valid until the next Add.
func (l *List) Add(code Code, span source.Span, format string, args ...any) *Diagnostic {
	sev := Error
	if info, ok := Lookup(code); ok {
		sev = info.Severity
	}
	*l = append(*l, Diagnostic{Code: code, Severity: sev, Span: span, Message: said(format, args...)})
	return &(*l)[len(*l)-1]
}

// maxWord is how many bytes of a word are said. What an author writes may be as long as a file.
const maxWord = 400

// said is the text of a message, its words cut to what a reader can bear.
func said(format string, args ...any) string {
	s := fmt.Sprintf(format, args...)
	if len(s) <= maxWord {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexByte(s, ' ')
		if end < 0 {
			end = len(s)
		}
		word, keep := s[:end], maxWord
		if len(word) <= maxWord {
			b.WriteString(word)
		} else {
			for keep > 0 && word[keep]&0xc0 == 0x80 { // not inside of a character
				keep--
			}
			b.WriteString(word[:keep] + "…")
			if last := word[len(word)-1]; last == '"' || last == '`' {
				b.WriteByte(last)
			}
		}
		s = s[end:]
		blanks := len(s) - len(strings.TrimLeft(s, " "))
		b.WriteString(s[:blanks])
		s = s[blanks:]
	}
	return b.String()
}

// Note adds a line of explanation.
func (d *Diagnostic) Note(format string, args ...any) *Diagnostic {
	d.Notes = append(d.Notes, said(format, args...))
	return d
}

// Relate adds another place.
func (d *Diagnostic) Relate(span source.Span, format string, args ...any) *Diagnostic {
	d.Related = append(d.Related, Related{span, said(format, args...)})
	return d
}

// Fix suggests a fix that replaces one span; the message says what the edit does.
func (d *Diagnostic) Fix(span source.Span, text, format string, args ...any) *Diagnostic {
	d.Fixes = append(d.Fixes, Fix{Message: said(format, args...), Edits: []Edit{{span, text}}})
	return d
}

// Respell adds a fix that replaces one span and leaves no choice: the text can mean nothing else, and is spelt wrong.
// `ztc check --fix` makes such edits without asking.
func (d *Diagnostic) Respell(span source.Span, text, format string, args ...any) *Diagnostic {
	d.Fix(span, text, format, args...)
	d.Fixes[len(d.Fixes)-1].Certain = true
	return d
}

// Advise adds a fix in words: what to write, where the place or the choice is the author's.
func (d *Diagnostic) Advise(format string, args ...any) *Diagnostic {
	d.Fixes = append(d.Fixes, Fix{Message: said(format, args...)})
	return d
}

// Moved returns the list with other places.
func (l List) Moved(to func(source.Span) source.Span) List {
	out := slices.Clone(l)
	for i := range out {
		d := &out[i]
		d.Span = to(d.Span)
		d.Related = slices.Clone(d.Related)
		for j := range d.Related {
			d.Related[j].Span = to(d.Related[j].Span)
		}
		d.Fixes = slices.Clone(d.Fixes)
		for j := range d.Fixes {
			f := &d.Fixes[j]
			f.Edits = slices.Clone(f.Edits)
			for k := range f.Edits {
				f.Edits[k].Span = to(f.Edits[k].Span)
			}
		}
	}
	return out
}

// HasErrors reports whether the list holds an error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Sort orders the list by place, then severity, code and message, and drops exact repeats, so that output does not depend
// on the order in which stages ran.
func (l *List) Sort() {
	slices.SortStableFunc(*l, func(a, b Diagnostic) int {
		if c := a.Span.Compare(b.Span); c != 0 {
			return c
		}
		if a.Severity != b.Severity {
			return int(a.Severity) - int(b.Severity)
		}
		if c := strings.Compare(string(a.Code), string(b.Code)); c != 0 {
			return c
		}
		return strings.Compare(a.Message, b.Message)
	})
	*l = slices.CompactFunc(*l, func(a, b Diagnostic) bool {
		return a.Code == b.Code && a.Message == b.Message && a.Span == b.Span && a.Severity == b.Severity
	})
}
