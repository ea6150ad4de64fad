package known

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/zt-lang/ztc/compiler/sem"
)

func digest(s string) Digest { return sha256.Sum256([]byte(s)) }

// written is a file of a few facts.
func written(t *testing.T) []byte {
	t.Helper()
	f := Read(nil, nil, "")
	for i := range 5 {
		f.Learn(digest(fmt.Sprint(i)), i*i)
	}
	return f.Append(nil, []byte("key"), "model")
}

func TestReadBack(t *testing.T) {
	f := Read(written(t), []byte("key"), "model")
	for i := range 5 {
		if steps, yes := f.Ask(digest(fmt.Sprint(i))); !yes || steps != i*i {
			t.Errorf("fact %d: %d steps, known: %t", i, steps, yes)
		}
	}
	if _, yes := f.Ask(digest("5")); yes {
		t.Error("what nobody learnt is known")
	}
	f.Learn(digest("0"), 0)
	f.Learn(digest("6"), 7)
	if got := f.Tally(); got != (Tally{Known: 5, New: 1, Steps: 0 + 1 + 4 + 9 + 16 + 7}) {
		t.Errorf("%+v", got)
	}
	var none *Facts
	none.Learn(digest("0"), 0)
	if _, yes := none.Ask(digest("0")); yes {
		t.Error("no facts know something")
	}
}

// Nothing is taken of a file that is not, byte for byte, what was written with the same key and for the same model.
func TestDamagedAndForeign(t *testing.T) {
	whole := written(t)
	nothing := func(what string, text []byte, key, model string) {
		t.Helper()
		if f := Read(text, []byte(key), model); len(f.facts) > 0 {
			t.Errorf("%s: %d facts", what, len(f.facts))
		}
	}
	for i := range whole {
		for bit := range 8 {
			bad := bytes.Clone(whole)
			bad[i] ^= 1 << bit
			nothing(fmt.Sprintf("bit %d of byte %d", bit, i), bad, "key", "model")
		}
		nothing(fmt.Sprintf("cut to %d bytes", i), whole[:i], "key", "model")
		nothing(fmt.Sprintf("without byte %d", i), append(bytes.Clone(whole[:i]), whole[i+1:]...), "key", "model")
	}
	nothing("with a byte more", append(bytes.Clone(whole), 0), "key", "model")
	nothing("with a fact twice", append(append(bytes.Clone(whole[:len(head)+size]), whole[len(head):len(head)+size]...), whole[len(head)+size:]...), "key", "model")
	nothing("of another key", whole, "yek", "model")
	nothing("of no key", whole, "", "model")
	nothing("of another model", whole, "key", "model 2")
	nothing("of a model that takes the head of the text", whole[1:], "key", "model"+head[:1])
	if f := Read(whole, []byte("key"), "model"); len(f.facts) != 5 {
		t.Errorf("the file itself has %d facts", len(f.facts))
	}
}

// What no run asks for any more is forgotten, and what is asked for stays.
func TestForget(t *testing.T) {
	key := []byte("key")
	text := written(t)
	for range oldest + 1 {
		f := Read(text, key, "m")
		if len(f.facts) == 0 {
			f = Read(text, key, "model")
		}
		if _, yes := f.Ask(digest("3")); !yes {
			t.Fatal("what every run asks for is forgotten")
		}
		text = f.Append(nil, key, "m")
	}
	if f := Read(text, key, "m"); len(f.facts) != 1 {
		t.Errorf("%d facts are left", len(f.facts))
	}
}

// Questions of different parts have different texts, however their parts run into each other.
func TestQuestions(t *testing.T) {
	is := func(text string) *sem.Expr {
		return sem.Is(sem.Matcher{Attr: sem.Attr{Kind: sem.Path}, Parts: [3]sem.Pattern{{Op: sem.Exact, Text: text}}})
	}
	a, b := is("a"), is("b")
	ab, ba := sem.And(a, b), sem.And(b, a)
	ask := []func(q *Question){
		func(q *Question) {},
		func(q *Question) { q.Text("") },
		func(q *Question) { q.Text("ab") },
		func(q *Question) { q.Text("a"); q.Text("b") },
		func(q *Question) { q.Text(""); q.Text("ab") },
		func(q *Question) { q.Text("ab"); q.Text("") },
		func(q *Question) { q.Text("a\x01b") },
		func(q *Question) { q.Number(1) },
		func(q *Question) { q.Number(-2) },
		func(q *Question) { q.Number(1); q.Number(0) },
		func(q *Question) { q.Expr(a) },
		func(q *Question) { q.Expr(b) },
		func(q *Question) { q.Expr(ab) },
		func(q *Question) { q.Expr(ba) },
		func(q *Question) { q.Expr(sem.Not(ab)) },
		func(q *Question) { q.Expr(ab); q.Expr(ab) },
		func(q *Question) { q.Expr(ab); q.Expr(ba) },
		func(q *Question) { q.Expr(ba); q.Expr(ab) },
		func(q *Question) { q.Expr(sem.Or(ab, ba, ab)) },
		func(q *Question) { q.Expr(sem.Or(ab, ba, ba)) },
	}
	seen := map[Digest]int{}
	var q Question
	for i, f := range ask {
		q.Begin("kind")
		f(&q)
		d := q.Digest()
		if j, twice := seen[d]; twice {
			t.Errorf("questions %d and %d are one", j, i)
		}
		seen[d] = i
		q.Begin("kind")
		f(&q)
		if q.Digest() != d {
			t.Errorf("question %d is two", i)
		}
		q.Begin("kin")
		f(&q)
		if q.Digest() == d {
			t.Errorf("question %d is one of another kind", i)
		}
	}
}
