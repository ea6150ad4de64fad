package ir

import "github.com/zt-lang/ztc/lang/source"

// Expect is one `expect` of a test: what the emitted policies have to say of requests.
type Expect struct {
	Test    string      // the name of its test
	In      source.Span // where that name stands
	Allow   bool
	Sources *Sources
	Targets []Target
	Op      *Operation // nil where none is written
	With    []Given
	Span    source.Span
	// Namespace is that of bare names where it stands.
	Namespace string
}

// Given is an attribute that an expectation states.
type Given struct {
	Key    string // Istio's `when` key
	Kind   AttrKind
	Values []string // several for a list
	List   bool     // it is written as a list, perhaps of one
	Span   source.Span
}

// ProofMode is what a proof says of the requests that it names.
type ProofMode uint8

const (
	Only   ProofMode = iota // whatever passes to the targets is one of them, and something passes
	Never                   // none passes
	Always                  // all pass
)

func (m ProofMode) String() string { return [...]string{"only", "never", "always"}[m] }

// Proof is one `prove` statement.
type Proof struct {
	Mode    ProofMode
	Sources *Sources
	Targets []Target
	Entries []Entry // never empty
	Cuts    []Operation
	When    *Cond
	Span    source.Span
	// Namespace is that of bare names where it stands.
	Namespace string
}
