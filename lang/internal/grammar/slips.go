package grammar

import (
	"regexp"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
)

// unexpected reports that token i, or the end of the statement, is not what the grammar wants there: a known slip in its
// own words, anything else as what was expected and what was found.
func (r *reader) unexpected(i int, want []string) {
	if r.failed {
		return
	}
	r.failed = true
	if i < len(r.toks) && r.toks[i].Kind == scan.Bad {
		if _, hidden := scan.NextHidden(r.word(i), 0); hidden {
			return // reported where all of them are (package lang)
		}
	}
	for _, slip := range slips {
		if slip(r, i, want) {
			return
		}
	}
	for i > 0 && i >= len(r.toks) && r.kind(i-1) == scan.Term {
		i-- // blame the end of what is not finished
	}
	if open, ok := r.openBracket(i); ok && r.toks[open].Kind == scan.LBrace && (i >= len(r.toks) || i == len(r.toks)-1 && r.kind(i) == scan.Term) {
		t := r.toks[open]
		r.diags.Add(diag.UnclosedBlock, r.span(t.Start, t.End), "%q is not closed", "{").Advise("add \"}\" where the block ends")
		return
	}
	words := r.wording(i, want)
	after := Quote(r.word(i - 1))
	switch {
	case i > 0 && r.kind(i-1) == scan.Term:
		after = "the line above"
	case i == 0:
		after = "the start"
	}
	if i >= len(r.toks) {
		end := r.toks[len(r.toks)-1].End
		if words == "" {
			words = "more"
		}
		d := r.diags.Add(diag.UnexpectedToken, r.span(end, end), "expected %s after %s", words, after)
		r.noteOpen(d, i)
		return
	}
	t := r.toks[i]
	if t.Kind == scan.Term {
		d := r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.Start), "the line ends too early: expected %s after %s", cmpOr(words, "more"), after)
		r.noteOpen(d, i)
		return
	}
	span := r.span(t.Start, t.End)
	var d *diag.Diagnostic
	if words == "" {
		d = r.diags.Add(diag.UnexpectedToken, span, "unexpected %s after %s", Quote(r.word(i)), after)
	} else {
		d = r.diags.Add(diag.UnexpectedToken, span, "unexpected %s: expected %s after %s", Quote(r.word(i)), words, after)
	}
	r.meant(d, i, want)
	if w := r.word(i); r.word(0) == "group" && (w == "as" || w == "from" || w == "except") {
		d.Note("a group lists callers, and the rule that names it narrows them")
	}
	r.noteOpen(d, i)
	if t.Kind == scan.Word && isName(want) {
		d.Note("a name is lower-case letters, digits and \"-\"")
	}
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// meant adds the word that token i most likely misspells.
func (r *reader) meant(d *diag.Diagnostic, i int, want []string) {
	switch r.kind(i) {
	case scan.Name, scan.Key, scan.Upper, scan.Word:
	default:
		return
	}
	var words []string
	for _, w := range want {
		if w[0] >= 'a' && w[0] <= 'z' {
			words = append(words, w)
		}
		if strings.HasSuffix(w, "Field") || w == "}" {
			words = append(words, fields[r.word(0)]...)
		}
	}
	if want == nil { // the statement could have ended
		words = []string{"when", "until", "because", "except", "port", "host", "grpc"}
	}
	if w := nearest(r.word(i), words); w != "" && w != r.word(i) {
		d.Fix(r.span(r.toks[i].Start, r.toks[i].End), w, "did you mean `%s`?", w)
	}
}

// openBracket returns the innermost bracket that is open before token i.
func (r *reader) openBracket(i int) (open int, ok bool) {
	var stack []int
	for k := range min(i, len(r.toks)) {
		switch r.toks[k].Kind {
		case scan.LParen, scan.LBracket, scan.LBrace:
			stack = append(stack, k)
		case scan.RParen, scan.RBracket, scan.RBrace:
			stack = stack[:max(0, len(stack)-1)]
		}
	}
	if len(stack) == 0 {
		return 0, false
	}
	return stack[len(stack)-1], true
}

// noteOpen points at the bracket that is still open at the end of the statement.
func (r *reader) noteOpen(d *diag.Diagnostic, i int) {
	if open, ok := r.openBracket(i); ok && i >= len(r.toks) {
		t := r.toks[open]
		d.Relate(r.span(t.Start, t.End), "%s is not closed", Quote(r.text[t.Start:t.End]))
	}
}

// slips are known slips of authors; each reports its own and says whether it did.
var slips = []func(r *reader, i int, want []string) bool{
	(*reader).slipUnclosedString, (*reader).slipSecondOperation, (*reader).slipBlank, (*reader).slipQuotes, (*reader).slipBrace, (*reader).slipLineStart, (*reader).slipParameter, (*reader).slipArgument, (*reader).slipCutBlock, (*reader).slipImports, (*reader).slipDuration,
	(*reader).slipParentheses, (*reader).slipWords, (*reader).slipPort, (*reader).slipCaller, (*reader).slipField, (*reader).slipIdentity, (*reader).slipIstioKey, (*reader).slipIf, (*reader).slipTest, (*reader).slipBrackets, (*reader).slipJoined, (*reader).slipColon, (*reader).slipClause, (*reader).slipAttribute, (*reader).slipComma, (*reader).slipAll, (*reader).slipDate, (*reader).slipArrow,
	(*reader).slipPath, (*reader).slipGlob, (*reader).slipSigns, (*reader).slipCondition, (*reader).slipRepeatedWord, (*reader).slipUnquoted,
	(*reader).slipQuoted, (*reader).slipReserved, (*reader).slipStatement, (*reader).slipMethod,
}

func (r *reader) slipUnclosedString(i int, _ []string) bool {
	w := r.word(i)
	if r.kind(i) != scan.Bad || w[0] != '"' {
		return false
	}
	t := r.toks[i]
	r.diags.Add(diag.MalformedString, r.span(t.Start, t.End), "a string that is not closed on its line: %s", Quote(w[1:])).Advise("close it with a quote; in a string `\\n` stands for a line end and `\\\"` for a quote")
	return true
}

// slipSecondOperation: an expectation with a block of several operations.
func (r *reader) slipSecondOperation(i int, want []string) bool {
	open, ok := r.openBracket(i)
	if r.kind(i) != scan.Term || !slices.Contains(want, "}") || !ok || r.toks[open].Kind != scan.LBrace || i+1 >= len(r.toks) || r.kind(i+1) == scan.RBrace {
		return false
	}
	for k := open - 1; k >= 0 && r.kind(k) != scan.Term && r.kind(k) != scan.LBrace; k-- {
		if r.word(k) == "expect" {
			t := r.toks[i+1]
			r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "%s begins a second operation, and one is asked about", Quote(r.word(i+1))).Advise("ask about each of them apart")
			return true
		}
	}
	return false
}

func (r *reader) slipBrace(i int, want []string) bool {
	if r.kind(i) != scan.RBrace || want != nil {
		return false
	}
	t := r.toks[i]
	r.diags.Add(diag.StrayBrace, r.span(t.Start, t.End), "%q closes nothing: no block is open here", "}").Fix(r.span(t.Start, t.End), "", "delete it")
	return true
}

// clauseWords continue a statement, and cannot lead a line.
var clauseWords = []string{"when", "until", "because", "except", "as", "from", "with", "and", "or", "not", "in", "on", "->", ",", "=", "==", "!="}

// LeadsLine reports whether a word or sign would continue the line above, if that could be said at the start of a line.
func LeadsLine(word string) bool { return slices.Contains(clauseWords, word) }

func (r *reader) slipLineStart(i int, _ []string) bool {
	if i < 2 || i >= len(r.toks) || r.toks[i-1].Kind != scan.Term || !LeadsLine(r.word(i)) {
		return false
	}
	LineStart(r.diags, r.file, r.toks[i-2].End, r.toks[i])
	return true
}

func (r *reader) slipComma(i int, want []string) bool {
	if i < 1 || r.kind(i-1) != scan.Comma && r.kind(i) != scan.Comma {
		return false
	}
	what := ""
	wantsSource := slices.Contains(want, "Source") || slices.Contains(want, "Out")
	switch r.kind(i) {
	case scan.EOF, scan.Term:
		what = "the end of the line"
	case scan.RBrace, scan.RParen, scan.RBracket, scan.Arrow, scan.Comma:
		what = Quote(r.word(i))
	case scan.Upper, scan.LBrace:
		if wantsSource {
			return false
		}
		what = Quote(r.word(i)) // allow a -> b, GET
	case scan.Key:
		switch r.word(i) {
		case "host", "grpc", "port", "http", "tcp":
			if w := r.word(0); wantsSource || w == "methods" || w == "paths" {
				return false // a name, and no operation
			}
			what = Quote(r.word(i))
		case "when", "until", "because", "except", "with", "as", "from":
			if slices.Contains(want, "Out") {
				return false
			}
			what = Quote(r.word(i))
		}
	case scan.String:
		if !slices.Contains(want, "Target") || r.kind(i-2) == scan.String {
			return false
		}
		if v, _ := scan.Unquote(r.word(i)); strings.HasPrefix(v, "/") {
			what = Quote(r.word(i)) // allow a -> b, "/x"
		}
	}
	if r.kind(i) == scan.Comma && len(want) == 1 && want[0] == "}" {
		c := r.toks[i]
		r.diags.Add(diag.TrailingComma, r.span(c.Start, c.End), "a comma after an entry of a block: each entry ends with its line, or with \";\"").
			Respell(r.span(c.Start, c.End), "", "delete the comma")
		return true
	}
	if r.kind(i-1) != scan.Comma || what == "" {
		return false
	}
	c := r.toks[i-1]
	r.diags.Add(diag.TrailingComma, r.span(c.Start, c.End), "a comma before %s: no list ends with a comma", what).
		Respell(r.span(c.Start, c.End), "", "delete the comma")
	return true
}

// slipAll: `deny all shop`, `allow all -> x`, `deny al in shop`.
func (r *reader) slipAll(i int, want []string) bool {
	if i < 1 {
		return false
	}
	prev := r.toks[i-1]
	span := r.span(prev.Start, prev.End)
	isRule := r.word(0) == "dry-run" || r.word(0) == "allow" || r.word(0) == "deny" || r.word(0) == "audit" || r.word(0) == "delegate"
	switch {
	case !isRule && r.word(i) != "all", r.word(0) == "import":
	case r.word(i) == "all" && r.kind(i) == scan.Key && isName(want):
		t := r.toks[i]
		r.diags.Add(diag.BaselineSpelling, r.span(t.Start, t.End), "%q is no name: it begins a baseline, as in `deny all in shop`", "all").
			Advise("write `anyone` for every caller, `shop/*` for every workload of a namespace, `mesh` for all; a workload of that name is `default/all`")
		return true
	case r.word(i-1) == "all" && prev.Kind == scan.Key && slices.Contains(want, "in"):
		if r.kind(i) == scan.Arrow || r.kind(i) == scan.Comma {
			r.diags.Add(diag.BaselineSpelling, span, "%q is not a source: it begins a baseline, as in `deny all in shop`", "all").
				Fix(span, "anyone", "write `anyone` for every caller")
			return true
		}
		d := r.diags.Add(diag.BaselineSpelling, span, "%q without `in` or `on` is not finished", "all")
		if w := r.word(i); w == "mesh" || w == "default" || strings.HasSuffix(w, "/*") && r.kind(i) == scan.Ref {
			d.Fix(r.span(prev.End, prev.End), " in", "write `all in %s`", w)
		} else {
			d.Advise("write `all in shop` for the workloads of a namespace, `all on web` for one workload")
		}
		return true
	case (r.word(i) == "in" || r.word(i) == "on") && r.kind(i) == scan.Key && prev.Kind == scan.Name && len(r.word(i-1)) < 5 && diag.Distance(strings.ToLower(r.word(i-1)), "all", 2) == 1:
		r.diags.Add(diag.BaselineSpelling, span, "%s before %q: a baseline begins with `all`", Quote(r.word(i-1)), r.word(i)).
			Fix(span, "all", "did you mean `all`?")
		return true
	}
	return false
}

var looseDate = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)

func (r *reader) slipDate(i int, want []string) bool {
	if !slices.Contains(want, "<date>") || i >= len(r.toks) {
		return false
	}
	t := r.toks[i]
	span := r.span(t.Start, t.End)
	d := r.diags.Add(diag.MalformedDate, span, "%s is not a date: one is written 2027-01-31, without quotes", Quote(r.word(i)))
	if m := looseDate.FindStringSubmatch(strings.Trim(r.word(i), `"`)); m != nil {
		pad := func(s string) string { return ("0" + s)[len(s)-1:] }
		v := m[1] + "-" + pad(m[2]) + "-" + pad(m[3])
		d.Fix(span, v, "write %s", v)
		d.Fixes[len(d.Fixes)-1].Certain = v == m[0] // its quotes are all that is wrong
	}
	return true
}

// slipArrow: a rule without its "->".
func (r *reader) slipArrow(i int, want []string) bool {
	if !slices.Contains(want, "->") || i >= len(r.toks) {
		return false
	}
	t := r.toks[i]
	w := r.word(i)
	switch {
	case w == "<-" || w == "<=" || w == "<--" || w == "<":
		r.diags.Add(diag.MissingArrow, r.span(t.Start, t.End), "%q points from targets to sources: callers stand on the left of \"->\", and what they call on the right", w).
			Advise("write `allow CALLERS -> TARGETS`")
		return true
	case w == "→" || w == "⇒" || w == "—>" || w == "–>" || w == "=" || w == ">" || w == "-" || w == "--" || w == ">>" || w == "to" || w == "calls" || w == "into" || w == "reaches":
		end := t.End
		for k := i + 1; strings.Contains("=> -> > - --", r.word(k)) && r.word(k) != ""; k++ {
			end = r.toks[k].End
		}
		span := r.span(t.Start, end)
		r.diags.Add(diag.MissingArrow, span, "%s is not the arrow between sources and targets", Quote(r.text[t.Start:end])).Respell(span, "->", "write ->")
		return true
	case w == "as" || w == "from" || w == "except":
		r.diags.Add(diag.UnexpectedToken, r.span(t.Start, t.End), "unexpected %q: sources are narrowed by `as`, `from` and `except`, once each and in this order", w)
		return true
	case w == "when" || w == "until" || w == "because":
		r.diags.Add(diag.MissingArrow, r.span(t.Start, t.End), "%q before the targets: clauses stand at the end", w).Advise("write `allow SOURCES -> TARGETS %s ...`", w)
		return true
	}
	switch t.Kind {
	case scan.Name, scan.Ref, scan.Dotted, scan.Key:
	default:
		return false
	}
	if w == "on" {
		r.diags.Add(diag.MissingArrow, r.span(t.Start, t.End), "%q is not the arrow between sources and targets", w).Fix(r.span(t.Start, t.End), "->", "write ->")
		return true
	}
	d := r.diags.Add(diag.MissingArrow, r.span(t.Start, t.Start), "no \"->\" between %s and %s", Quote(r.word(i-1)), Quote(w))
	if arrow := slices.ContainsFunc(r.toks[i:], func(t scan.Token) bool { return t.Kind == scan.Arrow }); arrow {
		d.Advise("join sources with commas: `allow web, api -> db`")
	} else {
		d.Fix(r.span(t.Start, t.Start), "-> ", "put -> between sources and targets")
	}
	return true
}

// adjacent returns the end of the run of tokens from i that no space or delimiter of lists separates.
func (r *reader) adjacent(i int) int32 {
	end := r.toks[i].End
	depth := 0
	for _, t := range r.toks[i+1:] {
		switch t.Kind {
		case scan.LBrace, scan.LBracket, scan.LParen:
			depth++
		case scan.RBrace, scan.RBracket, scan.RParen:
			depth--
		case scan.Comma, scan.Term, scan.String:
			return end
		}
		if t.Start != end || depth < 0 {
			return end
		}
		end = t.End
	}
	return end
}

var methodAndPath = regexp.MustCompile(`^([A-Z][A-Z-]*)(/.*)$`)

// slipPath: a path without quotes.
func (r *reader) slipPath(i int, _ []string) bool {
	if r.kind(i) != scan.Bad && r.kind(i) != scan.Word {
		return false
	}
	t := r.toks[i]
	end := r.adjacent(i)
	w := r.text[t.Start:end]
	span := r.span(t.Start, end)
	if m := methodAndPath.FindStringSubmatch(w); m != nil {
		r.diags.Add(diag.UnquotedPath, span, "%s is a method and a path without quotes: a path is a string", Quote(w)).
			Fix(span, m[1]+" "+scan.Quote(m[2]), "write %s %s", m[1], scan.Quote(m[2]))
		return true
	}
	if w[0] != '/' {
		return false
	}
	d := r.diags.Add(diag.UnquotedPath, span, "%s is a path without quotes: a path is a string", Quote(w))
	if strings.HasPrefix(w, "//") || strings.HasPrefix(w, "/*") && len(w) > 3 {
		d.Note("a comment begins with #")
	} else {
		d.Fix(span, scan.Quote(w), "put it in quotes")
	}
	return true
}

// slipGlob: web-*, *, shop/, a.b/*.
func (r *reader) slipGlob(i int, want []string) bool {
	w := r.word(i)
	if r.kind(i) != scan.Bad || !strings.Contains(w, "*") && !strings.HasSuffix(w, "/") || len(want) == 1 && want[0] == "<string>" {
		return false
	}
	t := r.toks[i]
	d := r.diags.Add(diag.GlobName, r.span(t.Start, t.End), "%s is not a name: \"*\" stands only in strings, and alone after a namespace, as in shop/*", Quote(w))
	if w == "*" {
		switch {
		case slices.Contains(want, "Scope"):
			d.Advise("write `mesh` for every namespace, or list those that are meant")
		case slices.Contains(want, "Target"):
			d.Advise("write `shop/*` for every workload of a namespace, or `mesh` for all")
		case slices.Contains(want, "Sources"):
			d.Advise("write `anyone` for every caller, `authenticated` for every one with an identity, `shop/*` for those of a namespace")
		case r.word(i-1) == ":":
			d.Advise("leave it out with its colon: a target without a port is all of its ports")
		case want == nil:
			d.Advise("leave it out: what is not said is any; `{ http }` is every HTTP request")
		default:
			d.Advise("list the names, or make a `group` of them; every workload of a namespace is `shop/*`")
		}
		return true
	}
	if strings.HasSuffix(w, "/") && scan.KindOf(w+"*") == scan.Ref {
		d.Fix(r.span(t.Start, t.End), w+"*", "write %s* for every workload of the namespace", w)
	} else {
		d.Advise("list the names, or make a `group` of them; every workload of a namespace is `shop/*`")
	}
	return true
}

// slipSigns: signs of other languages.
func (r *reader) slipSigns(i int, want []string) bool {
	if i >= len(r.toks) {
		return false
	}
	t := r.toks[i]
	span := r.span(t.Start, t.End)
	w := r.word(i)
	fix, why := "", ""
	switch {
	case w == "=" && slices.Contains(want, "=="):
		fix, why = "==", "\"=\" gives a name, and a condition compares with \"==\""
	case w == "==" && slices.Contains(want, "="):
		fix, why = "=", "\"==\" compares, and here stands \"=\""
	case t.Kind == scan.Name && r.kind(i+1) == scan.Colon && len(want) == 1 && want[0] == "}" && i > 2 && r.kind(i-2) == scan.Colon:
		end := r.toks[i-1].End
		r.diags.Add(diag.UnexpectedToken, span, "no comma before %s: labels are a list", Quote(w)).Respell(r.span(end, end), ",", "add a comma")
		return true
	case t.Kind == scan.Start && r.kind(i+1) == scan.Colon:
		fix, why = scan.Quote(w), Quote(w)+" at the start of a line starts a statement: as a label it stands in quotes"
	case t.Kind != scan.Bad:
		return false
	case strings.HasSuffix(w, "-") && r.kind(i+1) == scan.Arrow && scan.KindOf(w[:len(w)-1]) == scan.Name:
		fix, why = w[:len(w)-1]+" ", Quote(w)+" is not a name: a name ends in a letter or a digit"
	case w == "&&" || w == "&":
		fix, why = "and", Quote(w)+" is written `and`"
	case w == "||" || w == "|":
		fix, why = "or", Quote(w)+" is written `or`"
	case w == "!" && !r.when(i):
		r.diags.Add(diag.ForeignSign, span, "%q negates nothing here", "!").Advise("name what is meant, or take away from it: `-> api { http } except GET`")
		return true
	case w == "!":
		r.diags.Add(diag.ForeignSign, span, "%q is written `not`, with parentheses", "!").Advise("write `not (...)`")
		return true
	case w[0] == '\'' && len(w) > 2 && w[len(w)-1] == '\'' && isName(want):
		if k := scan.KindOf(w[1 : len(w)-1]); k != scan.Name && k != scan.Ref {
			r.diags.Add(diag.ForeignSign, span, "%s is not a name: names stand without quotes", Quote(w)).Advise("write the name of a workload or a group, or `principal \"...\"` for an identity that is spelt out")
			return true
		}
		fix, why = w[1:len(w)-1], Quote(w)+" is not a name: names stand without quotes"
	case w[0] == '\'' && len(w) > 2 && w[len(w)-1] == '\'':
		fix, why = scan.Quote(w[1:len(w)-1]), Quote(w)+" is not a string: strings stand in double quotes"
	default:
		return false
	}
	r.diags.Add(diag.ForeignSign, span, "%s", why).Fix(span, fix, "write %s", fix)
	return true
}
