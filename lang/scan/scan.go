// Package scan is the lexer of .zt files: it cuts any text at all into tokens, each byte in exactly one, and never fails.
//
// It also holds the line rule of the language: a statement ends at the end of its line unless that end, and only that end,
// says that the line goes on. So what stands in a line never depends on how the next one starts, except that a line
// which begins with a statement word always starts a statement.
package scan

import (
	"iter"
	"math"
	"strings"
)

// Kind is the kind of a token.
type Kind uint8

const (
	EOF    Kind = iota
	Name        // lower case with a letter in it: portside, checkout-v2, 3scale
	Dotted      // a name with a dot: http.read
	Upper       // capitals: GET, M-SEARCH
	Int         // digits
	Date        // 2027-01-31
	Word        // any other word: MyApp, a_b, 10.0.0.1, app.kubernetes.io/name
	Ref         // shop/checkout, shop/*
	String      // "..." closed on its line; what is between the quotes is not yet checked
	Key         // a reserved word
	Start       // a statement word, first on its line, after ; or after {
	Term        // a newline or ; that ends a statement or an entry

	Comma
	Colon
	Assign   // =
	Equal    // ==
	NotEqual // !=
	Arrow    // ->
	LParen
	RParen
	LBracket
	RBracket
	LBrace
	RBrace

	Bad // what belongs to no other token: a run of other characters, a word that touches one, a string that is not closed

	Space   // blanks
	Newline // a newline or ; that ends nothing
	Comment // from # to the end of the line
)

var kindNames = [...]string{
	"EOF", "Name", "Dotted", "Upper", "Int", "Date", "Word", "Ref", "String", "Key", "Start", "Term",
	"Comma", "Colon", "Assign", "Equal", "NotEqual", "Arrow", "LParen", "RParen", "LBracket", "RBracket", "LBrace", "RBrace",
	"Bad", "Space", "Newline", "Comment",
}

func (k Kind) String() string { return kindNames[k] }

// Trivia reports whether tokens of this kind carry nothing for the parser.
func (k Kind) Trivia() bool { return k >= Space }

// Token is a half-open range of bytes and what it is. Its text is text[Start:End].
type Token struct {
	Kind       Kind
	Start, End int32
}

// Scanner hands out the tokens of a text. It is a value: a copy comes back to where it was taken.
type Scanner struct {
	text  string
	off   int
	depth int   // of ( and [
	prev  Token // the last significant token; Term before the first
	held  Token // the token after a newline that was handed out as Term; EOF when there is none
	all   *[]Token
}

// New returns a scanner of a text. What lies beyond 2 GiB is not read.
func New(text string) Scanner {
	if len(text) > math.MaxInt32 {
		text = text[:math.MaxInt32]
	}
	return Scanner{text: text, prev: Token{Kind: Term}}
}

// All returns every token of a text in order, trivia included, without the EOF.
func All(text string) []Token {
	var all []Token
	for t := range Each(text) {
		all = append(all, t)
	}
	return all
}

// Each yields every token of a text in order, trivia included, without the EOF.
func Each(text string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		var buf []Token // since the last significant token; one may still become a Term until that comes
		s := New(text)
		s.all = &buf
		for k := Term; k != EOF; {
			k = s.Next().Kind
			for _, t := range buf {
				if !yield(t) {
					return
				}
			}
			buf = buf[:0]
		}
	}
}

// Next returns the next token that is not trivia. At the end of the text it returns EOF, for ever.
func (s *Scanner) Next() Token {
	if s.held.Kind != EOF {
		t := s.held
		s.held = Token{}
		return t
	}
	var end Token                    // the newline or ; that may end the statement
	var at int                       // its place in *s.all
	var pending, hard = false, false // there is one; it is a ;
	for s.off < len(s.text) {
		t := s.raw()
		s.off = int(t.End)
		switch t.Kind {
		case Space, Comment:
			s.keep(t)
			continue
		case Newline:
			if semi := s.text[t.Start] == ';'; !pending || semi && !hard {
				end, pending, hard = t, true, semi
				if s.all != nil {
					at = len(*s.all)
				}
			}
			s.keep(t)
			continue
		case Key:
			if !pending && s.prev.Kind == Colon {
				t.Kind = Name // a port name or a label value is never a word of the language
			}
		case Start:
			if !pending && s.prev.Kind != Term && s.prev.Kind != LBrace {
				t.Kind = Name
			}
		}
		ends := pending && s.ends(t, hard)
		if ends {
			s.depth = 0
		}
		switch t.Kind {
		case LParen, LBracket:
			s.depth++
		case RParen, RBracket:
			s.depth = max(0, s.depth-1)
		case LBrace, RBrace:
			s.depth = 0
		}
		s.keep(t)
		s.prev = t
		if ends {
			end.Kind = Term
			if s.all != nil {
				(*s.all)[at].Kind = Term
			}
			s.held = t
			return end
		}
		return t
	}
	n := int32(len(s.text))
	return Token{EOF, n, n}
}

// Jump goes on behind a token of the text, as if all up to it had been handed out and no parenthesis were open.
func (s *Scanner) Jump(t Token) {
	s.off, s.depth, s.prev, s.held = int(t.End), 0, t, Token{}
}

func (s *Scanner) keep(t Token) {
	if s.all != nil {
		*s.all = append(*s.all, t)
	}
}

// ends reports whether the newline or ; before t ends what came before it.
func (s *Scanner) ends(t Token, hard bool) bool {
	switch {
	case s.prev.Kind == Term || s.prev.Kind == LBrace || t.Kind == RBrace:
		return false // there is nothing to end, or } ends it
	case hard || t.Kind == Start:
		return true
	case s.depth > 0:
		return false
	}
	switch s.prev.Kind {
	case Comma, Arrow, Assign, Equal, NotEqual:
		return false
	case Key:
		return !Continues(s.text[s.prev.Start:s.prev.End])
	}
	return true
}

// raw cuts the token at the current offset, which is inside the text. Every newline and ; comes as Newline, every
// statement word as Start.
func (s *Scanner) raw() Token {
	text, i := s.text, s.off
	c := text[i]
	tok := func(k Kind, end int) Token { return Token{k, int32(i), int32(end)} }
	switch c {
	case ' ', '\t', '\r':
		j := i
		for j < len(text) && (text[j] == ' ' || text[j] == '\t' || text[j] == '\r') {
			if text[j] == '\r' && j+1 < len(text) && text[j+1] == '\n' {
				break
			}
			j++
		}
		if j == i {
			return tok(Newline, i+2)
		}
		return tok(Space, j)
	case '\n', ';':
		return tok(Newline, i+1)
	case '#':
		return tok(Comment, LineEnd(text, i))
	case '"':
		return s.str()
	case ',':
		return tok(Comma, i+1)
	case ':':
		return tok(Colon, i+1)
	case '(':
		return tok(LParen, i+1)
	case ')':
		return tok(RParen, i+1)
	case '[':
		return tok(LBracket, i+1)
	case ']':
		return tok(RBracket, i+1)
	case '{':
		return tok(LBrace, i+1)
	case '}':
		return tok(RBrace, i+1)
	case '=':
		if i+1 < len(text) && text[i+1] == '=' {
			return tok(Equal, i+2)
		}
		return tok(Assign, i+1)
	case '!':
		if i+1 < len(text) && text[i+1] == '=' {
			return tok(NotEqual, i+2)
		}
		return tok(Bad, i+1)
	}
	if arrow(text, i) {
		return tok(Arrow, i+2)
	}
	if class[c]&wordByte != 0 {
		k, end := word(text, i)
		return tok(k, end)
	}
	return tok(Bad, blob(text, i+1))
}

// LineEnd returns the offset of the line end at or after i, before its CR if it has one.
func LineEnd(text string, i int) int {
	n := strings.IndexByte(text[i:], '\n')
	if n < 0 {
		return len(text)
	}
	if n > 0 && text[i+n-1] == '\r' {
		n--
	}
	return i + n
}

// str cuts a string. One that is not closed on its line is Bad to the end of the line.
func (s *Scanner) str() Token {
	i := s.off
	for j := i + 1; j < len(s.text); j++ {
		switch s.text[j] {
		case '"':
			return Token{String, int32(i), int32(j + 1)}
		case '\n':
			return Token{Bad, int32(i), int32(LineEnd(s.text, i))}
		case '\\':
			if j+1 < len(s.text) && s.text[j+1] != '\n' {
				j++
			}
		}
	}
	return Token{Bad, int32(i), int32(len(s.text))}
}

// Classes of bytes. A delimiter ends any run of other characters.
const (
	lower uint8 = 1 << iota
	upper
	digit
	under
	dot
	hyphen
	delimiter

	wordByte = lower | upper | digit | under
)

var class = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = lower, upper
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = digit
	}
	t['_'], t['.'], t['-'] = under, dot, hyphen
	for _, c := range " \t\r\n;,()[]{}\"#=!:" {
		t[c] = delimiter
	}
	return t
}()

func arrow(s string, i int) bool { return s[i] == '-' && i+1 < len(s) && s[i+1] == '>' }

// bounded reports whether a word may end at i.
func bounded(s string, i int) bool { return i == len(s) || class[s[i]]&delimiter != 0 || arrow(s, i) }

// blob returns the end of a run of characters that belong to no other token; it stops before "->".
func blob(s string, i int) int {
	for !bounded(s, i) {
		i++
	}
	return i
}

// run returns the end of the word at i and the classes of its bytes: word bytes, and between two of them one dot or any
// number of hyphens.
func run(s string, i int) (end int, has uint8) {
	for i < len(s) {
		c := class[s[i]]
		j := i + 1
		switch {
		case c&wordByte != 0:
		case c == dot:
			if j == len(s) || class[s[j]]&wordByte == 0 {
				return i, has
			}
		case c == hyphen:
			for j < len(s) && s[j] == '-' {
				j++
			}
			if j == len(s) || class[s[j]]&wordByte == 0 {
				return i, has
			}
		default:
			return i, has
		}
		has |= c
		i = j
	}
	return i, has
}

// word cuts the token that begins with the word at i.
func word(s string, i int) (Kind, int) {
	j, has := run(s, i)
	if j+1 < len(s) && s[j] == '/' && (class[s[j+1]]&wordByte != 0 || s[j+1] == '*') {
		k, tail := j+2, uint8(lower)
		star := s[j+1] == '*'
		if !star {
			k, tail = run(s, j+1)
		}
		if !bounded(s, k) {
			return Bad, blob(s, k)
		}
		ns := classify(s[i:j], has)
		switch {
		case (ns == Name || ns == Int || ns == Date) && tail&(upper|under) == 0:
			return Ref, k
		case star:
			return Bad, k
		}
		return Word, k // a label key such as app.kubernetes.io/name
	}
	if !bounded(s, j) {
		return Bad, blob(s, j) // web*, a-, shop/
	}
	k := classify(s[i:j], has)
	if k == Name {
		k = wordKind(s[i:j])
	}
	return k, j
}

// classify names a word by the classes of its bytes.
func classify(w string, has uint8) Kind {
	switch {
	case has&lower != 0 && has&(upper|under) == 0:
		if has&dot != 0 {
			return Dotted
		}
		return Name
	case has&upper != 0 && has&(lower|dot) == 0:
		return Upper
	case has == digit:
		return Int
	case has == digit|hyphen && len(w) == 10 && w[4] == '-' && w[7] == '-':
		return Date
	}
	return Word
}

// KindOf returns the kind of a text that is one token, EOF where it is none or more.
func KindOf(text string) Kind {
	s := New(text)
	t := s.Next()
	if t.Start != 0 || int(t.End) != len(text) {
		return EOF
	}
	return t.Kind
}
