package cli

import (
	"fmt"
	"time"
)

// begin starts a stage of the work. On a terminal a line says so, from the first second of the call on, and done takes it
// away again. Standard input is read before any stage: no line comes between a user and what is typed.
func (a *app) begin(stage string) {
	a.done()
	a.stage = stage
	if !a.terminal || a.env["TERM"] == "dumb" {
		return
	}
	quit, gone := make(chan struct{}), make(chan struct{})
	a.finish = func() { close(quit); <-gone }
	go func() {
		defer close(gone)
		wait, clear := time.Until(a.started.Add(time.Second)), ""
		for {
			select {
			case <-quit:
				fmt.Fprint(a.stderr, clear)
				return
			case <-time.After(wait):
				wait, clear = time.Second, "\r\x1b[K"
				fmt.Fprintf(a.stderr, "\rztc: %s, %d s", stage, int(time.Since(a.started).Seconds()))
			}
		}
	}()
}

// done ends the stage at hand, before anything else is written.
func (a *app) done() {
	if a.finish != nil {
		a.finish()
		a.finish = nil
	}
}
