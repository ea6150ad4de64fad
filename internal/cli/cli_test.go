//go:build unix

package cli

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/emit/istio"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ztc": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=20") // not a second for each command, with the race detector
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Getuid() == 0, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// code N ARGS... runs ztc and wants the exit code N.
			"code": func(ts *testscript.TestScript, neg bool, args []string) {
				err := ts.Exec("ztc", args[1:]...)
				got := "0"
				if err != nil {
					got = strings.TrimPrefix(err.Error(), "exit status ")
				}
				if neg || got != args[0] {
					ts.Fatalf("ztc %s: exit code %s, want %s", strings.Join(args[1:], " "), got, args[0])
				}
			},
			// fifo NAME makes a named pipe.
			"fifo": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(syscall.Mkfifo(ts.MkAbs(args[0]), 0o600))
			},
			// sparse NAME makes a file that is too large.
			"sparse": func(ts *testscript.TestScript, _ bool, args []string) {
				f, err := os.Create(ts.MkAbs(args[0]))
				ts.Check(err)
				ts.Check(f.Truncate(129 << 20))
				ts.Check(f.Close())
			},
			// perm MODE NAME changes permissions.
			"perm": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(os.Chmod(ts.MkAbs(args[1]), map[string]fs.FileMode{"640": 0o640, "555": 0o555, "755": 0o755}[args[0]]))
			},
			// isperm MODE NAME wants permissions.
			"isperm": func(ts *testscript.TestScript, _ bool, args []string) {
				info, err := os.Stat(ts.MkAbs(args[1]))
				ts.Check(err)
				if got := info.Mode().Perm().String(); got != args[0] {
					ts.Fatalf("%s has %s, want %s", args[1], got, args[0])
				}
			},
			// onlyin DIR NAME... wants a directory to hold these files and no others, hidden ones included.
			"onlyin": func(ts *testscript.TestScript, _ bool, args []string) {
				entries, err := os.ReadDir(ts.MkAbs(args[0]))
				ts.Check(err)
				var names []string
				for _, e := range entries {
					names = append(names, e.Name())
				}
				if got := strings.Join(names, " "); got != strings.Join(args[1:], " ") {
					ts.Fatalf("%s holds %s", args[0], got)
				}
			},
		},
	})
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// run calls the command in this process.
func run(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = Main(args, strings.NewReader(stdin), &out, &err, nil)
	return code, out.String(), err.String()
}

// TestStandardOutputGone has each command that prints there, and all of its formats.
func TestStandardOutputGone(t *testing.T) {
	t.Chdir(t.TempDir())
	const program = "deny  all in default\nallow web -> api GET\ntest \"t\" { expect allow web -> api GET }\n"
	if err := os.WriteFile("a.zt", []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	calls := [][]string{{"why", "web -> api GET"}}
	for _, call := range []string{
		"", "-h", "help", "help build", "build -h", "version", "--version", "completion bash", "explain", "explain ZT1001", "explain std/http",
		"build", "build --format json", "build --stats -", "check --format json", "check --format sarif", "check --format github",
		"test", "test --format json", "test --format junit", "test --coverage", "fmt a.zt", "fmt -",
		"graph", "graph --format json", "graph --format dot", "graph --format svg",
	} {
		calls = append(calls, strings.Fields(call))
	}
	for _, c := range []struct {
		err  error
		code int
	}{
		{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}, 0},
		{io.ErrClosedPipe, 0},
		{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}, 2},
		{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EBADF}, 2},
	} {
		for _, args := range calls {
			var stderr bytes.Buffer
			if code := Main(args, strings.NewReader(program), failing{c.err}, &stderr, nil); code != c.code {
				t.Errorf("%v with %v: exit code %d, want %d\n%s", args, c.err, code, c.code, &stderr)
			}
			if told := strings.Contains(stderr.String(), "cannot write to standard output"); told != (c.code != 0) {
				t.Errorf("%v with %v says %q", args, c.err, &stderr)
			}
		}
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("one\x1b[31m\ntwo") }

func TestPanicIsReported(t *testing.T) {
	var out, stderr bytes.Buffer
	code := Main([]string{"build", "-"}, panicking{}, &out, &stderr, nil)
	got := stderr.String()
	if code != 3 || !strings.HasPrefix(got, "ztc: internal error while reading the inputs: one\\x1b[31m\\ntwo\n  at github.com/zt-lang/ztc/internal/cli") {
		t.Errorf("exit code %d\n%s", code, got)
	}
	if strings.Contains(got, "goroutine") || strings.Count(got, "\n") != 3 {
		t.Errorf("a bare trace:\n%s", got)
	}
}

// All that a namespace becomes is a file name without a way out of the directory.
func TestLayoutNames(t *testing.T) {
	object := func(ns, text string) compiler.Object {
		return compiler.Object{Namespace: ns, Kind: istio.PeerAuthentication, YAML: []byte(text)}
	}
	out := compiler.Output{Objects: []compiler.Object{object("a", "1\n"), object("a", "2\n"), object("kustomization", "3\n"), object("z", "4\n")}}
	files, err := layout(out, owner{}, false)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, f := range files {
		got.WriteString(f.name + ":\n" + string(f.text.join()))
	}
	const want = "a.yaml:\n1\n---\n2\nkustomization.ns.yaml:\n3\nz.yaml:\n4\nkustomization.yaml:\n" +
		"# app.kubernetes.io/managed-by: ztc\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- a.yaml\n- kustomization.ns.yaml\n- z.yaml\n"
	if got.String() != want {
		t.Errorf("got\n%s", &got)
	}
	for _, ns := range []string{"", ".", "..", "../x", "a/b", "a.b", "-a", "a-", "A", "a\x00", `a\b`, strings.Repeat("a", 64)} {
		if _, err := layout(compiler.Output{Objects: []compiler.Object{object(ns, "")}}, owner{}, false); err == nil {
			t.Errorf("namespace %q becomes a file", ns)
		}
	}
}

func TestCommon(t *testing.T) {
	for want, dirs := range map[string][]string{"/a/b": {"/a/b", "/a/b/c"}, "/a": {"/a/b", "/a/bc"}, "/": {"/a", "/b"}, "/x": {"/x"}} {
		if got := common(dirs); got != filepath.FromSlash(want) {
			t.Errorf("%v: %q, want %q", dirs, got, want)
		}
	}
}

// No arguments and no environment make the command panic or exit with a code that it does not have.
func TestOddArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{""}, {"build", ""}, {"build", "\x00"}, {"build", "\xff"}, {"build", "-o", "", "-"}, {"build", "-o", "\x00", "-"},
		{"build", "--now", "2026-13-01", "-"}, {"build", "--istio", "x", "-"}, {"build", "--inventory", "", "-"},
		{"build", "--inventory=-", "-"}, {"check", "--format", "yaml", "-"}, {"explain", "\x1b[31m"}, {"completion"}, {"completion", "ksh"},
		{"fmt", "-w", "-"}, {"fmt", ""}, {"fmt", "\x00"}, {"test"}, {"build", "--", "--x"}, {"-x"},
	} {
		code, stdout, stderr := run("", args...)
		if code != 1 && code != 2 {
			t.Errorf("%q: exit code %d\n%s%s", args, code, stdout, stderr)
		}
		if stderr == "" || strings.ContainsAny(stderr, "\x00\x1b") {
			t.Errorf("%q says %q", args, stderr)
		}
	}
}
