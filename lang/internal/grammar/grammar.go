// Package grammar is the LL(1) grammar of one statement: tokens go in, a node of lang/ast or a diagnostic comes out.
// It is the only importer of participle, whose types do not leave it.
//
// The statement loop, blocks of statements and recovery are in package lang.
package grammar

import "github.com/alecthomas/participle/v2/lexer"

// The structs below are the grammar of docs/language.md. A field of type lexer.Token holds one token, one of []lexer.Token
// a list with its commas. What LL(1) cannot say is checked where they are converted (convert*.go).

// place is where a node begins and ends: Pos.Offset, EndPos.Column (see feed).
type place struct{ Pos, EndPos lexer.Position }

type statement struct {
	Mesh      *mesh      `parser:"  @@"`
	Namespace *namespace `parser:"| @@"`
	Workload  *workload  `parser:"| @@"`
	Pods      *pods      `parser:"| @@"`
	Inventory *inventory `parser:"| @@"`
	Group     *group     `parser:"| @@"`
	Set       *set       `parser:"| @@"`
	Import    *imports   `parser:"| @@"`
	Policy    *policy    `parser:"| @@"`
	Use       *use       `parser:"| @@"`
	MTLS      *mtls      `parser:"| @@"`
	JWT       *jwt       `parser:"| @@"`
	Test      *test      `parser:"| @@"`
	Expect    *expect    `parser:"| @@"`
	Prove     *prove     `parser:"| @@"`
	Rule      *rule      `parser:"| @@"`
}

// Declarations.

type mesh struct {
	Fields []*meshField `parser:"'mesh' '{' (@@ (Term @@)*)? '}'"`
}

type meshField struct {
	place
	Program       lexer.Token   `parser:"  'program' @Name"`
	TrustDomain   lexer.Token   `parser:"| 'trust-domain' @String"`
	Aliases       []lexer.Token `parser:"| 'trust-domain-aliases' @(String (',' String)*)"`
	RootNamespace lexer.Token   `parser:"| 'root-namespace' @(Name|Int|Key)"`
	Istio         lexer.Token   `parser:"| 'istio' @String"`
	DataPlane     lexer.Token   `parser:"| 'data-plane' @('sidecar'|'ambient')"`
	AppLabel      lexer.Token   `parser:"| 'app-label' @(Name|Dotted|Upper|Int|Date|Word|Ref|Key|String)"`
	Provider      lexer.Token   `parser:"| 'provider' @String"`
	Speaks        lexer.Token   `parser:"  @('grpc'|'http')"`
	Multiple      lexer.Token   `parser:"| 'providers' @'multiple'"`
}

// A namespace cannot be written with its namespace, so its name may be a word of the language.
type namespace struct {
	Name   lexer.Token       `parser:"'namespace' @(Name|Int|Key)"`
	Block  lexer.Token       `parser:"( @'{'"`
	Fields []*namespaceField `parser:"(@@ (Term @@)*)? '}' )?"`
}

type namespaceField struct {
	place
	DataPlane lexer.Token `parser:"  'data-plane' @('sidecar'|'ambient')"`
	Waypoint  lexer.Token `parser:"| 'waypoint' @(Name|Dotted|Ref)"`
}

type workload struct {
	Name   lexer.Token      `parser:"'workload' @(Name|Dotted|Ref)"`
	Fields []*workloadField `parser:"( '{' (@@ (Term @@)*)? '}' )?"`
}

type workloadField struct {
	place
	Account lexer.Token `parser:"  'account' @(Name|Dotted|Ref)"`
	Labels  []*label    `parser:"| 'labels' @@ (',' @@)*"`
	Port    *port       `parser:"| 'port' @@"`
}

type port struct {
	Name     lexer.Token `parser:"(@(Name|Key))?"`
	Number   lexer.Token `parser:"@Int"`
	Protocol lexer.Token `parser:"(@(Name|Key))?"`
}

type label struct {
	place
	Key   lexer.Token `parser:"@(Name|Dotted|Upper|Int|Date|Word|Ref|Key|String)"`
	Value lexer.Token `parser:"':' @(Name|Dotted|Upper|Int|Date|Word|String)"`
}

type pods struct {
	Name   lexer.Token `parser:"'pods' @(Name|Ref)"`
	In     *scope      `parser:"('in' @@)?"`
	Labels []*label    `parser:"'{' @@ ((','|Term) @@)* '}'"`
}

type inventory struct {
	Paths []lexer.Token `parser:"'inventory' @(String (',' String)*)"`
}

type group struct {
	Name    lexer.Token `parser:"'group' @Name '='"`
	Members []*source   `parser:"@@ (',' @@)*"`
}

type set struct {
	Kind  lexer.Token   `parser:"@('methods'|'paths')"`
	Name  lexer.Token   `parser:"@Name '='"`
	Items []lexer.Token `parser:"@((Upper|Name|Dotted|String) (',' (Upper|Name|Dotted|String))*)"`
}

type imports struct {
	Path lexer.Token `parser:"'import' @String"`
	As   lexer.Token `parser:"('as' @Name)?"`
}

// policy and test are read to their "{"; the statement loop reads what they hold.
type policy struct {
	Name   lexer.Token   `parser:"'policy' @Name '('"`
	Params []lexer.Token `parser:"(@(Name (',' Name)*))? ')' '{'"`
}

type use struct {
	Name lexer.Token `parser:"'use' @(Name|Dotted) '('"`
	Args []*arg      `parser:"(@@ (',' @@)*)? ')'"`
}

// arg is a value, or a parameter's name and its value.
type arg struct {
	place
	First  lexer.Token `parser:"@(Name|Dotted|Ref|Upper|Int|String)"`
	Second lexer.Token `parser:"(':' @(Name|Dotted|Ref|Upper|Int|String))?"`
}

type mtls struct {
	Mode    lexer.Token `parser:"'mtls' @('strict'|'permissive'|'disable')"`
	In      []*scope    `parser:"( 'in' @@ (',' @@)*"`
	On      []*target   `parser:"| 'on' @@ (',' @@)*"`
	Port    lexer.Token `parser:"  ('port' @Int)? )"`
	Clauses []*clause   `parser:"@@*"`
}

type jwt struct {
	Issuer lexer.Token `parser:"'jwt' @(String|Name)"`
	In     []*scope    `parser:"( 'in' @@ (',' @@)*"`
	On     []*target   `parser:"| 'on' @@ (',' @@)* )"`
	Fields []*jwtField `parser:"( '{' (@@ (Term @@)*)? '}' )?"`
}

type jwtField struct {
	place
	JWKS      lexer.Token   `parser:"  'jwks' @String"`
	Audiences []lexer.Token `parser:"| 'audiences' @((String|Name) (',' (String|Name))*)"`
	Claims    []*claimType  `parser:"| 'claims' @@ (',' @@)*"`
	Read      lexer.Token   `parser:"| 'read' @('header'|'cookie'|'query')"`
	From      lexer.Token   `parser:"  @String"`
	Prefix    lexer.Token   `parser:"  ('prefix' @String)?"`
	Keep      lexer.Token   `parser:"| @'keep' 'token'"`
	Set       *attr         `parser:"| 'set' @@ '='"`
	To        *attr         `parser:"  @@"`
	Split     []lexer.Token `parser:"| 'split' 'claim' @(String (',' String)*)"`
	Timeout   lexer.Token   `parser:"| 'timeout' @Name"`
}

type claimType struct {
	place
	Name lexer.Token `parser:"@(Name|Dotted|Word|String)"`
	Type lexer.Token `parser:"@('list'|'string')"`
}

// Tests and proofs.

type test struct {
	Name lexer.Token `parser:"'test' @String '{'"`
}

type expect struct {
	Verdict lexer.Token `parser:"'expect' @('allow'|'deny')"`
	Sources *sources    `parser:"@@ '->'"`
	Targets []*target   `parser:"@@ (',' @@)*"`
	Block   *op         `parser:"( '{' @@ '}'"`
	Op      *op         `parser:"| @@ )?"`
	With    []*assign   `parser:"('with' @@ (',' @@)*)?"`
}

type assign struct {
	place
	Attr  *attr         `parser:"@@ '='"`
	Value lexer.Token   `parser:"( @String"`
	List  []lexer.Token `parser:"| '[' @(String (',' String)*) ']' )"`
}

type prove struct {
	Mode    lexer.Token `parser:"'prove' @('only'|'never'|'always')"`
	Sources *sources    `parser:"@@ '->'"`
	Targets []*target   `parser:"@@ (',' @@)*"`
	Ops     *ops        `parser:"@@?"`
	Cuts    []*op       `parser:"('except' @@)*"`
	When    *cond       `parser:"('when' @@)?"`
}

// Rules.

type rule struct {
	DryRun   lexer.Token `parser:"(@'dry-run')?"`
	Action   lexer.Token `parser:"( @('allow'|'deny'|'audit')"`
	Delegate lexer.Token `parser:"| @'delegate'"`
	Provider lexer.Token `parser:"  @String )"`
	Baseline *baseline   `parser:"( @@"`
	Sources  *sources    `parser:"| @@ '->'"`
	Targets  []*target   `parser:"  @@ (',' @@)*"`
	Ops      *ops        `parser:"  @@?"`
	Cuts     []*op       `parser:"  ('except' @@)* )"`
	Clauses  []*clause   `parser:"@@*"`
}

type baseline struct {
	place
	In []*scope  `parser:"'all' ( 'in' @@ (',' @@)*"`
	On []*target `parser:"      | 'on' @@ (',' @@)* )"`
}

type clause struct {
	place
	When    *cond       `parser:"  'when' @@"`
	Until   lexer.Token `parser:"| 'until' @Date"`
	Because lexer.Token `parser:"| 'because' @String"`
}

type sources struct {
	place
	Paren  []*source     `parser:"( '(' @@ (',' @@)* ')'"`
	List   []*source     `parser:"| @@ (',' @@)* )"`
	As     []lexer.Token `parser:"('as' @(String (',' String)*))?"`
	From   []*from       `parser:"@@*"`
	Except []*out        `parser:"('except' @@ (',' @@)*)?"`
}

type from struct {
	place
	Client lexer.Token   `parser:"'from' (@'client')?"`
	Nets   []lexer.Token `parser:"@(String (',' String)*)"`
}

type out struct {
	place
	As     lexer.Token `parser:"  'as' @String"`
	From   lexer.Token `parser:"| @'from'"`
	Client lexer.Token `parser:"  (@'client')?"`
	Net    lexer.Token `parser:"  @String"`
	Source *source     `parser:"| @@"`
}

type source struct {
	place
	Class   lexer.Token `parser:"  @('anyone'|'authenticated'|'plaintext')"`
	Account lexer.Token `parser:"| 'account' @(Name|Dotted|Ref)"`
	Word    lexer.Token `parser:"| @('principal'|'trust-domain'|'namespace')"`
	Text    lexer.Token `parser:"  @String"`
	Name    lexer.Token `parser:"| @(Name|Dotted|Ref)"`
}

type target struct {
	place
	Mesh   lexer.Token `parser:"( @'mesh'"`
	Kind   lexer.Token `parser:"| @('gateway'|'service'|'service-entry')"`
	Object lexer.Token `parser:"  @Ref"`
	Class  lexer.Token `parser:"| 'gateway-class' @Name"`
	Name   lexer.Token `parser:"| @(Name|Dotted|Ref) )"`
	Port   lexer.Token `parser:"(':' @(Int|Name))?"`
}

type scope struct {
	place
	Mesh lexer.Token `parser:"  @'mesh'"`
	Name lexer.Token `parser:"| @(Name|Int|Ref)"`
}

// Operations.

type ops struct {
	place
	Block []*entry `parser:"  '{' @@ (Term @@)* '}'"`
	Op    *op      `parser:"| @@"`
}

type entry struct {
	place
	Op   *op   `parser:"@@"`
	Cuts []*op `parser:"('except' @@)*"`
	When *cond `parser:"('when' @@)?"`
}

type op struct {
	place
	Parts []*part `parser:"@@+"`
}

type part struct {
	place
	Exact lexer.Token   `parser:"  'host' (@'exact')?"`
	Hosts []lexer.Token `parser:"  @(String (',' String)*)"`
	GRPC  []lexer.Token `parser:"| 'grpc' @(String (',' String)*)"`
	Ports []lexer.Token `parser:"| 'port' @(Int (',' Int)*)"`
	Proto lexer.Token   `parser:"| @('http'|'tcp')"`
	Items []lexer.Token `parser:"| @((Upper|Name|Dotted|String) (',' (Upper|Name|Dotted|String))*)"`
}

// Conditions: and does not mix with or.

type cond struct {
	place
	First *unary   `parser:"@@"`
	And   []*unary `parser:"( ('and' @@)+"`
	Or    []*unary `parser:"| ('or' @@)+ )?"`
}

type unary struct {
	place
	Not  *cond `parser:"  'not' '(' @@ ')'"`
	Sub  *cond `parser:"| '(' @@ ')'"`
	Pred *pred `parser:"| @@"`
}

type pred struct {
	Attr  *attr         `parser:"@@"`
	Op    lexer.Token   `parser:"( @('=='|'!=')"`
	Value lexer.Token   `parser:"  @String"`
	In    []lexer.Token `parser:"| 'in' '[' @(String (',' String)*) ']'"`
	NotIn []lexer.Token `parser:"| 'not' 'in' '[' @(String (',' String)*) ']'"`
	Is    lexer.Token   `parser:"| 'is' @('present'|'absent') )"`
}

type attr struct {
	place
	Name lexer.Token `parser:"@Name"`
	Keys []*key      `parser:"@@*"`
}

type key struct {
	Text lexer.Token `parser:"'[' @String ']'"`
}
