// Package known remembers what earlier builds proved, so that a change costs the proof of what it changes.
//
// A fact is a question that was answered with yes, by the digest of everything that its answer depends on. No output and no
// other answer comes from here: what is not known is asked, and a question that has been answered with no is never kept.
package known

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"sync"

	"github.com/zt-lang/ztc/compiler/sem"
)

// Digest stands for a question: the SHA-256 of its text.
type Digest [sha256.Size]byte

// Question is the text of a question, part by part. Two questions have one text only if they have the same parts. It is used
// again after Begin.
type Question struct {
	text    []byte
	printer sem.Printer
	hash    hash.Hash
}

// Begin begins another question of a kind.
func (q *Question) Begin(kind string) {
	q.text, q.printer = q.text[:0], sem.Printer{}
	q.Text(kind)
}

// Text adds a part.
func (q *Question) Text(s string) {
	q.text = append(binary.AppendUvarint(q.text, uint64(len(s))), s...)
}

// Number adds a part.
func (q *Question) Number(n int) { q.text = binary.AppendVarint(q.text, int64(n)) }

// Expr adds a set of requests.
func (q *Question) Expr(x *sem.Expr) { q.text = q.printer.Append(q.text, x) }

// Parts are the parts of a question, to be added to others.
func (q *Question) Parts() []byte { return q.text }

// Add adds the parts of another question.
func (q *Question) Add(parts []byte) { q.text = append(q.text, parts...) }

// Digest is the digest of all parts since Begin.
func (q *Question) Digest() Digest { return sha256.Sum256(q.text) }

// DigestWith is the digest with one more part, which is not copied.
func (q *Question) DigestWith(last []byte) (d Digest) {
	q.Number(len(last))
	if q.hash == nil {
		q.hash = sha256.New()
	}
	q.hash.Reset()
	q.hash.Write(q.text)
	q.hash.Write(last)
	q.hash.Sum(d[:0])
	return d
}

// Facts are questions that were answered with yes. They may be used from several goroutines. A nil *Facts knows nothing and
// learns nothing.
type Facts struct {
	mu    sync.Mutex
	facts map[Digest]fact
	tally Tally
}

// Tally is what a run knew and learnt.
type Tally struct {
	Known int // facts that were asked for and known
	New   int // facts that were learnt
	Steps int // that the answers of all these took when they were found out
}

// fact is what is known of a question.
type fact struct {
	steps uint32 // that its answer took
	age   uint8  // runs that it was not asked in
	met   bool   // it was asked in this run
}

// Ask reports whether a question is known to have the answer yes, and how many steps that took when it was found out.
func (f *Facts) Ask(d Digest) (steps int, yes bool) {
	if f == nil {
		return 0, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	x, yes := f.facts[d]
	if yes && !x.met {
		x.met = true
		f.tally.Known++
		f.tally.Steps += int(x.steps)
		f.facts[d] = x
	}
	return int(x.steps), yes
}

// Learn keeps a question that was answered with yes, in so many steps.
func (f *Facts) Learn(d Digest, steps int) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.facts == nil {
		f.facts = map[Digest]fact{}
	}
	if _, known := f.facts[d]; !known {
		f.tally.New++
		f.tally.Steps += steps
	}
	f.facts[d] = fact{steps: uint32(steps), met: true}
}

// Tally returns what the run knew and learnt so far.
func (f *Facts) Tally() Tally {
	if f == nil {
		return Tally{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tally
}

// A file of facts has a head, the facts, each as its digest, its steps and its age, in the order of their digests, and the
// HMAC-SHA-256 of all that.
const (
	head      = "ztc facts 1\n"
	size      = sha256.Size + 4 + 1
	oldest    = 16      // runs that a fact is kept without being asked for
	most      = 1 << 20 // facts of one file
	MaxLength = len(head) + most*size + sha256.Size
)

// Append appends the facts of this run, and those of earlier ones that are not too old, to dst. Who has the key can read them
// back, with the same model.
func (f *Facts) Append(dst, key []byte, model string) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Digest, 0, len(f.facts))
	for d, x := range f.facts {
		if x.met || x.age < oldest {
			list = append(list, d)
		}
	}
	if len(list) > most {
		list = slices.DeleteFunc(list, func(d Digest) bool { return !f.facts[d].met })
		list = list[:min(len(list), most)]
	}
	slices.SortFunc(list, func(a, b Digest) int { return bytes.Compare(a[:], b[:]) })
	from := len(dst)
	dst = append(slices.Grow(dst, len(head)+len(list)*size+sha256.Size), head...)
	for _, d := range list {
		x := f.facts[d]
		age := x.age + 1
		if x.met {
			age = 0
		}
		dst = append(binary.LittleEndian.AppendUint32(append(dst, d[:]...), x.steps), age)
	}
	return append(dst, seal(dst[from:], key, model)...)
}

// Read reads facts that Append wrote with the same key and model. Of anything else it takes nothing: it returns no facts.
func Read(text, key []byte, model string) *Facts {
	f := &Facts{facts: map[Digest]fact{}}
	n := len(text) - sha256.Size - len(head)
	if n < 0 || n%size != 0 || n/size > most || !bytes.HasPrefix(text, []byte(head)) {
		return f
	}
	body := text[:len(head)+n]
	if !hmac.Equal(text[len(body):], seal(body, key, model)) {
		return f
	}
	f.facts = make(map[Digest]fact, n/size+n/size/8)
	for rest := body[len(head):]; len(rest) > 0; rest = rest[size:] {
		f.facts[Digest(rest[:sha256.Size])] = fact{steps: binary.LittleEndian.Uint32(rest[sha256.Size:]), age: rest[size-1]}
	}
	return f
}

// seal is what only who has the key can write below a text, for a model.
func seal(text, key []byte, model string) []byte {
	m := hmac.New(sha256.New, key)
	var q Question
	q.Begin(model)
	m.Write(q.text)
	m.Write(text)
	return m.Sum(nil)
}
