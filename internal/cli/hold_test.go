//go:build unix

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is one with a file for each of n namespaces; word makes it differ from others in each.
func program(word string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "deny all in ns%d\nallow ns%d/%s -> ns%d/api GET\n", i, i, word, i)
	}
	return b.String()
}

// Of builds into one directory at once, one is the last: what is there is its output whole.
func TestBuildsAtOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	words := []string{"anna", "berta", "carla", "dora"}
	for range 5 {
		if err := os.RemoveAll("out"); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i, w := range words {
			all.Go(func() {
				if code, _, stderr := run(program(w, 5+i), "build", "-o", "out/", "-"); code != 0 {
					t.Errorf("exit code %d\n%s", code, stderr)
				}
			})
		}
		all.Wait()
		fresh := 0
		for i, w := range words {
			if code, _, _ := run(program(w, 5+i), "build", "-o", "out/", "--check", "-"); code == 0 {
				fresh++
			}
		}
		if fresh != 1 {
			t.Fatalf("the directory holds the output of %d programs, not of one", fresh)
		}
	}
}

// A directory that another build holds is waited for, and then given up: nothing is written.
func TestBuildWaits(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("out", 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.Open("out")
	if err != nil {
		t.Fatal(err)
	}
	if held, _ := lock(dir, 0); !held {
		t.Skip("no locks here")
	}
	defer func(d time.Duration) { lockWait = d }(lockWait)
	lockWait = 50 * time.Millisecond
	code, _, stderr := run("deny all in default\n", "build", "-o", "out/", "-")
	if code != 2 || !strings.Contains(stderr, `error[ZT3007]: cannot write "out/": another build has been writing there for 50ms`) {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if left, _ := os.ReadDir("out"); len(left) > 0 {
		t.Errorf("%d files are written", len(left))
	}
	lockWait = 10 * time.Second
	time.AfterFunc(100*time.Millisecond, func() { dir.Close() })
	if code, _, stderr := run("deny all in default\n", "build", "-o", "out/", "-"); code != 0 {
		t.Errorf("exit code %d after the other build is done\n%s", code, stderr)
	}
}

// A build that is killed, whenever that is, leaves whole files; the next one leaves none of its traces.
func TestKilledBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("kills 20 builds")
	}
	ztc, err := exec.LookPath("ztc") // the test binary under another name, see TestMain
	if err != nil {
		t.Skip("run by way of TestMain only:", err)
	}
	t.Chdir(t.TempDir())
	const n = 40
	whole := map[string]bool{}
	for _, w := range []string{"old", "new"} {
		code, _, stderr := run(program(w, n), "build", "-o", w+"/", "-")
		if code != 0 {
			t.Fatal(stderr)
		}
		files, err := filepath.Glob(w + "/*")
		if err != nil || len(files) != n+1 {
			t.Fatal(len(files), err)
		}
		for _, f := range files {
			whole[filepath.Base(f)+"\n"+string(text(t, f))] = true
		}
	}
	for i := range 20 {
		w := []string{"old", "new"}[i%2]
		cmd := exec.Command(ztc, "build", "-o", "out/", "-")
		cmd.Stdin = strings.NewReader(program(w, n))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(10+3*i) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		files, err := filepath.Glob("out/*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !whole[filepath.Base(f)+"\n"+string(text(t, f))] {
				t.Fatalf("%s is not whole", f)
			}
		}
	}
	if code, _, stderr := run(program("new", n), "build", "-o", "out/", "-"); code != 0 {
		t.Fatal(stderr)
	}
	left, err := os.ReadDir("out")
	if err != nil || len(left) != n+1 {
		t.Errorf("%d files after the last build, want %d: %v", len(left), n+1, err)
	}
}

func text(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A build that is told to end while it writes leaves what was there, or has written all.
func TestInterrupted(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, _, stderr := run(program("old", 200), "build", "-o", "out/", "-"); code != 0 {
		t.Fatal(stderr)
	}
	mine := make(chan os.Signal, 1) // so that one beside the writing ends nothing
	signal.Notify(mine, os.Interrupt)
	defer signal.Stop(mine)
	done, sent := make(chan bool), make(chan bool)
	go func() {
		defer close(sent)
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
				syscall.Kill(os.Getpid(), syscall.SIGINT)
			}
		}
	}()
	code, _, stderr := run(program("new", 200), "build", "-o", "out/", "-")
	close(done)
	<-sent
	want := "new"
	if code != 0 {
		want = "old"
		if code != 2 || !strings.Contains(stderr, `interrupted: "out/" is as it was`) {
			t.Errorf("exit code %d\n%s", code, stderr)
		}
	} else {
		t.Log("it was written before a signal came")
	}
	if code, stdout, stderr := run(program(want, 200), "build", "-o", "out/", "--check", "-"); code != 0 {
		t.Errorf("what is there is not the %s output\n%s%s", want, stdout, stderr)
	}
	if left, _ := filepath.Glob("out/.*.tmp"); len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
}
