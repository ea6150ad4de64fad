package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/emit/istio"
)

// stats is what --stats tells of a build: how long each stage took and how much went into it, and the size of what came out. A
// nil *stats gathers nothing.
type stats struct {
	started time.Time
	stages  []*stage // in the order of their first beginning
	open    *stage
	since   time.Time // the open stage began
	out     *size     // nil when nothing came out

	uncached string // why nothing is kept of what was proven; empty where it is
}

type stage struct {
	name   string
	took   time.Duration
	counts []compiler.Count
}

// size is how large the output is.
type size struct {
	Policies int `json:"policies"`
	Rules    int `json:"rules"`
	Values   int `json:"values"`
	Bytes    int `json:"bytes"`
}

func newStats() *stats { return &stats{started: time.Now()} }

// begin ends the stage at hand and begins another. A stage that comes again, because a program is compiled a second time for
// the places of its diagnostics, takes up where it was.
func (s *stats) begin(name string, counts ...compiler.Count) {
	if s == nil {
		return
	}
	s.end()
	s.since = time.Now()
	for _, st := range s.stages {
		if st.name == name {
			s.open = st
		}
	}
	if s.open == nil {
		s.open = &stage{name: name}
		s.stages = append(s.stages, s.open)
	}
	s.open.counts = counts
}

// end ends the stage at hand; counts are of what it found.
func (s *stats) end(counts ...compiler.Count) {
	if s == nil || s.open == nil {
		return
	}
	s.open.took += time.Since(s.since)
	s.open.counts = append(s.open.counts, counts...)
	s.open = nil
}

// trace is the hook of the compiler, nil when nothing is gathered.
func (s *stats) trace() func(string, ...compiler.Count) {
	if s == nil {
		return nil
	}
	return s.begin
}

// tell writes the statistics of a build, when they are asked for. What does not get to standard error cannot be said anywhere.
func (a *app) tell(format string, out compiler.Output, ok bool) {
	s := a.stats
	if s == nil {
		return
	}
	a.done()
	s.end()
	total := time.Since(s.started)
	if ok {
		s.out = measure(out)
	}
	if format == "json" {
		_ = s.json(a.stderr, total)
	} else {
		_, _ = io.WriteString(a.stderr, s.text(total))
	}
}

// measure takes the size of the output.
func measure(out compiler.Output) *size {
	n := &size{Policies: len(out.Objects)}
	for i := range out.Objects {
		o, err := out.Objects[i].Decode()
		if err != nil {
			panic(err) // it has been read before
		}
		rules, values := istio.Size(o)
		n.Rules += rules
		n.Values += values
		n.Bytes += len(out.Objects[i].YAML)
	}
	return n
}

// text is a line for each stage, and one for the whole.
func (s *stats) text(total time.Duration) string {
	var b strings.Builder
	row := func(name string, took time.Duration, rest string) {
		fmt.Fprintf(&b, "%-9s %9.1f ms", name, float64(took.Microseconds())/1000)
		if rest != "" {
			b.WriteString("   " + rest)
		}
		b.WriteByte('\n')
	}
	for _, st := range s.stages {
		parts := make([]string, len(st.counts))
		for i, c := range st.counts {
			parts[i] = amount(c.N, c.What)
		}
		row(st.name, st.took, strings.Join(parts, ", "))
	}
	rest := ""
	if o := s.out; o != nil {
		rest = strings.Join([]string{amount(o.Policies, "policies"), amount(o.Rules, "rules"), amount(o.Values, "values"), amount(o.Bytes, "bytes")}, ", ")
	}
	row("total", total, rest)
	if s.uncached != "" {
		fmt.Fprintf(&b, "no proofs are kept: %s\n", s.uncached)
	}
	return b.String()
}

// amount is a number of things in words.
func amount(n int, what string) string {
	if n == 1 {
		if w, ok := strings.CutSuffix(what, "ies"); ok {
			what = w + "y"
		} else {
			what = strings.TrimSuffix(what, "s")
		}
	}
	return fmt.Sprintf("%d %s", n, what)
}

// json is all of it in one line.
func (s *stats) json(w io.Writer, total time.Duration) error {
	type stageJSON struct {
		Name    string         `json:"name"`
		Seconds float64        `json:"seconds"`
		Counts  map[string]int `json:"counts"`
	}
	doc := struct {
		Stages  []stageJSON `json:"stages"`
		Seconds float64     `json:"seconds"`
		Output  *size       `json:"output"` // null when nothing came out
	}{Seconds: total.Seconds(), Output: s.out}
	for _, st := range s.stages {
		j := stageJSON{st.name, st.took.Seconds(), map[string]int{}}
		for _, c := range st.counts {
			j.Counts[c.What] = c.N
		}
		doc.Stages = append(doc.Stages, j)
	}
	return json.NewEncoder(w).Encode(doc)
}
