package proof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	security "istio.io/api/security/v1beta1"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/known"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/plane"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Translation proves that objects mean what a program says (translation validation): scope by scope, chain by chain and part
// by part, so that it holds beside whatever policies others add. Objects are shown to it one by one, by Checkers; what is in
// plain normal form is settled at once, by comparing sets, and the rest by the algebra, in Finish.
type Translation struct {
	program *intent.Program
	mesh    plane.Mesh
	units   *intent.Units
	facts   *known.Facts
	settled []atomic.Bool // by scope: its allows are proven, and it has no other statements but baselines
	closed  []atomic.Bool // by scope: an ALLOW without rules was seen

	mu     sync.Mutex
	kept   map[*intent.Scope][]*istio.Object // what is not settled; under nil what applies where no statement does
	others []*istio.Object                   // that are no AuthorizationPolicies
	wanted map[string]*intent.Settings
}

// NewTranslation takes a program and what it means on a day, and what is known of it (nil for nothing).
func NewTranslation(p *ir.Program, m *intent.Program, now string, facts *known.Facts) *Translation {
	t := &Translation{
		program: m, mesh: meshOf(p), units: m.Units(), facts: facts,
		settled: make([]atomic.Bool, len(m.Scopes)), closed: make([]atomic.Bool, len(m.Scopes)),
		kept: map[*intent.Scope][]*istio.Object{}, wanted: intent.SettingsOf(p, now),
	}
	return t
}

// Meant is what the program means.
func (t *Translation) Meant() *intent.Program { return t.program }

// Checker looks at objects. It is for one goroutine.
type Checker struct {
	t       *Translation
	emitted *intent.Emitted
	ops     []ir.Operation
	labels  []ir.Label

	question known.Question
	digest   known.Digest // of the object that Known was asked about last, where asked is set
	asked    bool
	keys     []string
}

// Checker returns a new checker.
func (t *Translation) Checker() *Checker { return &Checker{t: t, emitted: t.units.Emitted()} }

// Known reports whether it is known of what is written of an object that it is this object, fit for Istio, and that it means what
// the program says: then it need not be read, and not be seen. Otherwise See is to be told of it next.
func (c *Checker) Known(o *istio.Object, written []byte) bool {
	c.asked = false
	if c.t.facts == nil || o.Authorization == nil || len(o.Authorization.Rules) == 0 {
		return false
	}
	c.labels = sorted(c.labels[:0], o.Authorization.GetSelector().GetMatchLabels())
	q, s := &c.question, c.t.program.Find(o.Namespace, c.labels)
	q.Begin("object")
	if s == nil || !c.t.units.Ask(q, s) {
		return false
	}
	q.Text(string(o.Kind))
	q.Text(o.Name)
	q.Number(len(o.Labels))
	c.keys = slices.AppendSeq(c.keys[:0], maps.Keys(o.Labels))
	slices.Sort(c.keys)
	for _, k := range c.keys {
		q.Text(k)
		q.Text(o.Labels[k])
	}
	c.asked, c.digest = true, q.DigestWith(written)
	_, yes := c.t.facts.Ask(c.digest)
	if yes {
		c.t.settled[s.Index].Store(true)
	}
	return yes
}

// See takes an object, of which the emitted bytes are known to be equal. It reports whether the object is kept: then it must
// not change any more.
func (c *Checker) See(o *istio.Object) (kept bool) {
	if o.Authorization == nil {
		c.t.mu.Lock()
		c.t.others = append(c.t.others, o)
		c.t.mu.Unlock()
		return true
	}
	c.labels = sorted(c.labels[:0], o.Authorization.GetSelector().GetMatchLabels())
	s := c.t.program.Find(o.Namespace, c.labels)
	if s != nil {
		switch {
		case baseline(o):
			c.t.closed[s.Index].Store(true)
			return false
		case c.plain(o) && c.emitted.Equal(s):
			c.t.settled[s.Index].Store(true)
			if c.asked {
				c.t.facts.Learn(c.digest, 0)
			}
			return false
		}
	}
	c.t.mu.Lock()
	c.t.kept[s] = append(c.t.kept[s], o)
	c.t.mu.Unlock()
	return true
}

// baseline reports whether an object is an ALLOW that names nothing.
func baseline(o *istio.Object) bool {
	a := o.Authorization
	return a.Action == security.AuthorizationPolicy_ALLOW && len(a.Rules) == 0 && len(o.Annotations) == 0 && a.TargetRef == nil && len(a.TargetRefs) == 0
}

// sorted appends labels in the order of their keys.
func sorted(list []ir.Label, labels map[string]string) []ir.Label {
	for k, v := range labels {
		list = append(list, ir.Label{Key: k, Value: v})
	}
	slices.SortFunc(list, func(a, b ir.Label) int { return strings.Compare(a.Key, b.Key) })
	return list
}

// plain gathers the rules of an object, if they are ones of an ALLOW that test nothing but principals and operations.
func (c *Checker) plain(o *istio.Object) bool {
	a := o.Authorization
	if a.Action != security.AuthorizationPolicy_ALLOW || len(o.Annotations) > 0 || len(a.Rules) == 0 || a.TargetRef != nil || len(a.TargetRefs) > 0 {
		return false
	}
	c.emitted.Reset()
	for _, r := range a.Rules {
		if len(r.From) == 0 || len(r.When) > 0 {
			return false
		}
		c.ops = c.ops[:0]
		for _, to := range r.To {
			x := to.GetOperation()
			if len(x.NotHosts)+len(x.NotMethods)+len(x.NotPaths)+len(x.NotPorts) > 0 {
				return false
			}
			op := ir.Operation{Methods: x.Methods, Paths: x.Paths, Hosts: x.Hosts}
			for _, p := range x.Ports {
				n, err := strconv.Atoi(p)
				if err != nil {
					return false
				}
				op.Ports = append(op.Ports, n)
			}
			c.ops = append(c.ops, op)
		}
		for _, f := range r.From {
			x := f.GetSource()
			if len(x.Principals) == 0 || len(x.NotPrincipals)+len(x.Namespaces)+len(x.NotNamespaces)+len(x.ServiceAccounts)+len(x.NotServiceAccounts)+
				len(x.TrustDomains)+len(x.NotTrustDomains)+len(x.RequestPrincipals)+len(x.NotRequestPrincipals)+
				len(x.IpBlocks)+len(x.NotIpBlocks)+len(x.RemoteIpBlocks)+len(x.NotRemoteIpBlocks) > 0 {
				return false
			}
			c.emitted.Add(x.Principals, c.ops)
		}
	}
	return true
}

// Finish settles what is left, and returns what is wrong: an internal error for each scope whose objects mean something
// else, with a request that shows it, and an error where the answer is not known.
func (t *Translation) Finish(ctx context.Context) diag.List {
	var open []*intent.Scope
	for i, s := range t.program.Scopes {
		if !t.settled[i].Load() || len(t.kept[s]) > 0 {
			open = append(open, s)
		}
	}
	diags := t.settings()
	slices.SortFunc(t.kept[nil], func(a, b *istio.Object) int { return a.Key().Compare(b.Key()) })
	for _, o := range t.kept[nil] {
		diags.Add(diag.Internal, source.Span{}, "proof: %s %s/%s applies where no statement does", o.Kind, o.Namespace, o.Name)
	}
	said := make([]diag.List, len(open))
	parts := newParts(len(open))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(len(open), runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			r := t.program.Reader()
			for {
				i := int(next.Add(1)) - 1
				if i >= len(open) || ctx.Err() != nil || !parts.open(i) {
					return
				}
				steps := 0
				said[i] = t.settle(r, open[i], &steps)
				size := len(open[i].Rules)
				for _, o := range t.kept[open[i]] {
					size += len(o.Authorization.GetRules())
				}
				parts.took(i, steps, size)
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		diags.Add(diag.Internal, source.Span{}, "proof: %v", err)
	}
	for i, s := range open[parts.end():] {
		said[parts.end()+i] = diag.List{}
		if i == 0 {
			said[parts.end()].Add(diag.NotProven, s.Span(), "whether the policies of %s, and of %d more after it, mean what the program says is not proven: %v", name(s), len(open)-parts.end()-1, sem.ErrBudget)
		}
	}
	return append(diags, slices.Concat(said...)...)
}

// settle compares the objects of a scope with its statements, both those in force and those on dry run.
func (t *Translation) settle(r *intent.Reader, s *intent.Scope, steps *int) (diags diag.List) {
	defer func() {
		if p := recover(); p != nil { // in a goroutine nobody else could
			diags.Add(diag.Internal, source.Span{}, "proof: panic: %v", p)
		}
	}()
	var halves [2][]*istio.Object
	for _, o := range t.kept[s] {
		if plane.DryRun(o) {
			plain := *o
			plain.Annotations = nil
			halves[1] = append(halves[1], &plain)
		} else {
			halves[0] = append(halves[0], o)
		}
	}
	for i, objects := range halves {
		for _, c := range chains {
			want, err := r.Ladder(s, c.intent, i == 1)
			var got sem.Ladder
			if err == nil {
				got, err = t.mesh.Ladder(objects, c.plane)
			}
			if err == nil {
				got.Closed = got.Closed || i == 0 && t.closed[s.Index].Load()
				err = compare(t.program.Universe(s, c.intent), want, got, closing(s, i == 1), t.facts, steps)
			}
			var m *mismatch
			switch {
			case err == nil:
			case errors.As(err, &m):
				d := diags.Add(diag.Internal, source.Span{}, "proof: the policies of %s do not mean what the program says, on the %s chain: %v", name(s), c.plane, m)
				t.readings(d, m, r, s, objects, i == 1, c.intent, c.plane)
				return diags
			default:
				d := diags.Add(diag.NotProven, s.Span(), "whether the policies of %s mean what the program says is not proven: %v", name(s), err)
				d.Advise("split the statements, so that fewer conditions and exceptions meet in one place")
				return diags
			}
		}
	}
	return diags
}

func name(s *intent.Scope) string {
	if len(s.Labels) == 0 {
		return s.Namespace + "/*"
	}
	var b strings.Builder
	for i, l := range s.Labels {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(l.Key + "=" + l.Value)
	}
	return s.Namespace + " with " + b.String()
}

// mismatch is a request that the program and the policies have different things to say of.
type mismatch struct {
	aspect
	inMeant bool // the program names it, and the policies do not
	request sem.Request
}

// aspect is a part of a ladder. Its provider is that of a delegate.
type aspect struct {
	name     string
	action   ast.Action
	provider string
}

func (m *mismatch) Error() string {
	if m.request == nil {
		return m.name
	}
	if m.inMeant {
		return fmt.Sprintf("the program's %s has %s, and the policies' has not", m.name, Words(m.request))
	}
	return fmt.Sprintf("the policies' %s has %s, and the program's has not", m.name, Words(m.request))
}

// closing reports whether a scope has a baseline of its own.
func closing(s *intent.Scope, dryRun bool) bool {
	return slices.ContainsFunc(s.Baselines, func(b *ir.Baseline) bool { return b.DryRun == dryRun })
}

// compare compares two ladders part by part: equal ones decide alike beside any others. An allow that names nothing need not
// be there: what it is on is closed by a baseline, here or around it.
func compare(universe *sem.Expr, want, got sem.Ladder, baseline bool, facts *known.Facts, steps *int) error {
	switch {
	case got.Closed && !want.Closed:
		return &mismatch{aspect: aspect{name: "an ALLOW policy closes it, and the program does not"}}
	case baseline && !got.Closed:
		return &mismatch{aspect: aspect{name: "the program closes it, and no ALLOW policy does"}}
	}
	type pair struct {
		aspect
		want, got *sem.Expr
	}
	parts := []pair{
		{aspect{"deny", ast.Deny, ""}, want.Deny, got.Deny}, {aspect{"allow", ast.Allow, ""}, want.Allow, got.Allow}, {aspect{"audit", ast.Audit, ""}, want.Audit, got.Audit},
	}
	either := maps.Clone(want.Custom)
	if either == nil {
		either = map[string]*sem.Expr{}
	}
	maps.Copy(either, got.Custom)
	for _, p := range slices.Sorted(maps.Keys(either)) {
		x := pair{aspect{"delegate to " + p, ast.Delegate, p}, want.Custom[p], got.Custom[p]}
		if x.want == nil {
			x.want = sem.False
		}
		if x.got == nil {
			x.got = sem.False
		}
		parts = append(parts, x)
	}
	var all []*sem.Expr
	parts = slices.DeleteFunc(parts, func(p pair) bool { return sem.Same(p.want, p.got) })
	if len(parts) == 0 {
		return nil
	}
	var q known.Question
	q.Begin("equal")
	q.Expr(universe)
	for _, p := range parts {
		all = append(all, p.want, p.got)
		q.Text(p.name)
		q.Expr(p.want)
		q.Expr(p.got)
	}
	digest := q.Digest()
	if n, yes := facts.Ask(digest); yes {
		*steps += n
		return nil
	}
	attrs := map[sem.Attr]bool{}
	for _, x := range all {
		x.Attrs(attrs)
	}
	space, err := sem.NewSpace(limits, sem.And(universe, plane.Possible(attrs)), nil, all...)
	defer func() { spent(steps, space) }()
	if err != nil {
		return err
	}
	for _, p := range parts {
		a, err := space.Set(p.want)
		if err != nil {
			return err
		}
		b, err := space.Set(p.got)
		if err != nil {
			return err
		}
		d, inWant, err := space.Equal(a, b)
		if err != nil {
			return err
		}
		if d != nil {
			return &mismatch{p.aspect, inWant, d.Request}
		}
	}
	facts.Learn(digest, space.Spent())
	return nil
}
