package oracle_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mutant is a fault that is put into a file of the module: a text that stands there once, in place of another.
type mutant struct{ file, was, is string }

// tests are those that must find the faults of a package.
var tests = map[string]string{
	"emit/plane":      "^Test(Exhaustive|Plane|Reach|Differences)$",
	"compiler/sem":    "^Test(Exhaustive|Plane|Differences)$",
	"compiler/intent": "^Test(Programs|Goldens)$",
	"compiler/lower":  "^Test(Programs|Goldens)$",
}

// factTests are those that must find the faults of factMutants: they are in the package compiler.
const factTests = "^Test(FactsChangeNothing|KnownOfAnother)$"

func (m *mutant) text() (string, error) {
	text, err := os.ReadFile(filepath.Join("..", "..", m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.was); n != 1 {
		return "", fmt.Errorf("%s: %q stands there %d times", m.file, m.was, n)
	}
	return strings.Replace(string(text), m.was, m.is, 1), nil
}

// Every fault of the table still has its place.
func TestMutants(t *testing.T) {
	of := map[string]int{}
	for i := range factMutants {
		if _, err := factMutants[i].text(); err != nil {
			t.Error(err)
		}
	}
	for i := range mutants {
		m := &mutants[i]
		if _, err := m.text(); err != nil {
			t.Error(err)
		}
		of[filepath.Dir(m.file)]++
	}
	for dir := range tests {
		if of[dir] < 8 {
			t.Errorf("only %d faults of %s", of[dir], dir)
		}
	}
}

// Each fault is found by some test here: by the oracle, or by the proof that every build comes with.
func TestMutation(t *testing.T) {
	if os.Getenv("ZTC_MUTATION_TESTS") == "" {
		t.Skip("ZTC_MUTATION_TESTS is not set")
	}
	only := os.Getenv("ZTC_MUTANT") // part of a file's name and of the fault
	all := slices.Concat(mutants, factMutants)
	for i := range all {
		m, dir, run := &all[i], ".", tests[filepath.Dir(all[i].file)]
		if !strings.Contains(m.file+" "+m.was+" "+m.is, only) {
			continue
		}
		if i >= len(mutants) {
			dir, run = "../../compiler", factTests
		}
		t.Run(fmt.Sprintf("%d %s", i, m.file), func(t *testing.T) {
			t.Parallel()
			mutated, err := m.text()
			if err != nil {
				t.Fatal(err)
			}
			temp := t.TempDir()
			file, err := filepath.Abs(filepath.Join("..", "..", m.file))
			if err != nil {
				t.Fatal(err)
			}
			overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: filepath.Join(temp, "mutant.go")}})
			if err != nil {
				t.Fatal(err)
			}
			for name, text := range map[string]string{"mutant.go": mutated, "overlay.json": string(overlay)} {
				if err := os.WriteFile(filepath.Join(temp, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			binary := filepath.Join(temp, "mutant.test")
			build := exec.Command("go", "test", "-vet=off", "-overlay", filepath.Join(temp, "overlay.json"), "-c", "-o", binary, dir)
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("it does not compile: %v\n%s", err, out)
			}
			test := exec.Command(binary, "-test.run", run, "-test.failfast", "-test.timeout", "3m")
			test.Dir = dir
			out, err := test.CombinedOutput()
			switch found := strings.Contains(string(out), "--- FAIL") || strings.Contains(string(out), "panic:"); {
			case strings.Contains(string(out), "test timed out"):
				t.Errorf("it does not end: %s", m.is)
			case err == nil || !found:
				t.Errorf("nobody finds %q in place of %q", m.is, m.was)
			}
		})
	}
}
