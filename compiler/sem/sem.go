// Package sem is an exact theory of sets of requests: which requests one expression holds for and another does not, decided
// over all requests there can be, with the smallest request that shows it. It knows attributes and matchers; it knows nothing
// of Istio's objects or of the language.
//
// Each attribute's values are split into atoms: classes that no matcher in play tells apart, each with a value that stands for
// it. An expression becomes a union of cubes, one set of atoms an attribute; every question becomes whether cubes cover a cube
// (see Space). Nothing is sampled: past a budget the answer is ErrBudget, which means "not proven".
package sem

import "errors"

// ErrBudget says that an answer would take more steps than allowed: neither yes nor no is known.
var ErrBudget = errors.New("it takes more steps than the budget has")

// Kind is the kind of an attribute: what its values are and which of them can be absent.
type Kind uint8

const (
	Peer         Kind = iota // the mTLS identity of the caller, in three parts (trust domain, namespace, service account); absent without one
	SourceIP                 // address of the direct peer
	RemoteIP                 // address of the client, as headers and protocols of proxies tell it
	DestIP                   // address that is called
	Port                     // port that is called, 0 to 65535
	SNI                      // server name of the TLS handshake; absent without one
	Method                   // HTTP method
	Host                     // HTTP authority, with its port
	Path                     // HTTP path without query and fragment, as a proxy compares it
	Header                   // Name, in lower case: one HTTP header; absent, or a list of values, one for each line
	Token                    // the verified JWT, in two parts (issuer, subject); each may be absent
	Claim                    // Name: one other claim of it, `a][b` for b in the object a; absent, or a list of strings (a string is a list of one)
	Metadata                 // Name: FILTER[KEY], dynamic metadata of a filter; absent, or a string
	MetadataList             // Name: likewise; absent, or a list of strings
	Answer                   // Name: what an external authorizer says of the request; Exact "yes" matches its consent
)

// Attr is an attribute of a request. Matchers on one attribute interact; different attributes are independent, but for what a
// Space's universe says.
type Attr struct {
	Kind Kind
	Name string // of Header, Claim, Metadata, MetadataList and Answer; empty for the others
}

// Op is what a pattern asks of one part of a value.
type Op uint8

const (
	Any      Op = iota // nothing. It holds for an absent part too, where only parts can be absent (Token)
	Exact              // Text, byte for byte
	Prefix             // begins with Text
	Suffix             // ends with Text
	NonEmpty           // present, and at least one byte
	Present            // present, and may be empty
	Template           // Text is a path template as Envoy's uri_template reads it (istio-semantics 2.6)
	Block              // Text is an address or a CIDR block; for addresses only
	Range              // Lo to Hi, inclusive; for ports only
	Glob               // Text with `*` for any run of bytes, at any place
	Never              // no value
	Several            // of a list as a whole, and of nothing else: it has two elements or more
)

// Pattern is a test of one part of a value.
type Pattern struct {
	Op     Op
	Fold   bool // ASCII letters match in either case
	Text   string
	Lo, Hi int // of Range
}

// Matcher is a positive test of one attribute: all patterns hold of the parts of a present value (Peer has three, Token two,
// every other kind one). On a list it holds if some element passes. On an absent value it does not hold.
type Matcher struct {
	Attr  Attr
	Parts [3]Pattern // those past the kind's parts are Any
}

// Value is one value of an attribute.
type Value struct {
	Absent bool
	// Parts are the parts of a value of Peer and Token, the elements of a list, and otherwise the one string of it (an
	// address or a port in its usual spelling).
	Parts []string
	// Missing marks the parts of a token that are absent.
	Missing [2]bool
}

// Expr is a set of requests: those it holds for. It is built by True, False, Is, And, Or and Not, and never changed.
type Expr struct {
	op   exprOp
	test Matcher
	list []*Expr
}

type exprOp uint8

const (
	opAnd exprOp = iota // of none: every request
	opOr                // of none: no request
	opNot
	opTest
)

// True holds for every request, False for none.
var (
	True  = &Expr{op: opAnd}
	False = &Expr{op: opOr}
)

// Is holds for the requests that a matcher matches.
func Is(m Matcher) *Expr { return &Expr{op: opTest, test: m} }

// And holds where all of the expressions do.
func And(list ...*Expr) *Expr {
	if len(list) == 1 {
		return list[0]
	}
	return &Expr{op: opAnd, list: list}
}

// Or holds where one of the expressions does.
func Or(list ...*Expr) *Expr {
	if len(list) == 1 {
		return list[0]
	}
	return &Expr{op: opOr, list: list}
}

// Not holds where the expression does not.
func Not(x *Expr) *Expr { return &Expr{op: opNot, list: []*Expr{x}} }

// Request is a request, by the attributes that matter; every other attribute may have any value.
type Request map[Attr]Value
