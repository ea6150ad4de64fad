package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

const maxShown = 100 // diagnostics that are printed as text

// report prints diagnostics and their count to standard error.
func (a *app) report(l diag.List) {
	a.done()
	if len(l) == 0 {
		return
	}
	// What cannot be written to standard error cannot be said anywhere.
	_ = l.WriteText(a.stderr, diag.TextOptions{Color: a.color(), Max: maxShown, Waived: a.waived})
	if s := l.Summary(); s != "" {
		fmt.Fprintln(a.stderr, s)
	}
}

// color reports whether standard error is a terminal that may be coloured.
func (a *app) color() bool {
	return a.terminal && a.env["NO_COLOR"] == "" && a.env["TERM"] != "dumb"
}

// fail reports diagnostics about files, which end the command.
func (a *app) fail(l diag.List) error {
	a.report(l)
	return exit(exitUsage)
}

// verdict is the exit code for what the compiler said.
func verdict(l diag.List, werror bool) error {
	for i := range l {
		if l[i].Code == diag.Internal {
			return exit(exitInternal)
		}
	}
	if l.HasErrors() || werror && l.Count(diag.Warning) > 0 {
		return exit(exitFailed)
	}
	return nil
}

// print writes to standard output. A reader that has gone away is no error: it has seen what it wanted. Nor is one that was closed
// from the start (`>&-`): Go's runtime has made it /dev/null by then, as others do who mean it.
func (a *app) print(b []byte) error {
	a.done()
	_, err := a.stdout.Write(b)
	if err == nil || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	var l diag.List
	l.Add(diag.CannotWrite, source.Span{}, "cannot write to standard output: %s", reason(err))
	return a.fail(l)
}

// reason is an error of the system without the path and the name of the call.
func reason(err error) string {
	var p *os.PathError
	var k *os.LinkError
	var s *os.SyscallError
	switch {
	case errors.As(err, &p):
		return reason(p.Err)
	case errors.As(err, &k):
		return reason(k.Err)
	case errors.As(err, &s):
		return reason(s.Err)
	}
	return err.Error()
}
