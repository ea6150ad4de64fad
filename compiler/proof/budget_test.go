package proof

import (
	"math/rand/v2"
	"sync"
	"testing"
)

// TestPartsDoNotDependOnProcessors: whatever is begun besides, the budget ends at the same part.
func TestPartsDoNotDependOnProcessors(t *testing.T) {
	ended := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 8))
		steps := make([]int, 1+r.IntN(60))
		for i := range steps {
			if r.IntN(2) == 0 {
				steps[i] = r.IntN(sharedSteps / 8)
			}
		}
		run := func(workers int) int {
			p := newParts(len(steps))
			var mu sync.Mutex
			next := 0
			var wait sync.WaitGroup
			for range workers {
				wait.Go(func() {
					for {
						mu.Lock()
						i := next
						next++
						mu.Unlock()
						if i >= len(steps) || !p.open(i) {
							return
						}
						p.took(i, steps[i], 10)
					}
				})
			}
			wait.Wait()
			if end := p.end(); end > next {
				t.Fatalf("seed %d: the budget is enough for %d parts, of which %d were begun", seed, end, next)
			}
			return p.end()
		}
		want := run(1)
		if want < len(steps) {
			ended++
		}
		for _, workers := range []int{2, 5} {
			if got := run(workers); got != want {
				t.Fatalf("seed %d: it ends at %d with %d workers, and at %d with one", seed, got, workers, want)
			}
		}
	}
	if ended < 50 || ended == 200 {
		t.Errorf("the budget ends in %d of 200 cases: they are not varied", ended)
	}
}

// TestFreeSteps: what people write takes nothing of the budget.
func TestFreeSteps(t *testing.T) {
	p := newParts(2)
	p.took(0, freeSteps, 0)
	p.took(1, freeSteps+freeOfEach*2000, 2000)
	if p.sum != 0 {
		t.Errorf("%d steps of the shared ones", p.sum)
	}
	p.took(0, freeSteps+5, 0)
	if p.sum != 5 || p.end() != 2 {
		t.Errorf("%d steps, %d parts", p.sum, p.end())
	}
}
