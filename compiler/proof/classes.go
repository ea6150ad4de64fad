package proof

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/zt-lang/ztc/compiler/intent"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/known"
	"github.com/zt-lang/ztc/compiler/sem"
)

// Destinations that the same policies reach, and that have the same ports, are one class: what is asked of all of them is
// asked once. Classes are worked on side by side, each with all that the trials ask of it, so that the meaning of its policies
// is made once and need not be kept.

// task is one trial about one destination.
type task struct {
	trial  *Trial
	target *ir.Target
	to     *Destination
	outcome
}

// outcome is what came of a task.
type outcome struct {
	failure *failure
	unclear string
	unknown error
	unsure  error // it is not known whether the question speaks of a request
	speaks  bool  // it is found out that it does
	decided []Voice
}

// failure is how a destination fails. The request and what belongs to it are there where details are asked for.
type failure struct {
	Failure
	chain int
}

// class works on the tasks of one class of destinations. It is for one goroutine.
type class struct {
	w       *World
	reader  *asker
	found   *finds
	details bool // ask for the smallest request, not only whether there is one
	spent   *int // the steps that were taken

	open   [len(chains)]*sem.Expr // what passes
	attrs  [len(chains)]map[sem.Attr]bool
	shared map[shared]outcome
	voices []Voice // of all scopes and policies, where coverage is asked for
	meant  [len(chains)][]*sem.Expr
}

// shared is what destinations of a class share the outcome of.
type shared struct {
	trial  *Trial
	target *ir.Target
}

// finds are the trials of which it is known that they speak of some request: proofs, and expectations of a deny.
type finds struct{ of map[*Trial]*atomic.Bool }

// asker reads questions, and remembers those of proofs. It is for one goroutine.
type asker struct {
	*intent.Reader
	questions map[shared]*[len(chains)]*sem.Expr
	digests   map[shared]known.Digest // of the questions
	text      known.Question
}

func (w *World) asker() *asker {
	return &asker{Reader: w.intent.Reader(), questions: map[shared]*[len(chains)]*sem.Expr{}, digests: map[shared]known.Digest{}}
}

// asked are the requests on a chain that a proof speaks of.
func (a *asker) asked(x *ir.Proof, target *ir.Target, chain int) *sem.Expr {
	k := shared{target: target}
	if a.questions[k] == nil {
		a.questions[k] = &[len(chains)]*sem.Expr{}
	}
	q := &a.questions[k][chain]
	if *q == nil {
		rule, c := question(x.Sources, target, x.Entries, x.Cuts, x.When), chains[chain].intent
		switch {
		case x.Mode == ir.Only:
			*q = a.Bound(rule, c)
		case x.Mode == ir.Never && chain == httpChain:
			*q = sem.Or(a.Question(rule, c), spellings(a.Reader, x, target))
		default:
			*q = a.Question(rule, c)
		}
	}
	return *q
}

// run asks what trials ask. The result does not depend on which processor is faster.
func (w *World) run(ctx context.Context, trials []*Trial, coverage bool) {
	var tasks []task
	ends := make([]int, len(trials))
	found := &finds{map[*Trial]*atomic.Bool{}}
	for i, t := range trials {
		found.of[t] = new(atomic.Bool)
		targets := t.targets()
		for j := range targets {
			for _, d := range w.destinations(&targets[j]) {
				tasks = append(tasks, task{trial: t, target: &targets[j], to: d})
			}
		}
		ends[i] = len(tasks)
	}
	var classes [][]*task
	number := map[string]int{}
	for i := range tasks {
		n, known := number[tasks[i].to.class]
		if !known {
			n = len(classes)
			number[tasks[i].to.class] = n
			classes = append(classes, nil)
		}
		classes[n] = append(classes[n], &tasks[i])
	}
	parts := newParts(len(classes))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(len(classes), runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			reader := w.asker()
			for {
				n := int(next.Add(1)) - 1
				if n >= len(classes) || ctx.Err() != nil || !parts.open(n) {
					return
				}
				steps, size := w.work(classes[n], reader, found, coverage)
				parts.took(n, steps, size*len(classes[n]))
			}
		})
	}
	wait.Wait()
	for _, class := range classes[parts.end():] {
		for _, t := range class {
			t.outcome = outcome{unknown: sem.ErrBudget}
		}
	}
	from, steps := 0, 0
	reader := w.asker()
	for i, t := range trials {
		if t.Unknown = ctx.Err(); t.Unknown == nil {
			w.gather(t, tasks[from:ends[i]], reader, found, &steps)
		}
		from = ends[i]
	}
}

func (t *Trial) targets() []ir.Target {
	if t.Expect != nil {
		return t.Expect.Targets
	}
	return t.Proof.Targets
}

// work does the tasks of a class, and returns the steps that it took and how many statements the class has: with coverage the
// rules of its policies, too.
func (w *World) work(tasks []*task, reader *asker, found *finds, coverage bool) (steps, size int) {
	c := &class{w: w, reader: reader, found: found, spent: &steps, shared: map[shared]outcome{}}
	for _, s := range tasks[0].to.scopes {
		size += len(s.Rules)
	}
	if coverage {
		c.voices = w.voices(tasks[0].to)
		size = len(c.voices)
	}
	for _, t := range tasks {
		t.outcome = c.safely(t)
	}
	return steps, size
}

// safely asks one task. A panic in a goroutine nobody else could stop.
func (c *class) safely(t *task) (out outcome) {
	defer func() {
		if p := recover(); p != nil {
			out.unknown = fmt.Errorf("panic: %v", p)
		}
	}()
	if *c.spent >= sharedSteps {
		return outcome{unknown: sem.ErrBudget}
	}
	return c.ask(t)
}

func (c *class) ask(t *task) outcome {
	if t.trial.Expect != nil && t.trial.Expect.Allow {
		return c.expectAllow(t.trial, t.target, t.to) // what is chosen plainly has the name of its destination
	}
	k := shared{t.trial, t.target}
	out, asked := c.shared[k]
	if !asked {
		if t.trial.Expect != nil {
			out = c.expectDeny(t.trial, t.target, t.to)
		} else if f := c.fact(t); f == nil {
			out = c.prove(t.trial, t.target, t.to)
		} else if !f.known() {
			before := *c.spent
			out = c.prove(t.trial, t.target, t.to)
			f.learn(&out, *c.spent-before)
		}
		c.shared[k] = out
	}
	return out
}

// gather puts together what came of the tasks of a trial. The failures that are spoken of get their requests here.
func (w *World) gather(t *Trial, tasks []task, reader *asker, found *finds, spent *int) {
	decided := map[Voice]bool{}
	var unsure error
	for i := range tasks {
		x := &tasks[i]
		for _, v := range x.decided {
			if !decided[v] {
				decided[v] = true
				t.Decided = append(t.Decided, v)
			}
		}
		if x.failure != nil && len(t.Failures) < shown {
			c := &class{w: w, reader: reader, found: found, details: true, spent: spent, shared: map[shared]outcome{}}
			x.outcome = c.safely(x)
		}
		if unsure == nil {
			unsure = x.unsure
		}
		if t.Unclear, t.Unknown = x.unclear, x.unknown; t.Unclear != "" || t.Unknown != nil {
			return
		}
		if f := x.failure; f != nil {
			f.Destination = x.to
			if len(t.Failures) < shown && f.Nothing == nil {
				f.Verdict = w.Why(x.to, f.chain, f.Request)
			}
			t.Failures = append(t.Failures, f.Failure)
		}
	}
	if t.Expect != nil && (t.Expect.Allow || len(t.Failures) > 0) || found.of[t].Load() {
		return
	}
	switch {
	case unsure != nil:
		t.Unknown = unsure
	case t.Expect != nil:
		t.Unclear = "there is no request that this speaks of" + t.nowhere(tasks)
	case t.Proof.Mode != ir.Only || len(tasks) == 0:
		t.Unclear = "there is no request that this speaks of, so it proves nothing"
	case len(t.Failures) == 0:
		t.Unclear = "nothing passes at all"
	}
}

// nowhere says why an expectation speaks of no request, where its ports or its claims tell.
func (t *Trial) nowhere(tasks []task) string {
	for i := range tasks {
		x := (*asked)(t.Expect)
		_, why := x.choices(tasks[i].target, tasks[i].to)
		if why = cmp.Or(why, x.listed(tasks[i].to)); why != "" {
			return ": " + why
		}
	}
	return ", so it holds whatever the policies say"
}

// passes are the requests that pass on a chain, and the attributes that they and a question test.
func (c *class) passes(d *Destination, chain int, q *sem.Expr) (*sem.Expr, map[sem.Attr]bool, error) {
	if c.open[chain] == nil {
		l, err := c.w.ladder(d, chain)
		if err != nil {
			return nil, nil, err
		}
		c.open[chain] = l.Passes()
		c.attrs[chain] = map[sem.Attr]bool{}
		c.open[chain].Attrs(c.attrs[chain])
	}
	all := map[sem.Attr]bool{}
	for a := range c.attrs[chain] {
		all[a] = true
	}
	q.Attrs(all)
	return c.open[chain], all, nil
}
