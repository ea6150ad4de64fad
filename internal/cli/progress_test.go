package cli

import (
	"bytes"
	"regexp"
	"testing"
	"time"
)

// teller is a buffer that tells of its first write.
type teller struct {
	bytes.Buffer
	first chan struct{}
}

func (s *teller) Write(b []byte) (int, error) {
	if s.Len() == 0 {
		defer close(s.first)
	}
	return s.Buffer.Write(b)
}

func TestProgress(t *testing.T) {
	w := &teller{first: make(chan struct{})}
	a := &app{stderr: w, terminal: true, started: time.Now().Add(-time.Minute)}
	a.begin("compiling")
	<-w.first
	a.done()
	a.done() // again does no harm
	if got := w.String(); !regexp.MustCompile(`^(\rztc: compiling, 6\d s)+\r\x1b\[K$`).MatchString(got) {
		t.Errorf("late in a call: %q", got)
	}
	for name, a := range map[string]*app{
		"in the first second": {terminal: true, started: time.Now().Add(time.Hour)},
		"not on a terminal":   {started: time.Now().Add(-time.Minute)},
		"on a dumb terminal":  {terminal: true, started: time.Now().Add(-time.Minute), env: map[string]string{"TERM": "dumb"}},
	} {
		var w bytes.Buffer
		a.stderr = &w
		a.begin("compiling")
		time.Sleep(20 * time.Millisecond)
		a.begin("writing the output")
		a.done()
		if w.Len() > 0 {
			t.Errorf("%s: %q", name, &w)
		}
		if a.stage != "writing the output" {
			t.Errorf("stage %q", a.stage)
		}
	}
}
