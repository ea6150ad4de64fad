//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain is the command itself where the environment says so.
func TestMain(m *testing.M) {
	if os.Getenv("ZTC_TEST_MAIN") == "1" {
		main()
	}
	os.Exit(m.Run())
}

// TestReaderGone: where nobody reads the output the exit code is still the verdict.
func TestReaderGone(t *testing.T) {
	for _, c := range []struct {
		args, program string
		want          int
	}{
		{"build -", "deny all in default\n", 0},
		{"check --format json -", "deny all in default\nallow web - api\n", 1},
		{"explain", "", 0},
		{"fmt -", "deny  all in default\n", 0},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		cmd := exec.Command(os.Args[0], strings.Fields(c.args)...)
		cmd.Env = append(os.Environ(), "ZTC_TEST_MAIN=1")
		cmd.Stdin, cmd.Stdout = strings.NewReader(c.program), w
		err = cmd.Run()
		w.Close()
		var left *exec.ExitError
		if code := cmd.ProcessState.ExitCode(); code != c.want || err != nil && !errors.As(err, &left) {
			t.Errorf("%s: exit code %d, %v, want %d", c.args, code, err, c.want)
		}
	}
}
