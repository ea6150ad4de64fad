package diag

import (
	"encoding/json"
	"io"

	"github.com/zt-lang/ztc/lang/source"
)

// Reason is why a statement stands, and until when, in the words of its author (`because`, `until`).
type Reason struct {
	Span      source.Span
	Statement string // the words that it begins with: "allow", "dry-run deny", "deny all", "mtls"
	Because   string // "" where only a date is given
	Until     string // YYYY-MM-DD as written, "" for ever
}

type jsonReason struct {
	jsonPlace
	Statement string `json:"statement"`
	Because   string `json:"because,omitempty"`
	Until     string `json:"until,omitempty"`
}

type jsonReport struct {
	Diagnostics []jsonDiagnostic `json:"diagnostics"`
	Waived      []jsonDiagnostic `json:"waived"`
	Reasons     []jsonReason     `json:"reasons"`
	Errors      int              `json:"errors"`
	Warnings    int              `json:"warnings"`
	Omitted     int              `json:"omitted,omitempty"`
}

// jsonPlace is embedded, so that file, start and end stand beside the other fields. A place that is nowhere has none of them.
type jsonPlace struct {
	File  string           `json:"file,omitempty"`
	Start *source.Position `json:"start,omitempty"`
	End   *source.Position `json:"end,omitempty"`
}

type jsonDiagnostic struct {
	jsonPlace
	Code     Code          `json:"code"`
	Severity string        `json:"severity"`
	Message  string        `json:"message"`
	Related  []jsonRelated `json:"related,omitempty"`
	Notes    []string      `json:"notes,omitempty"`
	Fixes    []jsonFix     `json:"fixes,omitempty"`
	Waiver   *jsonWaiver   `json:"waiver,omitempty"`
}

type jsonWaiver struct {
	jsonPlace
	Reason string `json:"reason"`
}

type jsonRelated struct {
	jsonPlace
	Message string `json:"message"`
}

type jsonFix struct {
	Message string     `json:"message"`
	Edits   []jsonEdit `json:"edits,omitempty"`
}

type jsonEdit struct {
	jsonPlace
	New string `json:"new"`
}

func place(s source.Span) jsonPlace {
	if s.File == nil {
		return jsonPlace{}
	}
	start, end := s.File.Position(int(s.Start)), s.File.Position(int(s.End))
	return jsonPlace{File: s.File.Name, Start: &start, End: &end}
}

// WriteJSON writes the diagnostics and the reasons of statements as one JSON document: {"diagnostics": [...], "waived": [...],
// "reasons": [...], "errors": N, "warnings": N}. What is waived stands apart, with the severity that it would have, so that nobody takes it for what fails the build. At most
// max diagnostics are written (0 for all), and "omitted" says how many were not. Offsets count bytes from 0, lines and columns
// from 1 in code points, utf16 from 0 in UTF-16 units. Bytes that are not UTF-8 come out as U+FFFD.
func (l List) WriteJSON(w io.Writer, max int, reasons []Reason) error {
	shown, omitted := l.limit(max)
	r := jsonReport{Diagnostics: make([]jsonDiagnostic, 0, len(shown)), Waived: []jsonDiagnostic{}, Reasons: make([]jsonReason, 0, len(reasons)), Errors: l.Count(Error), Warnings: l.Count(Warning), Omitted: omitted}
	for _, d := range shown {
		j := jsonDiagnostic{jsonPlace: place(d.Span), Code: d.Code, Severity: d.Severity.String(), Message: d.Message, Notes: d.Notes}
		for _, x := range d.Related {
			j.Related = append(j.Related, jsonRelated{place(x.Span), x.Message})
		}
		for _, f := range d.Fixes {
			jf := jsonFix{Message: f.Message}
			for _, e := range f.Edits {
				jf.Edits = append(jf.Edits, jsonEdit{place(e.Span), e.New})
			}
			j.Fixes = append(j.Fixes, jf)
		}
		if w := d.Waiver; w != nil {
			j.Severity = w.Severity.String()
			j.Waiver = &jsonWaiver{place(w.Span), w.Reason}
			r.Waived = append(r.Waived, j)
			continue
		}
		r.Diagnostics = append(r.Diagnostics, j)
	}
	for _, x := range reasons {
		r.Reasons = append(r.Reasons, jsonReason{place(x.Span), x.Statement, x.Because, x.Until})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}
