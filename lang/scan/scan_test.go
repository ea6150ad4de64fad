package scan

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// show prints significant tokens as Kind:text, without the text where the kind says it.
func show(text string) string {
	var out []string
	s := New(text)
	for t := s.Next(); t.Kind != EOF; t = s.Next() {
		if t.Kind >= Term && t.Kind <= RBrace {
			out = append(out, t.Kind.String())
		} else {
			out = append(out, t.Kind.String()+":"+text[t.Start:t.End])
		}
	}
	return strings.Join(out, " ")
}

func TestKinds(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"portside 3scale checkout-v2", "Name:portside Name:3scale Name:checkout-v2"},
		{"http.read a.b.c", "Dotted:http.read Dotted:a.b.c"},
		{"GET M-SEARCH A_B X9", "Upper:GET Upper:M-SEARCH Upper:A_B Upper:X9"},
		{"8080 2027-01-31 2027-1-1 10.0.0.1", "Int:8080 Date:2027-01-31 Word:2027-1-1 Word:10.0.0.1"},
		{"MyApp a_b app.kubernetes.io/name", "Word:MyApp Word:a_b Word:app.kubernetes.io/name"},
		{"shop/checkout shop/* default/all shop/a.b 7/x mesh/*", "Ref:shop/checkout Ref:shop/* Ref:default/all Ref:shop/a.b Ref:7/x Ref:mesh/*"},
		{"shop/A a.b/* A/*", "Word:shop/A Bad:a.b/* Bad:A/*"},
		{"a->b", "Name:a Arrow Name:b"},
		{"shop/*->x", "Ref:shop/* Arrow Name:x"},
		{"a-->b", "Bad:a- Arrow Name:b"},
		{"--- -- ->", "Bad:--- Bad:-- Arrow"},
		{"a--b", "Name:a--b"},
		{"web-* web* shop/ /api /api/* a- * ! § é", "Bad:web-* Bad:web* Bad:shop/ Bad:/api Bad:/api/* Bad:a- Bad:* Bad:! Bad:§ Bad:é"},
		{"a/b/c a/b/*", "Bad:a/b/c Bad:a/b/*"},
		{"= == != : , ( ) [ ] { }", "Assign Equal NotEqual Colon Comma LParen RParen LBracket RBracket LBrace RBrace"},
		{`"a\"b" "\\" "x`, `String:"a\"b" String:"\\" Bad:"x`},
		{"\"x\\\ny\"", "Bad:\"x\\ Term Name:y Bad:\""},
		{"x\r\ny # c\r\nz", "Name:x Term Name:y Term Name:z"},
		{`GET"/x"`, `Upper:GET String:"/x"`},
		{"a#b", "Name:a"},
		{"all anyone trust-domain", "Key:all Key:anyone Key:trust-domain"},
		{"allow deny", "Start:allow Name:deny"},
		{"a:when, b:all", "Name:a Colon Name:when Comma Name:b Colon Name:all"},
		{"a: \n when", "Name:a Colon Term Key:when"},
		{"dry-run allow", "Start:dry-run Name:allow"},
	} {
		if got := show(c.in); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

// Where lines end and go on. Each ⏎ of the wanted text is a Term.
func TestLines(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a\nb", "a⏎b"}, {"a\n\n# c\n\nb\n", "a⏎b"}, {"a;b", "a⏎b"}, {"a;\n;b;", "a⏎b"}, {"a\n;b", "a⏎b"},
		{";\n\na", "a"}, {"a {\n b\n c\n}\nd", "a { b⏎c }⏎d"}, {"a { b; c; }", "a { b⏎c }"}, {"a { ; }", "a { }"},
		{"a,\nb", "a , b"}, {"a,\n# c\n\nb", "a , b"}, {"a\n,b", "a⏎, b"},
		{"a ->\nb", "a -> b"}, {"a\n-> b", "a⏎-> b"}, {"a =\nb", "a = b"}, {"a ==\nb", "a == b"}, {"a !=\nb", "a != b"},
		{"a:\nb", "a :⏎b"}, {"a when\nb", "a when b"}, {"a\nwhen b", "a⏎when b"}, {"x and\ny or\nz", "x and y or z"},
		{"in\non\nwith\nuntil\nbecause\nas\nfrom\nexcept\nnot\nx", "in on with until because as from except not x"},
		{"is\nx", "is⏎x"}, {"host\nx", "host⏎x"}, {"all\nx", "all⏎x"},
		{"(a\nb)\nc", "( a b )⏎c"}, {"[a\n\nb]\nc", "[ a b ]⏎c"}, {"(a\n[b\n]\nc)\nd", "( a [ b ] c )⏎d"},
		{")\na\nb", ")⏎a⏎b"}, {"(a;b\nc", "( a⏎b⏎c"}, {"(a {\nb\nc", "( a { b⏎c"},
		{"a:in\nb", "a : in⏎b"}, // after : it is a plain word, and ends its line
		// a statement word first on a line starts a statement, whatever is open
		{"a,\nallow b", "a ,⏎allow b"}, {"(a\nallow b\nc", "( a⏎allow b⏎c"}, {"a when\n test", "a when⏎test"}, {"a, inventory,\nb", "a , inventory , b"},
	} {
		var got []string
		s := New(c.in)
		for tok := s.Next(); tok.Kind != EOF; tok = s.Next() {
			if tok.Kind == Term {
				got = append(got, "⏎")
			} else {
				got = append(got, c.in[tok.Start:tok.End])
			}
		}
		have := strings.ReplaceAll(strings.Join(got, " "), " ⏎ ", "⏎")
		if have != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.in, have, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	n := 0
	for k, list := range map[Kind][]string{Key: Reserved(), Start: StatementWords()} {
		for _, w := range list {
			n++
			if wordKind(w) != k {
				t.Errorf("%q is %s, want %s", w, wordKind(w), k)
			}
		}
	}
	if n != 31+19 {
		t.Errorf("%d words", n)
	}
	for _, w := range []string{"", "allowed", "exact", "client", "sidecar", "Allow"} {
		if IsReserved(w) || IsStatementWord(w) {
			t.Errorf("%q is a word of the language", w)
		}
	}
	for _, w := range Reserved() { // the lists of the line rule are reserved words
		if Continues(w) && !IsReserved(w) {
			t.Error(w)
		}
	}
}

// partition fails unless every byte is in exactly one token, in order, and Next and All agree.
func partition(t *testing.T, text string) {
	t.Helper()
	all := All(text)
	s := New(text)
	at := int32(0)
	for _, tok := range all {
		if tok.Start != at || tok.End <= tok.Start {
			t.Fatalf("token %v after offset %d in %q", tok, at, text)
		}
		at = tok.End
		if !tok.Kind.Trivia() {
			if n := s.Next(); n != tok {
				t.Fatalf("Next gives %v, All %v in %q", n, tok, text)
			}
		}
	}
	if int(at) != len(text) || s.Next().Kind != EOF || s.Next().Kind != EOF {
		t.Fatalf("tokens end at %d of %d in %q", at, len(text), text)
	}
	if utf8.ValidString(text) {
		for _, tok := range all {
			if !utf8.ValidString(text[tok.Start:tok.End]) {
				t.Fatalf("%v splits a character in %q", tok, text)
			}
		}
	}
}

var seeds = []string{
	"", "\r", "\r\n", "a\r\nb\rc", "# c\r\n# d\r\r\n", "allow a -> b GET, POST \"/x\" when header[\"x\"] == \"y\" # why\n",
	"policy p(a) {\n allow a -> b; use q(a)\n}\n", "a - b --> c -", "\"\\", "\"\\\n", "\"\\\"", "a:when\n:\nallow", "\xff\xfe é \u200b", "a ; ; \n ; } ; {",
	"shop/ shop/* shop/** a.b/c.d.", "((((\n]]]]\n", "mesh {\n}\n;namespace x",
}

func TestPartition(t *testing.T) {
	for _, s := range seeds {
		partition(t, s)
		for i := range s {
			partition(t, s[i:])
			partition(t, s[:i])
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		partition(t, text)
		for _, tok := range All(text) {
			if tok.Kind == String {
				checkUnquote(t, text[tok.Start:tok.End])
			}
		}
		for h, ok := NextHidden(text, 0); ok; h, ok = NextHidden(text, h.End) {
			if h.End <= h.Start || h.What == "" {
				t.Fatal(h)
			}
		}
	})
}

// checkUnquote holds Unquote to encoding/json, which alone allows what is not UTF-8 and halves of surrogate pairs.
func checkUnquote(t *testing.T, raw string) {
	t.Helper()
	v, e := Unquote(raw)
	var j string
	je := json.Unmarshal([]byte(raw), &j)
	if e == nil && (je != nil || j != v) {
		t.Fatalf("%q: Unquote gives %q, JSON %q %v", raw, v, j, je)
	}
	if e != nil {
		if e.Start < 1 || e.End > len(raw) || e.Start >= e.End || e.Message == "" {
			t.Fatalf("%q: %+v", raw, e)
		}
		if je == nil && !strings.ContainsRune(j, utf8.RuneError) {
			t.Fatalf("%q: Unquote refuses (%v), JSON reads %q", raw, e, j)
		}
	}
	if e == nil {
		if w, e := Unquote(Quote(v)); e != nil || w != v {
			t.Fatalf("%q: Quote gives %s, read back as %q %v", v, Quote(v), w, e)
		}
	}
}

func TestUnquote(t *testing.T) {
	for _, c := range []struct{ raw, want, err, fix string }{
		{`""`, "", "", ""}, {`"/api/*"`, "/api/*", "", ""}, {`"a\"\\\/\b\f\n\r\t"`, "a\"\\/\b\f\n\r\t", "", ""},
		{`"\u00e9é"`, "éé", "", ""}, {`"\ud83d\ude00"`, "😀", "", ""}, {`"é"`, "é", "", ""},
		{`"a\d"`, "a", `"\\d" is no escape of a string: those are \" \\ \/ \b \f \n \r \t \uXXXX`, `\\d`},
		{`"\é"`, "", `"\\é" is no escape of a string: those are \" \\ \/ \b \f \n \r \t \uXXXX`, `\\é`},
		{`"\u12"`, "12", `\u takes four hexadecimal digits`, ""},
		{`"\ud83d"`, "", `"\\ud83d" is half of a surrogate pair, which is no character`, ""},
		{`"\ude00\ud83d"`, "", `"\\ude00" is half of a surrogate pair, which is no character`, ""},
		{`"\ud83dx"`, "x", `"\\ud83d" is half of a surrogate pair, which is no character`, ""},
		{"\"a\tb\"", "a\tb", "control character in a string", `\t`},
		{"\"\x00\"", "\x00", "control character in a string", `\u0000`},
		{"\"\xff\"", "\xff", "byte that is not UTF-8", ""},
		{`"x`, "", "string is not closed", ""},
	} {
		v, e := Unquote(c.raw)
		msg, fix := "", ""
		if e != nil {
			msg, fix = e.Message, e.Fix
		}
		if v != c.want || msg != c.err || fix != c.fix {
			t.Errorf("%s: %q, %q, fix %q", c.raw, v, msg, fix)
		}
		if strings.HasSuffix(c.raw, `"`) {
			checkUnquote(t, c.raw)
		}
	}
	if got := Quote("a\"\\\n\u200b\U000e0041é"); got != `"a\"\\\n\u200b\udb40\udc41é"` {
		t.Error(got)
	}
}

func TestHidden(t *testing.T) {
	for in, what := range map[string]string{
		"a\tb\r\nc é ⚠️ 漢\u00a0": "", "a\rb": "carriage return without a newline", "a\r": "carriage return without a newline",
		"\ufeffx": "byte order mark", "\x00": "control character", "\x1b": "control character", "\x7f": "control character", "\u009b": "control character",
		"\u0085": "line end", "\u2028": "line end", "\u2029": "line end", "\u061c": "direction mark", "\u200e": "direction mark", "\u202e": "direction mark",
		"\u2066": "direction mark", "\u2069": "direction mark", "\u200b": "character of no width", "\u200d": "character of no width", "\u2060": "character of no width",
		"\u00ad": "soft hyphen", "\U000e0041": "invisible mark", "\xff": "byte that is not UTF-8", "\xed\xa0\x80": "byte that is not UTF-8",
	} {
		h, ok := NextHidden(in, 0)
		if h.What != what || ok != (what != "") {
			t.Errorf("%q: %+v, want %q", in, h, what)
		}
	}
}

const hot = `allow ns-003/svc-007 -> ns-002/svc-005 GET "/carts/*","/internal/x"` + "\n"

func TestNextAllocates(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		s := New(hot)
		for s.Next().Kind != EOF {
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkNext(b *testing.B) {
	text := strings.Repeat(hot, 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s := New(text)
		for s.Next().Kind != EOF {
		}
	}
}

func BenchmarkHidden(b *testing.B) {
	text := strings.Repeat(hot, 1000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		NextHidden(text, 0)
	}
}
