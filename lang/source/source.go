// Package source holds the text of files and the places in them. Everything inside the compiler speaks of byte offsets;
// lines and columns are computed only where a person or an editor reads them.
package source

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// File is one input text with the name that users know it by: a path relative to the program, with forward slashes.
type File struct {
	Name string
	Text string
	// NoFile marks a text that nobody finds under its name: of standard input, or of the standard library.
	NoFile bool

	once  sync.Once
	lines []int32 // byte offset of the first byte of each line

	longOnce sync.Once
	long     []Position // inside long lines, one about every longStep bytes
}

// longStep bounds what is counted for one position: a line of megabytes may hold any number of them.
const longStep = 4096

// New returns a file. The text is not copied and not checked: any bytes at all are a file.
func New(name, text string) *File { return &File{Name: name, Text: text} }

// NewText returns a text that is no file (see File.NoFile).
func NewText(name, text string) *File { return &File{Name: name, Text: text, NoFile: true} }

// Edited returns the file with another text.
func (f *File) Edited(text string) *File { return &File{Name: f.Name, Text: text, NoFile: f.NoFile} }

// Position is a place in a form for people: line and column count from 1, columns in Unicode code points.
type Position struct {
	Offset int `json:"offset"` // in bytes, from 0
	Line   int `json:"line"`
	Column int `json:"column"`
	UTF16  int `json:"utf16"` // column in UTF-16 units, from 0, as editors count
}

func (f *File) index() {
	f.once.Do(func() {
		f.lines = make([]int32, 1, 1+strings.Count(f.Text, "\n"))
		for i := 0; i < len(f.Text); {
			j := strings.IndexByte(f.Text[i:], '\n')
			if j < 0 {
				break
			}
			i += j + 1
			f.lines = append(f.lines, int32(i))
		}
	})
}

// Position returns the place of a byte offset. Offsets outside the text are moved to its nearest end.
func (f *File) Position(off int) Position {
	f.index()
	off = max(0, min(off, len(f.Text)))
	line := sort.Search(len(f.lines), func(i int) bool { return int(f.lines[i]) > off }) // 1-based
	p := Position{Offset: int(f.lines[line-1]), Line: line, Column: 1}
	if off-p.Offset > longStep {
		p = f.near(off, p)
	}
	p.count(f.Text[p.Offset:off])
	return p
}

// count moves the position past a text of its line.
func (p *Position) count(text string) {
	for _, r := range text {
		p.Column++
		p.UTF16++
		if r > 0xffff {
			p.UTF16++
		}
	}
	p.Offset += len(text)
}

// near returns the last known position inside the long line that begins at start, at or before off.
func (f *File) near(off int, start Position) Position {
	f.longOnce.Do(func() {
		for i, first := range f.lines {
			end := len(f.Text)
			if i+1 < len(f.lines) {
				end = int(f.lines[i+1])
			}
			p := Position{Offset: int(first), Line: i + 1, Column: 1}
			for p.Offset+longStep < end {
				next := p.Offset + longStep
				for n := 0; n < utf8.UTFMax && !utf8.RuneStart(f.Text[next]); n++ { // no character is cut in two
					next--
				}
				p.count(f.Text[p.Offset:next])
				f.long = append(f.long, p)
			}
		}
	})
	i := sort.Search(len(f.long), func(i int) bool { return f.long[i].Offset > off }) - 1
	if i < 0 || f.long[i].Offset < start.Offset {
		return start
	}
	return f.long[i]
}

// Line returns the text of a line, counted from 1, without its end.
func (f *File) Line(n int) string {
	f.index()
	if n < 1 || n > len(f.lines) {
		return ""
	}
	s := f.Text[f.lines[n-1]:]
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i]
	}
	return strings.TrimSuffix(s, "\r")
}

// Span is a half-open range of bytes of a file. The zero Span has no file and stands for "nowhere".
type Span struct {
	File       *File
	Start, End int32
}

// Text returns the spanned bytes.
func (s Span) Text() string {
	if s.File == nil || s.Start < 0 || s.End < s.Start || int(s.End) > len(s.File.Text) {
		return ""
	}
	return s.File.Text[s.Start:s.End]
}

// String returns file:line:column of the start.
func (s Span) String() string {
	if s.File == nil {
		return "-"
	}
	p := s.File.Position(int(s.Start))
	return fmt.Sprintf("%s:%d:%d", s.File.Name, p.Line, p.Column)
}

// In reports whether a span lies in another one of its file.
func (s Span) In(o Span) bool {
	return s.File == o.File && s.Start >= o.Start && s.End <= o.End
}

// Compare orders spans by file name, start and end.
func (s Span) Compare(o Span) int {
	var a, b string
	if s.File != nil {
		a = s.File.Name
	}
	if o.File != nil {
		b = o.File.Name
	}
	if c := strings.Compare(a, b); c != 0 {
		return c
	}
	if s.Start != o.Start {
		return int(s.Start) - int(o.Start)
	}
	return int(s.End) - int(o.End)
}

// FirstInvalid returns the offset of the first byte that is not UTF-8, or -1.
func (f *File) FirstInvalid() int {
	if utf8.ValidString(f.Text) {
		return -1
	}
	for i := 0; i < len(f.Text); {
		r, n := utf8.DecodeRuneInString(f.Text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
