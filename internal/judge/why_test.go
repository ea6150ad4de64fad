package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/internal/cli"
	"github.com/zt-lang/ztc/lang/diag"
)

// scenario is the part of a judge's scenario that a question of `ztc why` can be made of.
type scenario struct {
	TrustDomain string `json:"trustDomain"`
	Workloads   []struct {
		Name, Namespace, Account string
		Ports                    []listener
	}
	Requests []struct {
		ID, From, To, Method, Path, Host, SNI, Expect string
		Port                                          int
		Headers                                       [][2]string
		Token                                         *struct {
			Iss, Sub string
			Claims   map[string]any
			Bad      bool
		}
	}
}

type listener struct {
	Port     int
	Protocol string
}

// beyond are archives whose scenarios send what a question does not say: a token at another place or for another audience, and
// the address that they have.
var beyond = map[string]bool{"jwt-audience": true, "jwt-read": true, "narrow-address": true}

// TestWhyAgrees asks `ztc why` what the scenarios ask: a real Envoy is held to the same answers (see TestExamples and TestGolden).
func TestWhyAgrees(t *testing.T) {
	total := 0
	for _, c := range []struct{ scenario, program string }{
		{"ship/requests.json", "ship"}, {"frontend/requests.json", "frontend/frontend.zt"}, {"frontend/jwt.json", "frontend"}, {"boutique/requests.json", "boutique"},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			total += agree(t, read(t, filepath.Join(root, "examples", c.scenario)), filepath.Join(root, "examples", c.program))
		})
	}
	archives, err := filepath.Glob(filepath.Join(root, "testdata", "golden", "*.txtar"))
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(name), ".txtar")
		if beyond[name] {
			continue
		}
		at := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "judge.json" })
		if at < 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := txtar.Write(a, dir); err != nil {
				t.Fatal(err)
			}
			total += agree(t, a.Files[at].Data, dir)
		})
	}
	t.Logf("%d requests", total)
	if total < 300 {
		t.Errorf("only %d requests were asked", total)
	}
}

// plainPath is a path that a proxy leaves as it is.
var plainPath = regexp.MustCompile(`^/([A-Za-z0-9_-][A-Za-z0-9._/-]*)?$`)

// agree asks about the requests of a scenario, and returns how many there are that a question can be made of.
func agree(t *testing.T, text []byte, program string) int {
	var s scenario
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range s.Requests {
		q := s.question(i)
		want := map[string]string{"allow": "passes", "deny": "refused"}[s.Requests[i].Expect]
		if q == "" || want == "" {
			continue
		}
		var stdout, stderr bytes.Buffer
		if code := cli.Main([]string{"why", q, "--now", "2026-06-01", "--format", "json", program}, strings.NewReader(""), &stdout, &stderr, nil); code == 2 {
			continue // a workload that the program does not have
		} else if strings.Contains(stderr.String(), string(diag.NeverNamed)) {
			continue // pods that only their labels make a target
		} else if code == 1 { // one with a library beside it: a directory is all program
			t.Skip(stderr.String())
		} else if code != 0 {
			t.Fatalf("ztc why %q: exit code %d\n%s", q, code, &stderr)
		}
		var got struct {
			Cases []struct{ Outcome, Why string }
		}
		if err := json.Unmarshal(stdout.Bytes(), &got); err != nil || len(got.Cases) == 0 {
			t.Fatalf("ztc why %q: %v\n%s", q, err, &stdout)
		}
		n++
		c := got.Cases[0]
		if len(got.Cases) == 2 { // a port that may speak HTTP or not, in this order
			c = got.Cases[1]
		}
		if c.Outcome != want && !(c.Outcome == "never" && want == "refused") {
			t.Errorf("%s: ztc why '%s' is %s, and Envoy says %s\n%s", s.Requests[i].ID, q, c.Outcome, s.Requests[i].Expect, c.Why)
		}
	}
	return n
}

// question writes a request as a question; "" for one that the language has no words for.
func (s *scenario) question(i int) string {
	r := &s.Requests[i]
	domain := s.TrustDomain
	if domain == "" {
		domain = "cluster.local"
	}
	qualified := func(name string) string {
		if strings.Contains(name, "/") {
			return name
		}
		return "default/" + name
	}
	find := func(name string) int {
		for k := range s.Workloads {
			ns := s.Workloads[k].Namespace
			if ns == "" {
				ns = "default"
			}
			if ns+"/"+s.Workloads[k].Name == qualified(name) {
				return k
			}
		}
		return -1
	}
	var q strings.Builder
	switch {
	case r.From == "plaintext":
		q.WriteString("plaintext")
	case strings.HasPrefix(r.From, "spiffe://"):
		fmt.Fprintf(&q, "principal %q", strings.TrimPrefix(r.From, "spiffe://"))
	case find(r.From) >= 0:
		w := &s.Workloads[find(r.From)]
		account := w.Account
		if account == "" {
			account = w.Name
		}
		ns, _, _ := strings.Cut(qualified(r.From), "/")
		fmt.Fprintf(&q, "principal %q", domain+"/ns/"+ns+"/sa/"+account)
	default:
		return ""
	}
	to := find(r.To)
	if to < 0 {
		return ""
	}
	port := listener{Port: 8080}
	for k, p := range s.Workloads[to].Ports {
		if k == 0 || p.Port == r.Port {
			port = p
		}
	}
	var with []string
	if r.Token != nil {
		if r.Token.Bad || r.Token.Iss == "" || r.Token.Sub == "" || port.Protocol == "tcp" {
			return ""
		}
		fmt.Fprintf(&q, " as %q", r.Token.Iss+"/"+r.Token.Sub)
		for _, name := range slices.Sorted(maps.Keys(r.Token.Claims)) {
			v, ok := r.Token.Claims[name].(string)
			if !ok || name == "scope" || name == "permission" || name == "azp" || name == "aud" || name == "scp" {
				return ""
			}
			with = append(with, fmt.Sprintf("claim[%q] = %q", name, v))
		}
	}
	fmt.Fprintf(&q, " -> %s:%d", qualified(r.To), port.Port)
	if r.SNI != "" {
		return ""
	}
	if port.Protocol != "tcp" {
		method, path := r.Method, r.Path
		if method == "" {
			method = "GET"
		}
		if path == "" {
			path = "/"
		}
		if !plainPath.MatchString(path) || strings.Contains(path, "/.") || strings.ToUpper(method) != method {
			return ""
		}
		fmt.Fprintf(&q, " %s %q", method, path)
		if r.Host != "" {
			fmt.Fprintf(&q, " host exact %q", r.Host)
		}
		seen := map[string]bool{}
		for _, h := range r.Headers {
			name := strings.ToLower(h[0])
			if seen[name] || strings.HasPrefix(name, ":") || name == "host" || name == "x-forwarded-for" || name == "authorization" {
				return ""
			}
			seen[name] = true
			with = append(with, fmt.Sprintf("header[%q] = %q", name, h[1]))
		}
	}
	if len(with) > 0 {
		q.WriteString(" with " + strings.Join(with, ", "))
	}
	return q.String()
}
