package proof

import (
	"sync"

	"github.com/zt-lang/ztc/compiler/sem"
)

// Every question has a budget of steps (sem.Limits), and there can be a great many of them. So that a build ends within
// seconds, whatever it is given, all questions share one more: what one part of the work (a scope, a class of destinations)
// takes beyond its free steps is taken out of it, part by part, in their order. What comes when it is used up is not proven.
// Programs as people write them take a few steps for a statement, and nothing of it.
//
// The parts are worked on side by side, and taken up in their order. A part is begun as long as those before it that are done have
// not used the budget up, and what came of the parts behind the place where it is, in their order, is dropped: the outcome does
// not depend on who is faster, and no part before that place is left out.

// The steps that a part has for nothing: some, and some for each of its statements and questions.
const (
	freeSteps  = 1 << 10
	freeOfEach = 1 << 3
)

// sharedSteps are about two seconds.
const sharedSteps = 1 << 19

// partsTaken are the steps that parts took beyond those that are free.
type partsTaken struct {
	mu  sync.Mutex
	of  []int
	sum int
}

func newParts(n int) *partsTaken { return &partsTaken{of: make([]int, n)} }

// open reports whether a part may be begun. If it may not, no later one may.
func (p *partsTaken) open(part int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sum < sharedSteps {
		return true
	}
	before := 0 // what later parts took says nothing of this one
	for _, n := range p.of[:part] {
		before += n
	}
	return before < sharedSteps
}

// took notes what a part took, of some statements and questions.
func (p *partsTaken) took(part, steps, size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of[part] = max(0, steps-freeSteps-freeOfEach*size)
	p.sum += p.of[part]
}

// end is the number of the parts that the budget is enough for.
func (p *partsTaken) end() int {
	sum := 0
	for i, n := range p.of {
		if sum >= sharedSteps {
			return i
		}
		sum += n
	}
	return len(p.of)
}

// spent adds what a space took; one that could not be made took much.
func spent(to *int, s *sem.Space) {
	if s == nil {
		*to += sharedSteps / 16
	} else {
		*to += s.Spent()
	}
}
