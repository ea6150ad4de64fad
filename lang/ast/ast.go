// Package ast is the syntax tree: what was written, statement by statement, with byte offsets. What it means is compiler/ir.
//
// Comments are not in the tree: the formatter works on the tokens, which hold them all (see lang/format).
package ast

import (
	"path"
	"strings"

	"github.com/zt-lang/ztc/lang/source"
)

// Range is a half-open range of byte offsets in the file of the tree.
type Range struct{ Start, End int32 }

// Pos returns the range itself; with it every node that embeds Range is a Node.
func (r Range) Pos() Range { return r }

// Node is anything with a place.
type Node interface{ Pos() Range }

// File is one parsed file. Statements with an error are Bad, in their place.
type File struct {
	Source *source.File
	Stmts  []Stmt
	Pieces []string // of plain rules
}

// Span turns the place of a node into a span of this file.
func (f *File) Span(n Node) source.Span {
	r := n.Pos()
	return source.Span{File: f.Source, Start: r.Start, End: r.End}
}

// Stmt is a statement: one of the types below.
type Stmt interface {
	Node
	stmt()
}

// Ident is a word that names something: `portside`, `3scale`, `http.read`, `shop/checkout`, `shop/*`, digits, a date where a
// name may be one. Text is as written.
type Ident struct {
	Range
	Text string
}

// Str is a string; Value is decoded.
type Str struct {
	Range
	Value string
}

// Text is a string, or the name of a parameter that stands for one.
type Text struct {
	Range
	Value string // decoded, or the name
	Param bool
}

// Int is a number as written; Value is -1 when it does not fit 31 bits.
type Int struct {
	Range
	Value int
}

// Bad is a statement that could not be read. Its range is what was skipped.
type Bad struct{ Range }

// Mesh is `mesh { ... }`. A field that is not written is nil.
type Mesh struct {
	Range
	Program, RootNamespace, DataPlane *Ident
	TrustDomain, Istio                *Str
	Aliases                           []Str  // `trust-domain-aliases "...", "..."`
	AppLabel                          *Ident // the label key, unquoted
	Providers                         []Provider
	Multiple                          *Ident // `providers multiple`
}

// Provider is `provider "NAME" KIND`: what kind of service a provider of `delegate` is.
type Provider struct {
	Range
	Name Str
	Kind Ident // grpc or http
}

// Namespace is `namespace NAME`, or with a block, a declaration.
type Namespace struct {
	Range
	Name      Ident
	Block     bool
	DataPlane *Ident
	Waypoint  *Ident
}

// Label is `key: value`, both unquoted.
type Label struct {
	Range
	Key, Value Ident
}

// Port is `port [NAME] NUMBER [PROTOCOL]`.
type Port struct {
	Range
	Name     *Ident
	Number   Int
	Protocol *Ident
}

// Workload is `workload NAME { ... }`.
type Workload struct {
	Range
	Name    Ident
	Account *Ident
	Labels  []Label
	Ports   []Port
}

// Pods is `pods NAME [in SCOPE] { labels }`.
type Pods struct {
	Range
	Name   Ident
	In     *Scope
	Labels []Label
}

// Inventory is `inventory "path", ...`.
type Inventory struct {
	Range
	Paths []Str
}

// Group is `group NAME = source, ...`.
type Group struct {
	Range
	Name    Ident
	Members []Source
}

// SetKind says what a set holds.
type SetKind uint8

const (
	Methods SetKind = iota
	Paths
)

func (k SetKind) String() string { return [...]string{"methods", "paths"}[k] }

// Set is `methods NAME = ...` or `paths NAME = ...`.
type Set struct {
	Range
	Kind  SetKind
	Name  Ident
	Items []Item
}

// Import is `import "path" [as NAME]`.
type Import struct {
	Range
	Path Str
	As   *Ident
}

// Alias is the name that stands before the dot: what the statement says, else the name of the file.
func (i *Import) Alias() string {
	if i.As != nil {
		return i.As.Text
	}
	return strings.TrimSuffix(path.Base(i.Path.Value), ".zt")
}

// Policy is `policy NAME(params) { ... }`; Body holds Use, MTLS, JWT, Rule and Bad.
type Policy struct {
	Range
	Name   Ident
	Params []Ident
	Body   []Stmt
}

// Use is `use NAME(args)`.
type Use struct {
	Range
	Name Ident
	Args []Arg
}

// ArgKind says how an argument was written.
type ArgKind uint8

const (
	ArgRef    ArgKind = iota // name, dotted name, reference
	ArgMethod                // capitals
	ArgInt
	ArgString
)

// Arg is one argument, `value` or `param: value`. Text is unquoted for strings.
type Arg struct {
	Range
	Param *Ident
	Kind  ArgKind
	Value Ident
}

// Scope is `mesh`, a namespace, or `ns/*`.
type Scope struct {
	Range
	Mesh bool
	Name string // the namespace, without "/*"
}

// MTLS is `mtls MODE (in scopes | on targets [port N]) clauses`.
type MTLS struct {
	Range
	Mode    Ident // strict, permissive, disable
	In      []Scope
	On      []Target
	Port    *Int
	Clauses Clauses
}

// JWT is `jwt "issuer" (in scopes | on targets) { ... }`.
type JWT struct {
	Range
	Issuer    Text
	In        []Scope
	On        []Target
	JWKS      *Str
	Audiences []Text
	Claims    []ClaimType
	Reads     []Read
	Keep      bool
	Sets      []SetHeader
	Split     []Str
	Timeout   *Ident
}

// ClaimType is `name list` or `name string`. Keys are the claim behind those that it is inside of: a.b is b in a, and a
// string is one name, with its dots.
type ClaimType struct {
	Range
	Keys []string
	List bool
}

// Read is `read header "H" [prefix "P"]`, `read cookie "C"` or `read query "Q"`.
type Read struct {
	Range
	Kind   Ident
	Name   Str
	Prefix *Str
}

// SetHeader is `set header["H"] = claim["c"]` or `= payload`.
type SetHeader struct {
	Range
	Header, From Attr
}

// Test is `test "name" { expects }`; Body holds Expect and Bad.
type Test struct {
	Range
	Name Str
	Body []Stmt
}

// Expect is `expect allow|deny sources -> targets [op] [with ...]`; the one operation may stand in braces.
type Expect struct {
	Range
	Allow   bool
	Sources Sources
	Targets []Target
	Op      *Op
	With    []Assign
}

// Assign is `attr = "v"` or `attr = ["v", ...]`.
type Assign struct {
	Range
	Attr   Attr
	Values []Str
	List   bool
}

// Prove is `prove only|never|always sources -> targets [ops] {except op} [when cond]`.
type Prove struct {
	Range
	Mode    Ident
	Sources Sources
	Targets []Target
	Ops     Ops
	Cuts    []Op
	When    Cond
}

// Action is what a rule does.
type Action uint8

const (
	Allow Action = iota
	Deny
	Audit
	Delegate
)

func (a Action) String() string { return [...]string{"allow", "deny", "audit", "delegate"}[a] }

// Rule is a rule or, with Baseline, `ACTION all in scopes` or `ACTION all on targets`.
type Rule struct {
	Range
	DryRun   bool
	Action   Action
	Provider *Str // of delegate
	Baseline *Baseline
	Sources  Sources
	Targets  []Target
	Ops      Ops
	Cuts     []Op
	Clauses  Clauses
}

// Plain is an `allow` with plain sources, targets, methods and paths, and nothing else: the form that comes by the hundred
// thousand. It holds what makes two of them differ, in a tenth of a Rule; lang.Expander gives the Rule. Only lang.Skim makes it.
type Plain struct {
	Range
	Sources, Targets, Ops Piece
}

// Piece is a part of a plain rule: where it starts, and the number of its text in File.Pieces. Equal texts have equal
// numbers; the number 0 is the empty text.
type Piece struct{ Start, Text int32 }

// Baseline is `all in scopes` or `all on targets`; one of the lists is set.
type Baseline struct {
	Range
	In []Scope
	On []Target
}

// Clauses are the ends of a statement, each nil where it is not written.
type Clauses struct {
	When    Cond
	Until   *Ident // the date, YYYY-MM-DD as written; not yet checked to exist
	Because *Str
}

// Sources are who a rule speaks of, and its narrowing.
type Sources struct {
	Range
	Paren  bool
	List   []Source
	As     []Str
	From   []From
	Except []Out
}

// From is `from "net", ...` or `from client "net", ...`.
type From struct {
	Range
	Client bool
	Nets   []Str
}

// Out is one thing after `except` of a source: a source, `as "..."` or `from [client] "..."`; one field is set.
type Out struct {
	Range
	As     *Str
	From   *From
	Source *Source
}

// SourceKind says how a source is spelt.
type SourceKind uint8

const (
	SourceRef           SourceKind = iota // name, alias.name, ns/name, ns/*: Name
	SourceAnyone                          // anyone
	SourceAuthenticated                   // authenticated
	SourcePlaintext                       // plaintext
	SourceAccount                         // account ref: Name
	SourcePrincipal                       // principal "...": Name holds the decoded string, as in the next two
	SourceTrustDomain                     // trust-domain "..."
	SourceNamespace                       // namespace "..."
)

// Source is one source. Name has its own place; it is empty for anyone, authenticated and plaintext.
type Source struct {
	Range
	Kind SourceKind
	Name Ident
}

// TargetKind says how a target is spelt.
type TargetKind uint8

const (
	TargetRef          TargetKind = iota // name, alias.name, ns/name, ns/*
	TargetMesh                           // mesh
	TargetGateway                        // gateway ns/name
	TargetService                        // service ns/name
	TargetServiceEntry                   // service-entry ns/name
	TargetGatewayClass                   // gateway-class name
)

// Target is one target; Port is nil, digits, or a port name.
type Target struct {
	Range
	Kind TargetKind
	Name Ident
	Port *Ident
}

// Ops are the operations of a rule: none, one, or a block.
type Ops struct {
	Range
	Block   bool
	Entries []Entry
}

// Entry is one operation; Cuts and When only in a block.
type Entry struct {
	Range
	Op   Op
	Cuts []Op
	When Cond
}

// Op is one operation: parts in the order of the grammar, each at most once.
// Lists are the one or two lists of items: methods then paths; which a lone list of set names is, names decide later.
type Op struct {
	Range
	Lists     []ItemList
	Hosts     []Str
	HostExact bool
	GRPC      []Str
	Ports     []Int
	Proto     *Ident // http or tcp
}

// ItemList is one comma list of methods and method sets, or of paths and path sets.
type ItemList struct {
	Range
	Items []Item
}

// ItemKind says how an item is spelt.
type ItemKind uint8

const (
	ItemMethod ItemKind = iota // GET
	ItemPath                   // "/x": Text is decoded
	ItemName                   // a set or a parameter
)

// Item is a method, a path, or the name of a set.
type Item struct {
	Range
	Kind ItemKind
	Text string
}

// Cond is a condition: *And, *Or, *Not or *Pred; nil for none. Parentheses are not kept.
type Cond interface {
	Node
	cond()
}

// And and Or have two members or more.
type And struct {
	Range
	List []Cond
}

// Or holds if one member does.
type Or struct {
	Range
	List []Cond
}

// Not is the plain complement.
type Not struct {
	Range
	X Cond
}

// PredOp is the test of a predicate.
type PredOp uint8

const (
	Equal PredOp = iota
	NotEqual
	In
	NotIn
	Present
	Absent
)

func (o PredOp) String() string {
	return [...]string{"==", "!=", "in", "not in", "is present", "is absent"}[o]
}

// Pred is one test of one attribute; Values is empty for Present and Absent.
type Pred struct {
	Range
	Attr   Attr
	Op     PredOp
	Values []Str
}

// Attr is `name["key"]["key"]`, such as claim["a"]["b"] or sni.
type Attr struct {
	Range
	Name Ident
	Keys []Str
}

func (*Bad) stmt()       {}
func (*Mesh) stmt()      {}
func (*Namespace) stmt() {}
func (*Workload) stmt()  {}
func (*Pods) stmt()      {}
func (*Inventory) stmt() {}
func (*Group) stmt()     {}
func (*Set) stmt()       {}
func (*Import) stmt()    {}
func (*Policy) stmt()    {}
func (*Use) stmt()       {}
func (*MTLS) stmt()      {}
func (*JWT) stmt()       {}
func (*Test) stmt()      {}
func (*Expect) stmt()    {}
func (*Prove) stmt()     {}
func (*Rule) stmt()      {}
func (*Plain) stmt()     {}

func (*And) cond()  {}
func (*Or) cond()   {}
func (*Not) cond()  {}
func (*Pred) cond() {}
