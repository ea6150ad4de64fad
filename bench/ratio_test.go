// Package bench holds the build against the yardstick of ../shared/bench: a program that does the least work imaginable.
// It runs only where BENCH_WORK names a directory for the yardstick's programs and data; see docs/performance.md.
package bench

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var sizes = []string{"10k", "100k"}

// maxGrowth is how much more ten times the statements may cost.
const maxGrowth = 12

// cost is what one process took, from its start to its end.
type cost struct{ wall, cpu, peak float64 } // seconds, seconds, MiB

// TestRatio runs ztc and the yardstick in turn, prints the median of what ztc costs, of the ratio pair by pair and of the growth
// from 10k to 100k, and fails where that is not linear.
func TestRatio(t *testing.T) {
	t.Setenv("ZTC_CACHE", "off")
	work := workDir(t)
	runs := pairs()
	ztc, least := program(t, work, "ztc", "..", "./cmd/ztc"), yardstick(t, work, "emit-direct")
	out := t.TempDir()
	fmt.Printf("%d pairs of runs, medians; %s/%s, %d processors, %s\n", runs, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	fmt.Printf("%-6s %10s %10s %10s   %8s %8s %8s\n", "size", "wall s", "cpu s", "peak MiB", "wall x", "cpu x", "peak x")
	var whole []cost
	for _, size := range sizes {
		mesh := meshOf(t, work, size)
		var own, ratio []cost
		for i := range runs + 1 {
			a := run(t, ztc, "build", "-o", filepath.Join(out, "a.yaml"), mesh)
			b := run(t, least, mesh, filepath.Join(out, "b.yaml"))
			if i == 0 {
				continue // warms the caches of the machine
			}
			own = append(own, a)
			ratio = append(ratio, a.over(b))
		}
		m, r := median(own), median(ratio)
		fmt.Printf("%-6s %10.3f %10.3f %10.1f   %8.1f %8.1f %8.1f\n", size, m.wall, m.cpu, m.peak, r.wall, r.cpu, r.peak)
		whole = append(whole, m)
	}
	g := whole[1].over(whole[0])
	fmt.Printf("%-6s %10.1f %10.1f %10.1f   at most %d\n", "growth", g.wall, g.cpu, g.peak, maxGrowth)
	if max(g.cpu, g.peak) > maxGrowth { // wall time also counts what else the machine does
		t.Errorf("ten times the statements cost more than %d times as much", maxGrowth)
	}
}

// pairs is how many pairs of runs are measured.
func pairs() int {
	if n, err := strconv.Atoi(os.Getenv("BENCH_RUNS")); err == nil && n > 0 {
		return n
	}
	return 5
}

// TestChange changes one statement of the mesh of 100,000 at a time, builds it with what is known of the one before and without,
// and wants the same output of both. It prints the ratios.
func TestChange(t *testing.T) {
	work := workDir(t)
	ztc, least := program(t, work, "ztc", "..", "./cmd/ztc"), yardstick(t, work, "emit-direct")
	text, err := os.ReadFile(meshOf(t, work, "100k"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	dir := t.TempDir()
	mesh, cache := filepath.Join(dir, "mesh.zt"), filepath.Join(dir, "cache")
	build := func(cache, out string) cost {
		t.Helper()
		t.Setenv("ZTC_CACHE", cache)
		return run(t, ztc, "build", "-o", filepath.Join(dir, out), mesh)
	}
	var warm, cold, ratio, without []cost
	for i := range pairs() + 1 {
		if n := len(lines) - 1 - 7919*i%90_000; i > 0 {
			rule, _, _ := strings.Cut(lines[n], " \"/")
			lines[n] = fmt.Sprintf("%s \"/changed/%d\"", rule, i)
		}
		if err := os.WriteFile(mesh, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"warm.yaml", "cold.yaml"} {
			_ = os.Remove(filepath.Join(dir, name)) // fresh output each time
		}
		a, b, c := build(cache, "warm.yaml"), build("off", "cold.yaml"), run(t, least, mesh, filepath.Join(dir, "least.yaml"))
		one, err := os.ReadFile(filepath.Join(dir, "warm.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		two, err := os.ReadFile(filepath.Join(dir, "cold.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one, two) {
			t.Fatal("what is known changes the output")
		}
		if i > 0 { // the first knew nothing
			warm, cold, ratio, without = append(warm, a), append(cold, b), append(ratio, a.over(c)), append(without, b.over(c))
		}
	}
	if files, err := filepath.Glob(filepath.Join(cache, "*.facts")); err != nil || len(files) != 1 {
		t.Errorf("what was proven is in %v, %v", files, err)
	}
	say := func(name string, m, r cost) {
		fmt.Printf("%-6s %10.3f %10.3f %10.1f   %8.1f %8.1f %8.1f\n", name, m.wall, m.cpu, m.peak, r.wall, r.cpu, r.peak)
	}
	fmt.Printf("%d changes of one statement\n%-6s %10s %10s %10s   %8s %8s %8s\n", pairs(), "", "wall s", "cpu s", "peak MiB", "wall x", "cpu x", "peak x")
	say("warm", median(warm), median(ratio))
	say("cold", median(cold), median(without))
}

func (a cost) over(b cost) cost { return cost{a.wall / b.wall, a.cpu / b.cpu, a.peak / b.peak} }

func median(list []cost) cost {
	mid := func(get func(cost) float64) float64 {
		var v []float64
		for _, c := range list {
			v = append(v, get(c))
		}
		slices.Sort(v)
		return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
	}
	return cost{mid(func(c cost) float64 { return c.wall }), mid(func(c cost) float64 { return c.cpu }), mid(func(c cost) float64 { return c.peak })}
}

// run runs a command to its end. The peak is of the operating system's own accounting, and not below that of this process when it
// started the command.
func run(t testing.TB, name string, args ...string) cost {
	t.Helper()
	c := exec.Command(name, args...)
	start := time.Now()
	text, err := c.CombinedOutput()
	wall := time.Since(start).Seconds()
	if err != nil {
		t.Fatalf("%v: %v\n%.2000s", c.Args, err, text)
	}
	peak := float64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
	return cost{wall, (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds(), peak}
}

func workDir(t testing.TB) string {
	t.Helper()
	work := os.Getenv("BENCH_WORK")
	if work == "" {
		t.Skip("BENCH_WORK names no directory")
	}
	work, err := filepath.Abs(work)
	if err != nil {
		t.Fatal(err)
	}
	return work
}

// program builds a program into the work directory.
func program(t testing.TB, work, name, dir, pkg string) string {
	t.Helper()
	bin := filepath.Join(work, "bin", name)
	c := exec.Command("go", "build", "-buildvcs=false", "-o", bin, pkg)
	c.Dir = dir
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v in %s: %v\n%s", c.Args, dir, err, text)
	}
	return bin
}

func yardstick(t testing.TB, work, name string) string {
	t.Helper()
	return program(t, work, name, "../../shared/bench/src", "./"+name)
}

// meshOf returns the program of a size, generated where the work directory lacks it.
func meshOf(t testing.TB, work, size string) string {
	t.Helper()
	mesh := filepath.Join(work, "data", size, "mesh.zt")
	if _, err := os.Stat(mesh); err != nil {
		run(t, yardstick(t, work, "gen"), size, filepath.Join(work, "data"))
	}
	return mesh
}

// TestMillion builds the mesh of a million statements, once, where BENCH_MILLION is set, and fails where its CPU time has grown more
// than n^1.15 from that of 10,000.
func TestMillion(t *testing.T) {
	if os.Getenv("BENCH_MILLION") == "" {
		t.Skip("BENCH_MILLION is not set: a million statements take seconds, and a gigabyte of disk")
	}
	t.Setenv("ZTC_CACHE", "off")
	const exponent = 1.15
	work := workDir(t)
	ztc := program(t, work, "ztc", "..", "./cmd/ztc")
	out := filepath.Join(t.TempDir(), "a.yaml")
	var few []cost
	for range 5 {
		few = append(few, run(t, ztc, "build", "-o", out, meshOf(t, work, "10k")))
	}
	small, large := median(few), run(t, ztc, "build", "-o", out, meshOf(t, work, "1m"))
	n := math.Log(large.cpu/small.cpu) / math.Log(100)
	fmt.Printf("1m: wall %.1f s, CPU %.1f s, peak %.0f MiB, CPU grows as n^%.2f\n", large.wall, large.cpu, large.peak, n)
	if n > exponent {
		t.Errorf("CPU grows as n^%.2f, and at most n^%.2f is wanted", n, exponent)
	}
}
