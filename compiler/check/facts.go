package check

import (
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Bounds of what is looked at: comparisons for one rule, and for a program. Past them a lint takes what it does not know for
// the worse, and warns.
const (
	maxLooked = 10_000
	maxSteps  = 5_000_000
)

// checker holds what the lints know of a program; the indices are made when one asks for them.
type checker struct {
	p        *ir.Program
	diags    diag.List
	v        *verifiers
	said     map[said]bool
	excepted map[source.Span]*exception // by place
	left     int                        // comparisons for this rule
	steps    int                        // comparisons for the program

	identified []bool          // by number of the sources of plain rules: they are known to be identities
	native     []bool          // likewise: nothing is to be said of their trust domains
	domains    map[string]bool // of others, that something was said of
	baselines  *ir.Covering
	allowed    *ruleIndex
	unnamed    *ruleIndex // allows of callers without an identity
	refused    *ruleIndex // denies without a condition
	transport  *transport
	plaintext  *ir.Covering // denies of plaintext callers
	required   *ir.Covering // denies of requests without a token
	portSets   map[string]portSet
	gateways   map[string]bool         // namespaces in which all known workloads are gateways
	gatewaysIn map[string]*ir.Workload // one of each namespace, and under "" of the mesh
}

// said is a code at a statement: a statement on many targets, or in a policy that is used often, is told of once.
type said struct {
	code diag.Code
	at   source.Span
}

func (c *checker) told(code diag.Code, at source.Span) bool { return c.said[said{code, at}] }
func (c *checker) tell(code diag.Code, at source.Span)      { c.said[said{code, at}] = true }

// flag is that of the sources of a plain rule, by their number.
func (c *checker) flag(list *[]bool, n int) *bool {
	if more := max(n, c.p.Parts.Sources) + 1 - len(*list); more > 0 {
		*list = append(*list, make([]bool, more)...)
	}
	return &(*list)[n]
}

// spend takes n comparisons from what may be looked at; false when there are not so many left.
func (c *checker) spend(n int) bool {
	if n > c.left || n > c.steps {
		return false
	}
	c.left -= n
	c.steps -= n
	return true
}

// closed finds the baselines that cover a target.
func (c *checker) closed() *ir.Covering {
	if c.baselines == nil {
		c.baselines = c.p.Closed()
	}
	return c.baselines
}

// ruleIndex finds rules by target.
type ruleIndex struct {
	meeting
	rules []*ir.Rule
}

func (x *ruleIndex) add(r *ir.Rule) {
	x.meeting.add(r.Target)
	x.rules = append(x.rules, r)
}

// allows finds the enforced allows.
func (c *checker) allows() *ruleIndex {
	if c.allowed == nil {
		c.allowed = &ruleIndex{}
		for _, r := range c.p.Rules {
			if r.Action == ast.Allow && !r.DryRun {
				c.allowed.add(r)
			}
		}
	}
	return c.allowed
}

// allowsPlaintext finds the enforced allows that admit callers without an identity.
func (c *checker) allowsPlaintext() *ruleIndex {
	if c.unnamed == nil {
		c.unnamed = &ruleIndex{}
		for _, r := range c.p.Rules {
			if r.Action == ast.Allow && !r.DryRun && slices.ContainsFunc(r.Sources.Any, func(x ir.Source) bool { return !hasIdentity(x.Kind) }) {
				c.unnamed.add(r)
			}
		}
	}
	return c.unnamed
}
