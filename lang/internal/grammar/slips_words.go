package grammar

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
	src "github.com/zt-lang/ztc/lang/source"
)

// LineStart reports a word or sign that would continue a line, at the start of the line below it. prevEnd is the end of
// the last token above.
func LineStart(diags *diag.List, f *src.File, prevEnd int32, t scan.Token) {
	word := f.Text[t.Start:t.End]
	d := diags.Add(diag.LineStartsWithClause, src.Span{File: f, Start: t.Start, End: t.End},
		"%q at the start of a line: a line goes on only where its own end says so", word)
	between := f.Text[prevEnd:t.Start]
	if strings.Count(between, "\n") != 1 || strings.Contains(between, ";") || word == "=" && prevEnd == 0 {
		d.Advise("move %q to the end of the line that it continues, or delete it with its line", word)
		return
	}
	end := t.End
	for int(end) < len(f.Text) && f.Text[end] == ' ' {
		end++
	}
	text := " " + word
	if word == "," {
		text = word
	}
	d.Fixes = append(d.Fixes, diag.Fix{Message: "move `" + word + "` to the end of the line above", Edits: []diag.Edit{
		{Span: src.Span{File: f, Start: prevEnd, End: prevEnd}, New: text}, {Span: src.Span{File: f, Start: t.Start, End: end}, New: ""},
	}})
}

// slipCondition: and mixed with or, not without parentheses, a bare string.
func (r *reader) slipCondition(i int, want []string) bool {
	if i < 1 || i >= len(r.toks) {
		return false
	}
	t := r.toks[i]
	span := r.span(t.Start, t.End)
	w := r.word(i)
	switch {
	case r.word(i-1) == "not" && slices.Contains(want, "("):
		d := r.diags.Add(diag.NotWithoutParentheses, span, "\"not\" before %s: what it negates stands in parentheses", Quote(w))
		if end := r.predicateEnd(i); end > i {
			last := r.toks[end-1].End
			d.Fixes = append(d.Fixes, diag.Fix{Message: "put the test in parentheses", Edits: []diag.Edit{
				{Span: r.span(t.Start, t.Start), New: "("}, {Span: r.span(last, last), New: ")"},
			}})
		} else {
			d.Advise("write `not (...)`")
		}
		return true
	case t.Kind == scan.String && (slices.Contains(want, "Unary") || slices.Contains(want, "Cond")):
		d := r.diags.Add(diag.UnexpectedToken, span, "%s is not a condition: each side of %q tests an attribute", Quote(w), r.word(i-1))
		d.Advise("for one of several values write `in [\"a\", \"b\"]`")
		return true
	case w != "and" && w != "or":
		return false
	}
	depth := 0
	for k := i - 1; k > 0; k-- {
		switch r.kind(k) {
		case scan.RParen:
			depth++
		case scan.LParen:
			depth--
		case scan.Key:
			if o := r.word(k); depth == 0 && (o == "and" || o == "or") && o != w {
				r.diags.Add(diag.MixedCondition, span, "%q after %q without parentheses: it is not said which of the two binds first", w, o).
					Relate(r.span(r.toks[k].Start, r.toks[k].End), "the other one").
					Advise("put one of the two in parentheses: `(a and b) or c`, or `a and (b or c)`")
				return true
			}
		}
		if depth < 0 || r.word(k) == "when" {
			break
		}
	}
	return false
}

// predicateEnd returns the index after the predicate that begins at token i, or i where none is plain to see.
func (r *reader) predicateEnd(i int) int {
	if r.kind(i) != scan.Name {
		return i
	}
	k := i + 1
	for r.kind(k) == scan.LBracket && r.kind(k+1) == scan.String && r.kind(k+2) == scan.RBracket {
		k += 3
	}
	switch {
	case (r.kind(k) == scan.Equal || r.kind(k) == scan.NotEqual) && r.kind(k+1) == scan.String,
		r.word(k) == "is" && (r.word(k+1) == "present" || r.word(k+1) == "absent"):
		return k + 2
	case r.word(k) == "not" && r.word(k+1) == "in":
		k++
	case r.word(k) != "in":
		return i
	}
	for k < len(r.toks) && r.kind(k) != scan.RBracket {
		k++
	}
	if k == len(r.toks) {
		return i
	}
	return k + 1
}

// slipRepeatedWord: principal "a", "b" and except as "a", "b", where the word stands before each string.
func (r *reader) slipRepeatedWord(i int, want []string) bool {
	if r.kind(i) != scan.String || r.kind(i-1) != scan.Comma || r.kind(i-2) != scan.String || !isName(want) {
		return false
	}
	word := r.word(i - 3)
	switch word {
	case "principal", "trust-domain", "namespace", "as", "from":
	case "client":
		word = "from client"
	default:
		return false
	}
	t := r.toks[i]
	r.diags.Add(diag.RepeatedWord, r.span(t.Start, t.End), "%s without %q: the word stands before each of a list", Quote(r.word(i)), word).
		Fix(r.span(t.Start, t.Start), word+" ", "write `%s` before it", word)
	return true
}

var address = regexp.MustCompile(`^[0-9]+\.[0-9.]+(/[0-9]+)?$`)

// slipUnquoted: a value that must be a string, without its quotes.
func (r *reader) slipUnquoted(i int, want []string) bool {
	if i >= len(r.toks) {
		return false
	}
	t := r.toks[i]
	if i == 2 && r.word(0) == "jwt" && r.kind(1) == scan.Name && r.toks[1].End == t.Start {
		return r.slipUnquoted(1, []string{"<string>"}) // of `jwt https://...` the first word could be a parameter
	}
	only := slices.Contains(want, "<string>") && !slices.ContainsFunc(want, func(w string) bool { return w != "<string>" && w != "<name>" })
	switch t.Kind {
	case scan.Name, scan.Dotted, scan.Upper, scan.Int, scan.Date, scan.Word, scan.Ref, scan.Bad:
	case scan.Key:
		if scan.Continues(r.word(i)) {
			return false
		}
	default:
		return false
	}
	end := r.adjacent(i)
	w := r.text[t.Start:end]
	span := r.span(t.Start, end)
	if address.MatchString(w) && isName(want) {
		r.diags.Add(diag.UnquotedValue, span, "%s is an address, and not a name", Quote(w)).
			Advise("write `anyone from %q` for callers from there, or `except from %q` for all others", w, w)
		return true
	}
	if !only {
		return false
	}
	if _, hidden := scan.NextHidden(w, 0); hidden {
		return false
	}
	if (w == "true" || w == "false") && r.testsClaim(i) {
		r.diags.Add(diag.UnquotedValue, span, "%s is a boolean, and Istio sees only strings in claims: it takes a claim with one for absent", Quote(w)).
			Advise("have the issuer state it as a string, and then write `%s`", scan.Quote(w))
		return true
	}
	d := r.diags.Add(diag.UnquotedValue, span, "%s stands without quotes: after %s stands a string", Quote(w), Quote(r.word(i-1)))
	if r.word(i-1) == "namespace" && scan.KindOf(w) == scan.Ref {
		d.Fix(r.span(r.toks[i-1].Start, end), w, "write `%s`, without `namespace`", w)
		return true
	}
	d.Fix(span, scan.Quote(w), "put it in quotes")
	if open, in := r.openBracket(i); r.kind(i-1) == scan.Comma && !(in && r.kind(open) == scan.LBracket) {
		d.Note("sources come first: (web, api) from \"10.0.0.0/8\"")
	}
	return true
}

// testsClaim reports whether token i is compared with a claim.
func (r *reader) testsClaim(i int) bool {
	if r.kind(i-1) != scan.Equal && r.kind(i-1) != scan.NotEqual {
		return false
	}
	k := i - 2
	for r.kind(k) == scan.RBracket {
		k -= 3
	}
	return k < i-2 && r.word(k) == "claim"
}

// slipQuoted: a name in quotes.
func (r *reader) slipQuoted(i int, want []string) bool {
	if r.kind(i) != scan.String || !isName(want) && !(len(want) == 1 && want[0] == "<ref>") {
		return false
	}
	t := r.toks[i]
	span := r.span(t.Start, t.End)
	in, _ := scan.Unquote(r.word(i))
	if strings.HasPrefix(in, "/") && slices.Contains(want, "Out") {
		r.diags.Add(diag.UnexpectedToken, span, "%s is a path, and before \"->\" stand sources", Quote(r.word(i))).
			Advise("operations are cut at the end: `-> TARGETS except %s`", r.word(i))
		return true
	}
	d := r.diags.Add(diag.QuotedName, span, "%s in quotes: a string is never a name", Quote(r.word(i)))
	switch k := scan.KindOf(in); {
	case r.word(i-1) == ":" && (k == scan.Name || k == scan.Key || k == scan.Int): // after a colon every word is plain
		d.Respell(span, in, "drop the quotes")
	case address.MatchString(in) && (slices.Contains(want, "Source") || slices.Contains(want, "Sources")):
		d.Fix(r.span(t.Start, t.Start), "anyone from ", "callers from an address are `anyone from %s`", r.word(i))
	case k == scan.Name || k == scan.Ref || k == scan.Dotted || k == scan.Start:
		d.Respell(span, in, "drop the quotes")
	case k == scan.Key || k == scan.Int:
		d.Advise("write the name with its namespace: `default/%s`", in)
	case strings.Contains(in, "/ns/"):
		d.Advise("an identity that is spelt out is `principal %s`", r.word(i))
	case strings.Contains(in, "*"):
		d.Advise("list the names, or make a `group` of them; every workload of a namespace is `shop/*`")
	default:
		d.Advise("a name is lower-case letters, digits and \"-\", without quotes")
	}
	return true
}

// slipReserved: a word of the language as a name.
func (r *reader) slipReserved(i int, want []string) bool {
	if r.kind(i) != scan.Key || !isName(want) {
		return false
	}
	w := r.word(i)
	switch {
	case scan.Continues(w) && w != "on":
		return false // allow a -> when: something is missing
	case w == "namespace" && r.slipNamespace(i, want):
		return true
	case slices.Contains(want, "Source") || slices.Contains(want, "Sources"):
		switch w {
		case "host", "grpc", "http", "tcp", "port", "is":
		case "mesh":
			return r.reserved(i, "every workload of the mesh is `trust-domain \"...\"` or `authenticated`, of a namespace `shop/*`")
		}
	case slices.Contains(want, "Scope"):
		return r.reserved(i, "write it `"+w+"/*`")
	}
	switch r.word(i - 1) {
	case "group", "methods", "paths", "policy":
		return r.reserved(i, "choose another name")
	}
	if r.word(0) == "import" {
		return r.reservedAlias(i)
	}
	return r.reserved(i, "write it with its namespace: `default/"+w+"`")
}

// reservedAlias: import "std/http" as http. A file may have such a name, since a dot follows it wherever it stands.
func (r *reader) reservedAlias(i int) bool {
	r.reserved(i, "choose another name")
	at, t := r.toks[i-2], r.toks[i]
	if v, ok := scan.Unquote(r.word(i - 2)); ok == nil && strings.TrimSuffix(path.Base(v), ".zt") == r.word(i) {
		d := &(*r.diags)[len(*r.diags)-1]
		d.Fixes = nil
		d.Respell(r.span(at.End, t.End), "", "leave it out: the import has that name by itself, and `%s.` stands before each of its names", r.word(i))
	}
	return true
}

// slipNamespace: `namespace shop` as a target or a scope.
func (r *reader) slipNamespace(i int, want []string) bool {
	name := r.word(i + 1)
	if r.kind(i+1) == scan.String {
		name, _ = scan.Unquote(name)
	}
	switch {
	case scan.KindOf(name) != scan.Name:
		return false
	case slices.Contains(want, "Target"):
		name += "/*"
	case !slices.Contains(want, "Scope"):
		return false
	}
	span := r.span(r.toks[i].Start, r.toks[i+1].End)
	r.diags.Add(diag.UnexpectedToken, span, "%s is not how a namespace is written here: the word makes a source, with a string after it", Quote(span.Text())).
		Fix(span, name, "write `%s`", name)
	return true
}

func (r *reader) reserved(i int, advice string) bool {
	t := r.toks[i]
	r.diags.Add(diag.ReservedName, r.span(t.Start, t.End), "%q is a word of the language, and not a name by itself", r.word(i)).Advise("%s", advice)
	return true
}

// slipStatement: a second statement on the line of the first.
func (r *reader) slipStatement(i int, want []string) bool {
	if want != nil || i < 2 {
		return false
	}
	if scan.IsStatementWord(r.word(i-1)) && r.kind(i-2) == scan.Comma { // deny all in shop, allow a -> b
		c := r.toks[i-2]
		r.diags.Add(diag.UnexpectedToken, r.span(c.Start, r.toks[i-1].End), "%q in the middle of a line: a statement begins on its own line, or after \";\"", r.word(i-1)).
			Fix(r.span(c.Start, c.End), ";", "end the statement before it with a semicolon")
		return true
	}
	if r.kind(i) != scan.Name || !scan.IsStatementWord(r.word(i)) {
		return false
	}
	t, end := r.toks[i], r.toks[i-1].End
	r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%q in the middle of a line: a statement begins on its own line, or after \";\"", r.word(i)).
		Fix(r.span(end, end), ";", "end the statement before it with a semicolon")
	return true
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

// slipMethod: Get, and a port that lost its colon.
func (r *reader) slipMethod(i int, want []string) bool {
	if i < 1 || i >= len(r.toks) {
		return false
	}
	t := r.toks[i]
	span := r.span(t.Start, t.End)
	w := r.word(i)
	switch up := strings.ToUpper(w); {
	case t.Kind == scan.Word && slices.Contains(methods, up) && !isName(want):
		r.diags.Add(diag.LowerCaseMethod, span, "%s is not a method: methods are capitals, and case counts", Quote(w)).Respell(span, up, "write %s", up)
		return true
	case t.Kind == scan.Word && slices.Contains(methods, up) && r.kind(i-1) == scan.Comma && slices.Contains(want, "Target"): // allow web -> api, Get
		c := r.toks[i-1]
		d := r.diags.Add(diag.LowerCaseMethod, span, "%s is no target: methods are capitals, and no comma stands before them", Quote(w))
		d.Fixes = append(d.Fixes, diag.Fix{Message: "write " + up + ", and delete the comma", Edits: []diag.Edit{
			{Span: r.span(c.Start, c.End)}, {Span: span, New: up},
		}})
		return true
	case t.Kind == scan.Int && want == nil && (r.kind(i-1) == scan.Name || r.kind(i-1) == scan.Ref) && slices.ContainsFunc(r.toks[:i], func(t scan.Token) bool { return t.Kind == scan.Arrow }):
		r.diags.Add(diag.UnexpectedToken, span, "%s after %s: a port stands after \":\" or \"port\"", Quote(w), Quote(r.word(i-1))).
			Fix(r.span(r.toks[i-1].End, t.Start), ":", "write %s:%s", r.word(i-1), w)
		return true
	case t.Kind == scan.Int && want == nil && (r.kind(i-1) == scan.String || r.kind(i-1) == scan.Upper) && !r.when(i) && slices.ContainsFunc(r.toks[:i], func(t scan.Token) bool { return t.Kind == scan.Arrow }):
		r.diags.Add(diag.UnexpectedToken, span, "%s after %s: a port stands with its target, or after the word `port`", Quote(w), Quote(r.word(i-1))).
			Fix(r.span(t.Start, t.Start), "port ", "write `port %s`", w)
		return true
	case t.Kind == scan.Int && slices.Contains(want, "Target"):
		r.diags.Add(diag.UnexpectedToken, span, "%s is not a target: each port stands with its own target", Quote(w)).
			Advise("write `db:5432, db:5433`, or `db { port 5432, 5433 }`")
		return true
	}
	return false
}
