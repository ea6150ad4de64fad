// Package cli is the ztc command: flags, files and exit codes around the compiler. It is the only layer that touches the
// system.
package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/zt-lang/ztc/lang/diag"
)

// Exit codes of the command.
const (
	exitOK       = 0
	exitFailed   = 1 // the policy is wrong, or a difference was found
	exitUsage    = 2 // bad usage, or input that cannot be read, or output that cannot be written
	exitInternal = 3 // a bug in ztc
)

// exit is an error that everything has been said about already: only the code is left.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// app is one call of the command.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            map[string]string
	terminal       bool      // stderr is one
	waived         bool      // what waivers took off is printed, too
	started        time.Time // of the call
	stage          string    // what is being done, for the line of progress and the report of an internal error
	finish         func()    // ends the line of progress, when there is one
	stats          *stats    // nil when nobody asks
	help           bytes.Buffer
	saved          func() // waits until what was proven is kept
}

// Main runs the command with its arguments (without the program's name) and the environment as KEY=VALUE, and returns the
// exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) (code int) {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, env: map[string]string{}, started: time.Now(), stage: "reading the arguments", saved: func() {}}
	f, ok := stderr.(*os.File)
	a.terminal = ok && term.IsTerminal(int(f.Fd()))
	for _, kv := range env {
		k, v, _ := strings.Cut(kv, "=")
		a.env[k] = v
	}
	defer func() {
		if p := recover(); p != nil {
			a.done()
			a.internal(p)
			code = exitInternal
		}
	}()
	root := a.root()
	root.SetArgs(args)
	err := root.Execute()
	a.done()
	if err == nil && a.help.Len() > 0 {
		err = a.print(a.help.Bytes())
	}
	a.saved()
	var e exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return int(e)
	}
	fmt.Fprintf(stderr, "ztc: %s\n", clean(err.Error()))
	return exitUsage
}

// clean makes the words of an error safe to print; its lines stay.
func clean(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, l := range lines {
		lines[i] = diag.Clean(strings.ReplaceAll(l, "\t", "  "))
	}
	return strings.Join(lines, "\n")
}

// internal reports a panic: what was being done and where, in three lines.
func (a *app) internal(p any) {
	fmt.Fprintf(a.stderr, "ztc: internal error while %s: %s\n", a.stage, diag.Clean(fmt.Sprint(p)))
	if at := panicPlace(); at != "" {
		fmt.Fprintf(a.stderr, "  at %s\n", at)
	}
	fmt.Fprintf(a.stderr, "  this is a bug in ztc, and nothing was written; please report it with the input and the output of `ztc version`\n")
}

// panicPlace names the function of ztc that panicked, or called what did.
func panicPlace() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	panicked := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			panicked = true
		case panicked && strings.Contains(f.Function, "zt-lang/ztc/"):
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
		if !more {
			return ""
		}
	}
}

func (a *app) root() *cobra.Command {
	var wantsVersion bool
	root := &cobra.Command{
		Use:   "ztc",
		Short: "Compile zero-trust policies to Istio",
		Long: "ztc compiles policies written in .zt to the smallest Istio AuthorizationPolicy, PeerAuthentication and\n" +
			"RequestAuthentication objects that mean the same.\n\n" +
			"Exit codes: 0 fine, 1 the policy is wrong or a difference was found, 2 bad usage or files that cannot be read\n" +
			"or written, 3 internal error.",
		Example:           "  ztc build ship.zt\n  ztc build -o manifests/ policies/\n  ztc check --format json\n  ztc explain ZT1001",
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		Args:              cobra.ArbitraryArgs, // what is no command is answered here
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) > 0:
				return unknownCommand(c, args[0])
			case wantsVersion:
				return a.printVersion()
			}
			return c.Help()
		},
	}
	root.Flags().BoolVar(&wantsVersion, "version", false, "print the version")
	root.SetIn(a.stdin)
	root.SetOut(&a.help)
	root.SetErr(a.stderr)
	root.SetHelpCommand(helpCommand())
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usagef(c, "%v", err)
	})
	root.AddCommand(a.buildCommand(), a.checkCommand(), a.testCommand(), a.whyCommand(), a.fmtCommand(), a.graphCommand(), a.explainCommand(), a.versionCommand(), a.completionCommand())
	return root
}

// otherWords are what other tools call our commands.
var otherWords = map[string]string{
	"compile": "build", "generate": "build", "render": "build", "apply": "build", "lint": "check", "validate": "check", "verify": "check",
	"vet": "check", "format": "fmt", "prove": "test", "draw": "graph", "eval": "why", "query": "why",
}

// unknownCommand says what is meant by a word that is no command.
func unknownCommand(c *cobra.Command, word string) error {
	c.SuggestionsMinimumDistance = 2
	near := c.SuggestionsFor(word)
	switch {
	case strings.HasSuffix(word, ".zt"):
		return usagef(c, "%q is no command: `ztc build %s` compiles it, and `ztc check %s` writes nothing", word, word, word)
	case otherWords[word] != "":
		return usagef(c, "unknown command %q; did you mean `ztc %s`?", word, otherWords[word])
	case len(near) > 0:
		return usagef(c, "unknown command %q; did you mean `ztc %s`?", word, near[0])
	}
	return usagef(c, "unknown command %q", word)
}

// usagef is an error of how the command was called.
func usagef(c *cobra.Command, format string, args ...any) error {
	return fmt.Errorf("%s\nrun `%s -h` for help", fmt.Sprintf(format, args...), c.CommandPath())
}
