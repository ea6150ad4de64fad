package proof

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/sem"
	"github.com/zt-lang/ztc/emit/istio"
)

// maxCases bounds the cases of one question.
const maxCases = 1000

// Answer is what the policies say to a question: which of its requests pass, and why.
type Answer struct {
	Cases []Case
	More  bool // there are more cases than are asked

	world *World
}

// Assumptions are what the answer rests on.
func (a *Answer) Assumptions() []string { return a.world.assumptions() }

// Case is a part of a question: one caller as it was written, or one member of a group, one destination and one port of it.
type Case struct {
	Caller      string // as the language writes it
	Destination *Destination
	// Unclear is why there is no such request, and Unknown why the answer is not known.
	Unclear string
	Unknown error
	// Told are one or two requests of the case. There are two where some of the case's requests pass and some do not: the
	// smallest that is refused, and the smallest that passes. Otherwise the others fare as the one does.
	Told []Told
	// Several says that there is more than one request in the case.
	Several bool
}

// Outcome is what becomes of a case in a word: passes, refused, some (pass), never (comes there) or unknown.
func (c *Case) Outcome() string {
	switch {
	case c.Unknown != nil:
		return "unknown"
	case len(c.Told) == 0:
		return "never"
	case len(c.Told) == 2:
		return "some"
	}
	return word(c.Told[0].Verdict.Passes)
}

// Told is a request, and what becomes of it and why.
type Told struct {
	Request sem.Request
	Words   string            // the request as a question would be written
	Chosen  map[sem.Attr]bool // what the question does not say, and was chosen plainly
	Verdict Verdict
	Ladder  []Rung
}

// Rung is a step of the ladder that a request climbs.
type Rung struct {
	Step     Step            // ByCustom, ByDeny, ByAllow or ByDefault
	Policies []*istio.Object // of that step that reach the destination
	Rules    []Match         // of those that match
	// Statements are those of the program that speak of the request, and Baselines what closes the destination.
	Statements []*ir.Rule
	Baselines  []*ir.Baseline
	Misses     []Miss // of ByAllow, where nothing matches and the request is refused for it: the nearest
}

// Ask answers a question: an expectation whose verdict does not matter.
func (w *World) Ask(ctx context.Context, x *ir.Expect) Answer {
	out := Answer{world: w}
	for i := range x.Targets {
		target := &x.Targets[i]
		for _, d := range w.destinations(target) {
			for j := range x.Sources.Any {
				if x.Sources.Any[j].Alias { // asked about with the one before it, which stands for both
					continue
				}
				end := j + 1
				for end < len(x.Sources.Any) && x.Sources.Any[end].Alias {
					end++
				}
				one := *x
				sources := *x.Sources
				sources.Any = sources.Any[j:end:end]
				one.Sources = &sources
				caller := w.source(x.Namespace, &sources.Any[0])
				fit, why := (*asked)(&one).choices(target, d)
				if fit = (*asked)(&one).both(d, fit); why != "" {
					fit = []choice{{}}
				}
				for _, c := range fit {
					if len(out.Cases) == maxCases {
						out.More = true
						return out
					}
					t := Case{Caller: caller, Destination: d, Unclear: why, Unknown: ctx.Err()}
					if why == "" && t.Unknown == nil {
						t.Unknown = w.ask(&t, (*asked)(&one), target, c)
					}
					out.Cases = append(out.Cases, t)
				}
			}
		}
	}
	return out
}

// source writes a source as the language does.
func (w *World) source(namespace string, s *ir.Source) string {
	switch s.Kind {
	case ir.Anyone:
		return "anyone"
	case ir.Authenticated:
		return "authenticated"
	case ir.Plaintext:
		return "plaintext"
	case ir.Namespace:
		return "namespace " + strconv.Quote(s.Value)
	case ir.TrustDomain:
		return "trust-domain " + strconv.Quote(s.Value)
	}
	if parts := strings.Split(s.Value, "/"); len(parts) == 5 && parts[1] == "ns" && parts[3] == "sa" && !strings.Contains(s.Value, "*") {
		return w.caller(namespace, sem.Value{Parts: []string{parts[0], parts[2], parts[4]}})
	}
	return "principal " + strconv.Quote(s.Value)
}

// ask asks about the requests of one case.
func (w *World) ask(t *Case, x *asked, target *ir.Target, c choice) error {
	d := t.Destination
	q := w.reader.Question(question(x.Sources, target, x.entries(), nil, nil), chains[c.chain].intent)
	l, err := w.ladder(d, c.chain)
	if err == nil {
		err = w.early(d, c.chain)
	}
	if err != nil {
		return err
	}
	passes := l.Passes()
	open, all := map[sem.Attr]bool{{Kind: sem.Peer}: true}, map[sem.Attr]bool{}
	q.Attrs(open)
	q.Attrs(all)
	passes.Attrs(all)
	fixed, port := x.given(), sem.Attr{Kind: sem.Port}
	stated(fixed, all)
	fixed[port] = c.port
	chosen, err := x.fill(fixed, open, all, d, nil, q, passes)
	if err != nil {
		return err
	}
	chosen[port] = target.Port == 0 && (x.Op == nil || len(x.Op.Ports) == 0)
	fix := sem.Given(fixed)
	asks, goal := fix(sem.And(q, w.universe(d, c.chain, all))), fix(passes)
	whole := func(r sem.Request) sem.Request {
		out := maps.Clone(fixed)
		maps.Copy(out, r)
		return out
	}
	first, err := w.pick(asks, sem.True)
	if err != nil {
		return err
	}
	if first == nil {
		t.Unclear = w.why(x, x.Sources, d, c.chain, fixed, q)
		return nil
	}
	refused, err := w.pick(asks, sem.Not(goal))
	if err != nil {
		return err
	}
	passed, err := w.pick(asks, goal)
	if err != nil {
		return err
	}
	more, err := w.pick(asks, sem.Not(only(first)))
	if err != nil {
		return err
	}
	t.Several = more != nil
	for _, r := range []sem.Request{refused, passed} {
		if r != nil {
			t.Told = append(t.Told, w.tell(x.Namespace, d, c.chain, c.either(d), whole(r), chosen))
		}
	}
	return nil
}

// pick is the smallest request of two sets; nil where they have none in common.
func (w *World) pick(a, b *sem.Expr) (sem.Request, error) {
	var best *sem.Difference
	for _, part := range sem.Cases(a) {
		space, err := sem.NewSpace(limits, sem.Alone(part), w.names, part, b)
		if err != nil {
			return nil, err
		}
		x, err := space.Set(part)
		if err != nil {
			return nil, err
		}
		y, err := space.Set(b)
		if err != nil {
			return nil, err
		}
		found, err := space.Meets(x, y)
		if err != nil {
			return nil, err
		}
		if found != nil && (best == nil || found.Compare(best) < 0) {
			best = found
		}
	}
	if best == nil {
		return nil, nil
	}
	return best.Request, nil
}

// only holds for one request, and for what an expression cannot tell from it by the attributes that it names.
func only(r sem.Request) *sem.Expr {
	var and []*sem.Expr
	for a, v := range r {
		present := sem.Matcher{Attr: a}
		if a.Kind != sem.Peer && a.Kind != sem.Token {
			present.Parts[0].Op = sem.Present
		}
		if v.Absent {
			and = append(and, sem.Not(sem.Is(present)))
			continue
		}
		if a.Kind == sem.Header || a.Kind == sem.Claim || a.Kind == sem.MetadataList {
			for _, e := range v.Parts {
				and = append(and, sem.Is(sem.Matcher{Attr: a, Parts: [3]sem.Pattern{{Op: sem.Exact, Text: e}}}))
			}
			continue
		}
		m := sem.Matcher{Attr: a}
		for i, part := range v.Parts {
			p := sem.Pattern{Op: sem.Exact, Text: part}
			switch {
			case a.Kind == sem.Token && v.Missing[i]:
				p = sem.Pattern{}
			case a.Kind == sem.SourceIP || a.Kind == sem.RemoteIP || a.Kind == sem.DestIP:
				p.Op = sem.Block
			case a.Kind == sem.Host:
				p.Fold = true
			}
			m.Parts[i] = p
		}
		and = append(and, sem.Is(m))
	}
	return sem.And(and...)
}

// tell says what becomes of a request, step by step. With either its words say that it is HTTP.
func (w *World) tell(namespace string, d *Destination, chain int, either bool, r sem.Request, chosen map[sem.Attr]bool) Told {
	t := Told{Request: r, Chosen: chosen, Verdict: w.Why(d, chain, r)}
	v := &t.Verdict
	if l, err := w.ladder(d, chain); err == nil {
		maps.DeleteFunc(t.Request, func(a sem.Attr, _ sem.Value) bool { // nobody wants to know what is not asked
			return a.Kind == sem.Answer && !(l.Custom[a.Name] != nil && l.Custom[a.Name].Holds(r))
		})
	}
	maps.DeleteFunc(t.Request, func(a sem.Attr, v sem.Value) bool { return v.Absent && isOtherwise(t.Request, a) })
	said := maps.Clone(t.Request)
	maps.DeleteFunc(said, func(a sem.Attr, v sem.Value) bool { // what there is not is said where it was chosen
		return a.Kind != sem.Peer && a.Kind != sem.Port && (v.Absent || v.Missing[0] && v.Missing[1])
	})
	t.Words = w.question(namespace, d, v.Chain, said, either)
	for _, step := range []Step{ByCustom, ByDeny, ByAllow, ByDefault} {
		g := Rung{Step: step}
		if step == ByDefault {
			g.Policies, g.Baselines = v.Policies, slices.DeleteFunc(slices.Clone(v.Baselines), func(b *ir.Baseline) bool { return b.DryRun })
			t.Ladder = append(t.Ladder, g)
			continue
		}
		action := stepActions[step]
		for _, o := range d.policies {
			if o.Authorization.Action == action.istio && inForce(o) && !w.unasked(d, o, v.Chain) {
				g.Policies = append(g.Policies, o)
			}
		}
		for _, m := range v.Rules {
			if m.Policy.Authorization.Action == action.istio {
				g.Rules = append(g.Rules, m)
			}
		}
		for _, s := range v.Statements {
			if s.Action == action.ast && !s.DryRun {
				g.Statements = append(g.Statements, s)
			}
		}
		if step == ByAllow && v.Step == ByDefault {
			g.Misses = w.nearest(chain, r, g.Policies)
		}
		t.Ladder = append(t.Ladder, g)
	}
	return t
}
