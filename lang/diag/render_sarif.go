package diag

import (
	"encoding/json"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/source"
)

// The types below are the part of SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/) that a compiler needs, in the
// words of the standard. A test holds what is written to the official schema.

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	ColumnKind  string            `json:"columnKind"`
	Results     []sarifResult     `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string      `json:"id"`
	ShortDescription sarifText   `json:"shortDescription"`
	FullDescription  sarifText   `json:"fullDescription"`
	Help             sarifText   `json:"help"`
	Configuration    sarifConfig `json:"defaultConfiguration"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

// sarifInvocation holds what is about no place in a file: it cannot be a result, which viewers put beside a line.
type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Descriptor sarifReference `json:"descriptor"`
	Level      string         `json:"level"`
	Message    sarifText      `json:"message"`
}

type sarifReference struct {
	ID string `json:"id"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Related      []sarifLocation    `json:"relatedLocations,omitempty"`
	Fixes        []sarifFix         `json:"fixes,omitempty"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
	Message  *sarifText    `json:"message,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI    string `json:"uri"`
	BaseID string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
	EndLine     int `json:"endLine"`
	EndColumn   int `json:"endColumn"`
}

type sarifFix struct {
	Description sarifText     `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
}

type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

type sarifReplacement struct {
	Deleted  sarifRegion `json:"deletedRegion"`
	Inserted *sarifText  `json:"insertedContent,omitempty"`
}

type sarifSuppression struct {
	Kind          string        `json:"kind"`
	Justification string        `json:"justification"`
	Location      sarifLocation `json:"location"`
}

// Repository tells where a file lies in the repository that viewers show, by its name in diagnostics: its path from there, with
// slashes. ok is false for a file outside, and where there is no repository.
type Repository func(name string) (path string, ok bool)

// WriteSARIF writes the list as one SARIF 2.1.0 log, with the version of ztc that made it. The codes that occur are its
// rules, with their pages as help. What is waived is a result with a suppression.
func (l List) WriteSARIF(w io.Writer, version string, repo Repository) error {
	index := map[Code]int{}
	for i := range l {
		if l[i].Span.File != nil {
			index[l[i].Code] = 0
		}
	}
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "ztc", Version: version, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{Successful: true}},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
	}
	for i, code := range slices.Sorted(maps.Keys(index)) {
		index[code] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(code))
	}
	call := &run.Invocations[0]
	for i := range l {
		d := &l[i]
		if d.Span.File == nil {
			call.Successful = call.Successful && d.Severity != Error
			call.Notifications = append(call.Notifications, sarifNotification{sarifReference{string(d.Code)}, d.Severity.sarif(), sarifText{Text: d.words(true)}})
			continue
		}
		run.Results = append(run.Results, d.sarif(index[d.Code], repo))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

func (s Severity) sarif() string { return [...]string{"error", "warning", "note", "none"}[s] }

func sarifRuleOf(code Code) sarifRule {
	i, ok := Lookup(code)
	if !ok {
		i = Info{Code: code, Title: string(code), Explanation: "A diagnostic without a page."}
	}
	var help strings.Builder
	i.page(&help)
	return sarifRule{
		ID: string(code), ShortDescription: sarifText{Text: i.Title}, FullDescription: sarifText{Text: strings.TrimSpace(i.Explanation)},
		Help: sarifText{Text: i.Text(), Markdown: help.String()}, Configuration: sarifConfig{i.Severity.sarif()},
	}
}

func (d *Diagnostic) sarif(rule int, repo Repository) sarifResult {
	r := sarifResult{RuleID: string(d.Code), RuleIndex: rule, Level: d.Severity.sarif(), Message: sarifText{Text: d.words(false)}, Locations: []sarifLocation{repo.place(d.Span, "")}}
	for _, x := range d.Related {
		if x.Span.File != nil {
			r.Related = append(r.Related, repo.place(x.Span, message(x.Message)))
		}
	}
	for _, f := range d.Fixes {
		if fix := repo.fix(f); len(fix.Changes) > 0 {
			r.Fixes = append(r.Fixes, fix)
		}
	}
	if w := d.Waiver; w != nil {
		r.Level = w.Severity.sarif()
		r.Suppressions = []sarifSuppression{{Kind: "inSource", Justification: message(w.Reason), Location: repo.place(w.Span, "")}}
	}
	return r
}

func (repo Repository) fix(f Fix) sarifFix {
	out := sarifFix{Description: sarifText{Text: message(f.Message)}}
	at := map[*source.File]int{}
	for _, e := range f.Edits {
		if e.Span.File == nil {
			continue
		}
		i, ok := at[e.Span.File]
		if !ok {
			i = len(out.Changes)
			at[e.Span.File] = i
			out.Changes = append(out.Changes, sarifChange{Artifact: repo.file(e.Span.File)})
		}
		r := sarifReplacement{Deleted: sarifSpan(e.Span)}
		if e.New != "" {
			r.Inserted = &sarifText{Text: e.New}
		}
		out.Changes[i].Replacements = append(out.Changes[i].Replacements, r)
	}
	return out
}

func (repo Repository) place(s source.Span, message string) sarifLocation {
	l := sarifLocation{Physical: sarifPhysical{repo.file(s.File), sarifSpan(s)}}
	if message != "" {
		l.Message = &sarifText{Text: message}
	}
	return l
}

func sarifSpan(s source.Span) sarifRegion {
	from := s.File.Position(int(s.Start))
	to := s.File.Position(int(max(s.Start, s.End)))
	return sarifRegion{from.Line, from.Column, to.Line, to.Column}
}

// file returns the URI of a file: its path in the repository, which viewers take for the root of the sources, or its name where it
// lies in none. A text that is no file has a URI of its own, which no viewer looks for.
func (repo Repository) file(f *source.File) sarifArtifact {
	u := url.URL{Path: strings.ToValidUTF8(f.Name, "\ufffd")}
	if f.NoFile {
		return sarifArtifact{URI: "ztc:" + u.EscapedPath()}
	}
	if name, ok := repo(f.Name); ok {
		u.Path = strings.ToValidUTF8(name, "\ufffd")
		return sarifArtifact{URI: u.String(), BaseID: "%SRCROOT%"}
	}
	if strings.HasPrefix(f.Name, "/") {
		u.Scheme = "file"
	}
	return sarifArtifact{URI: u.String()}
}
