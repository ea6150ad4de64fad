package grammar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/alecthomas/participle/v2"

	"github.com/zt-lang/ztc/lang/diag"
)

// expected returns what the grammar would have taken in place of the unexpected token: words and signs as they are,
// token kinds as <name>, and the names of productions. It is nil where participle does not say.
func expected(u *participle.UnexpectedTokenError) []string {
	_, rest, ok := strings.Cut(u.Message(), fmt.Sprintf("unexpected token %q (expected ", u.Unexpected))
	if !ok {
		return nil
	}
	f := firsts{text: strings.TrimSuffix(rest, ")")}
	f.alternatives(true)
	return f.out
}

// firsts reads an expression of participle's EBNF and collects what it may begin with.
type firsts struct {
	text string
	i    int
	out  []string
}

func (f *firsts) peek() byte {
	for f.i < len(f.text) && f.text[f.i] == ' ' {
		f.i++
	}
	if f.i == len(f.text) {
		return 0
	}
	return f.text[f.i]
}

// alternatives reads to the end of a group. It collects only where collect says so.
func (f *firsts) alternatives(collect bool) {
	on := collect
	for {
		c := f.peek()
		switch c {
		case 0:
			return
		case ')':
			f.i++
			return
		case '|':
			f.i++
			on = collect
			continue
		case '(':
			f.i++
			f.alternatives(on)
		default:
			end := f.i + 1
			switch c {
			case '"':
				for end < len(f.text) && f.text[end] != '"' {
					end++
				}
				end++
			case '<':
				end = f.i + strings.IndexByte(f.text[f.i:]+">", '>') + 1
			default:
				for end < len(f.text) && !strings.ContainsRune(" ()|?*+!", rune(f.text[end])) {
					end++
				}
			}
			end = min(end, len(f.text))
			if w := strings.Trim(f.text[f.i:end], `"`); on && !slices.Contains(f.out, w) {
				f.out = append(f.out, w)
			}
			f.i = end
		}
		if c := f.peek(); c == '?' || c == '*' {
			f.i++ // what follows may come in its place
		} else {
			if c == '+' || c == '!' {
				f.i++
			}
			on = false
		}
	}
}

// fields are the words that the entries of a block start with.
var fields = map[string][]string{
	"mesh":      {"program", "trust-domain", "trust-domain-aliases", "root-namespace", "istio", "data-plane", "app-label", "provider", "providers"},
	"namespace": {"data-plane", "waypoint"},
	"workload":  {"account", "labels", "port"},
	"jwt":       {"jwks", "audiences", "claims", "read", "keep", "set", "split", "timeout"},
}

// phrases name productions and token kinds in the language's own words. What has no phrase and no letter is a sign.
var phrases = map[string]string{
	"Target": "a target", "Source": "a source", "Sources": "a source", "Scope": "a namespace or `mesh`", "Out": "a source, `as` or `from`",
	"Op": "an operation", "Part": "an operation", "Ops": "an operation", "Entry": "an operation", "Cond": "a condition", "Unary": "a condition",
	"Pred": "a condition", "Attr": "an attribute", "Assign": "an attribute", "Label": "a label", "Arg": "an argument", "ClaimType": "a claim",
	"From": "`from`", "Key": `"["`, "Port": "a port", "Clause": "a clause", "Baseline": "`all`",
	"<string>": "a string", "<name>": "a name", "<dotted>": "a name", "<ref>": "a name", "<int>": "a number", "<upper>": "a method", "<date>": "a date",
	"<word>": "", "<key>": "", "<term>": "the end of the line",
}

// isName reports whether a name, or something that a name alone may be, is expected.
func isName(want []string) bool {
	for _, w := range want {
		switch w {
		case "<name>", "<dotted>", "<ref>", "Target", "Source", "Sources", "Scope", "Out":
			return !slices.Contains(want, "<string>")
		}
	}
	return false
}

// wording joins what is expected after token i-1 into words; "" where there is nothing useful to say.
func (r *reader) wording(i int, want []string) string {
	has := func(w string) bool { return slices.Contains(want, w) }
	var out []string
	add := func(s string) {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	switch {
	case has("<upper>") && has("<string>") && has("<word>"):
		add("a word or a string")
	case has("<upper>") && has("<string>"):
		add("a method, a path or a set")
	case has("<ref>") && !has("<name>"):
		add("namespace/name")
	case has("<int>") && has("<name>") && r.word(i-1) == ":":
		add("a port number or name")
	default:
		for _, w := range want {
			switch p, named := phrases[w]; {
			case named:
				add(p)
			case w == "}" && fields[r.word(0)] != nil && (r.word(i-1) == "{" || i > 0 && r.text[r.toks[i-1].Start] == '\n'):
				for _, f := range fields[r.word(0)] {
					add("`" + f + "`")
				}
				add(`"}"`)
			case strings.HasSuffix(w, "Field"):
				for _, f := range fields[r.word(0)] {
					add("`" + f + "`")
				}
			case unicode.IsLetter(rune(w[0])):
				add("`" + w + "`")
			default:
				add(strconv.Quote(w))
			}
		}
	}
	if n := len(out); n > 1 {
		return strings.Join(out[:n-1], ", ") + " or " + out[n-1]
	}
	return strings.Join(out, "")
}

// Quote puts a piece of source in quotes for a message: cut to a bearable length, a string as it is written.
func Quote(s string) string {
	const most = 48
	if len(s) > most {
		n := most
		for n > 0 && s[n]&0xc0 == 0x80 {
			n--
		}
		s = s[:n] + "…"
	}
	if len(s) > 1 && s[0] == '"' && strings.IndexFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) < 0 {
		return s
	}
	return strconv.Quote(s)
}

// nearest returns the word of a list that a misspelt one most likely means, "" where none is near. Case does not count.
func nearest(word string, list []string) string {
	if len(word) > 24 || len(word) < 2 {
		return ""
	}
	best, least := "", 3 // one more than may differ
	switch {
	case len(word) < 3:
		least = 1
	case len(word) < 5:
		least = 2
	}
	for _, w := range list {
		if d := diag.Distance(strings.ToLower(word), w, least); d < least {
			best, least = w, d
		}
	}
	return best
}

// Nearest returns the statement word, `mesh` or `namespace` that a misspelt one most likely means, "" where none is near.
func Nearest(word string, allowed func(string) bool) string {
	var list []string
	for w := range kinds() {
		if allowed(w) {
			list = append(list, w)
		}
	}
	slices.Sort(list)
	return nearest(word, list)
}
