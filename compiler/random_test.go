package compiler_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
)

// TestRandomRules compiles random rules of few words, so that their parts exclude each other often. What is emitted of one that
// has no error means what it says: the proof of the translation finds no fault, and knows. ZTC_RANDOM=20 compiles twenty times
// as many.
func TestRandomRules(t *testing.T) {
	n := 1000
	if times, err := strconv.Atoi(os.Getenv("ZTC_RANDOM")); err == nil {
		n *= times
	}
	valid, nothing := 0, 0
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 11))
		text := randomProgram(r)
		out, diags := compiler.Compile(context.Background(), input([]txtar.File{{Name: "main.zt", Data: []byte(text)}}))
		for _, d := range diags {
			switch d.Code {
			case diag.Internal, diag.NotProven, diag.UnexpectedToken:
				t.Errorf("seed %d: %s\n%s", seed, d.Message, text)
			case diag.MatchesNothing:
				nothing++
			}
		}
		if len(out.Objects) > 0 {
			valid++
		}
	}
	if valid < n/4 || nothing < n/20 {
		t.Errorf("of %d programs %d are valid, %d have a rule that matches nothing: they are not varied", n, valid, nothing)
	}
}

func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// some repeats what f makes, up to n times.
func some(r *rand.Rand, n int, sep string, f func() string) string {
	out := []string{f()}
	for len(out) < n && r.IntN(2) == 0 {
		out = append(out, f())
	}
	return strings.Join(out, sep)
}

func randomProgram(r *rand.Rand) string {
	api := pick(r, "port http 8080; port db 5432 tcp", "port http 8080; port http-a 9000", "port http 8080; port db 5432 tcp; port http-raw 7000", "port http 8080; port http-a 9000; port db 5432 tcp")
	var b strings.Builder
	b.WriteString("mesh { provider \"g\" grpc; provider \"h\" http }\nworkload web { port http 8080 }\nworkload job { port http 8080 }\n")
	fmt.Fprintf(&b, "workload api { %s }\n", api)
	b.WriteString("jwt \"https://i\" on default/* { claims role string, groups list }\n")
	b.WriteString("deny all in default\n")
	for range 1 + r.IntN(2) {
		b.WriteString(randomRule(r))
		b.WriteByte('\n')
	}
	return b.String()
}

func randomRule(r *rand.Rand) string {
	var b strings.Builder
	action := pick(r, "deny", "deny", "deny", "dry-run deny", "allow", "dry-run allow", "audit", `delegate "g"`, `delegate "h"`)
	source := randomSource(r)
	if strings.HasPrefix(action, "delegate") { // which no identity goes with
		source = pick(r, "anyone", `anyone from "10.0.0.0/8"`, `anyone from "10.0.0.0/8" except from "10.0.0.0/9", from "10.128.0.0/9"`)
	}
	b.WriteString(action + " " + source + " -> " + pick(r, "api", "api", "api", "api:8080", "default/*", "web"))
	b.WriteByte(' ')
	cond := func() string { return randomCond(r, 2) }
	switch r.IntN(5) {
	case 0:
	case 1:
		b.WriteString(randomOperation(r))
		for r.IntN(2) == 0 {
			b.WriteString(" except " + randomCut(r))
		}
	default:
		b.WriteString("{ " + some(r, 3, "; ", func() string {
			s := pick(r, "http", "tcp", randomOperation(r), randomOperation(r))
			for r.IntN(2) == 0 {
				s += " except " + randomCut(r)
			}
			if r.IntN(3) == 0 {
				s += " when " + cond()
			}
			return s
		}) + " }")
		for r.IntN(3) == 0 {
			b.WriteString(" except " + randomCut(r))
		}
	}
	if r.IntN(3) > 0 {
		b.WriteString(" when " + cond())
	}
	return b.String()
}

func randomSource(r *rand.Rand) string {
	s := pick(r, "web", "web", "(web, job)", "default/*", "authenticated", "anyone", "plaintext", `namespace "d*"`, `trust-domain "*local"`, `(authenticated, plaintext)`)
	if r.IntN(6) == 0 {
		s += " as " + pick(r, `"https://i/*"`, `"https://i/a"`, `"*"`)
	}
	if r.IntN(5) == 0 {
		s += " from " + pick(r, `"10.0.0.0/8"`, `"0.0.0.0/0"`, `"10.0.0.1"`)
	}
	if r.IntN(3) == 0 {
		s += " except " + some(r, 2, ", ", func() string {
			return pick(r, "web", "job", "default/*", "plaintext", `namespace "default"`, `namespace "*t"`, `trust-domain "cluster*"`, `from "10.0.0.0/9"`, `from "10.128.0.0/9"`, `from "0.0.0.0/1"`, `as "https://i/a"`, `as "https://i/*"`)
		})
	}
	return s
}

func randomPath(r *rand.Rand) string {
	return strconv.Quote(pick(r, "*", "/*", "/a", "/a/*", "*/b", "/a/b", "/{*}", "/{*}/b", "/a/{**}", "/{**}"))
}

func randomOperation(r *rand.Rand) string {
	paths := func() string { return some(r, 2, ", ", func() string { return randomPath(r) }) }
	host := func() string { return "host " + pick(r, `"*.e"`, `"a.e"`, `"*"`, `exact "a.e"`, `"a.e:*"`) }
	switch r.IntN(8) {
	case 0:
		return pick(r, "GET", "POST", "GET, POST")
	case 1:
		return host()
	case 2:
		return "port " + pick(r, "8080", "8080", "5432", "8080, 5432")
	case 3:
		return pick(r, "GET", "POST") + " " + paths() + " " + host()
	case 4:
		return pick(r, "GET", "GET, POST") + " port " + pick(r, "8080", "8080", "5432, 8080")
	case 5:
		return paths() + " port " + pick(r, "8080", "8080, 5432")
	case 6:
		return host() + " port 8080"
	}
	return pick(r, "", "GET ", "POST ") + paths()
}

func randomCut(r *rand.Rand) string {
	return randomOperation(r)
}

func randomCond(r *rand.Rand, depth int) string {
	if depth > 0 && r.IntN(2) == 0 {
		op := pick(r, " and ", " or ")
		return some(r, 3, op, func() string {
			s := randomCond(r, depth-1)
			if strings.Contains(s, " and ") || strings.Contains(s, " or ") {
				s = "(" + s + ")"
			}
			return s
		})
	}
	at := pick(r, `header["x"]`, `header["x"]`, `header["y"]`, `header["host"]`, `claim["role"]`, `claim["groups"]`, `claim["sub"]`, "sni", "destination", `metadata["envoy.filters.http.x"]["k"]`)
	value := func() string { return strconv.Quote(pick(r, "a", "a", "b", "a*", "*b")) }
	if at == "destination" {
		value = func() string { return pick(r, `"10.0.0.0/8"`, `"10.0.0.0/9"`, `"10.128.0.0/9"`, `"10.0.0.1"`) }
	}
	var s string
	switch r.IntN(6) {
	case 0:
		if at != "destination" {
			s = at + pick(r, " is present", " is absent")
			break
		}
		fallthrough
	case 1, 2:
		s = at + " == " + value()
	case 3:
		s = at + " != " + value()
	case 4:
		s = at + " in [" + some(r, 3, ", ", value) + "]"
	default:
		s = at + " not in [" + some(r, 3, ", ", value) + "]"
	}
	if r.IntN(4) == 0 {
		s = "not (" + s + ")"
	}
	return s
}
