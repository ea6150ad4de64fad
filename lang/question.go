package lang

import (
	"regexp"
	"strings"

	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// What stands around a question, so that the grammar of the language reads it.
const (
	beforeQuestion = "test \"question\" { expect allow "
	afterQuestion  = "\n}"
)

const (
	questionForm = "a question is SOURCE -> TARGET [OPERATION] [with ATTRIBUTE = \"VALUE\"], as in `web -> shop/cart:8080 GET \"/items\"`"
	afterVerdict = " after \"allow\"" // which nobody wrote
)

// verdictBefore is what an expectation has before its question, or a statement before what it says.
var verdictBefore = regexp.MustCompile(`^\s*(expect\s+(allow|deny)|expect|allow|deny)\s+`)

// Question is the text that an `expect` has without its verdict: SOURCE -> TARGET [OPERATION] [with ...].
type Question struct {
	// Tree is a file with one test with one expectation: the question, at other places than in its own file.
	Tree *ast.File
	file *source.File
}

// ParseQuestion reads a question. It is nil when there is an error.
func ParseQuestion(f *source.File) (*Question, diag.List) {
	q := &Question{file: f}
	var diags diag.List
	if strings.TrimSpace(f.Text) == "" {
		diags.Add(diag.NoQuestion, source.Span{File: f}, "the question is empty").Note(questionForm)
		return nil, diags
	}
	q.Tree, diags = Parse(source.NewText(f.Name, beforeQuestion+f.Text+afterQuestion))
	if second, more := q.second(); more {
		diags = nil
		diags.Add(diag.NoQuestion, q.Tree.Span(second), "this is more than one question")
	}
	if verdict := verdictBefore.FindString(f.Text); verdict != "" && diags.HasErrors() {
		diags = nil
		at := source.Span{File: f, End: int32(len(verdict))}
		diags.Add(diag.NoQuestion, at, "a question has no verdict, and %q is one", strings.TrimSpace(verdict)).
			Note(questionForm).Fix(at, "", "leave it out")
		return nil, diags
	}
	for i := range diags {
		d := &diags[i]
		if d.Severity == diag.Error && d.Span.File == q.Tree.Source {
			d.Message = strings.TrimSuffix(d.Message, afterVerdict)
			d.Note(questionForm)
		}
	}
	diags = q.Place(diags)
	if diags.HasErrors() {
		return nil, diags
	}
	return q, diags
}

// second is what stands after the one expectation.
func (q *Question) second() (st ast.Stmt, more bool) {
	for i, st := range q.Tree.Stmts {
		t, ok := st.(*ast.Test)
		switch {
		case i > 0 || !ok:
			return st, true
		case len(t.Body) > 1:
			return t.Body[1], true
		}
	}
	return nil, false
}

// Place moves diagnostics from the places of the tree to those of the question's own file.
func (q *Question) Place(l diag.List) diag.List {
	return l.Moved(func(s source.Span) source.Span {
		if s.File != q.Tree.Source {
			return s
		}
		const by = int32(len(beforeQuestion))
		end := int32(len(q.file.Text))
		s.File, s.Start, s.End = q.file, max(0, min(s.Start-by, end)), max(0, min(s.End-by, end))
		return s
	})
}
