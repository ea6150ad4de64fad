package compiler_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/known"
	"github.com/zt-lang/ztc/internal/programs"
	"github.com/zt-lang/ztc/lang/source"
)

// What earlier builds proved changes nothing that comes out: not of the programs of the goldens, and not of random ones that
// differ in a statement. All of them share their facts, so that a question that leaves out anything that tells two programs
// apart is answered for the wrong one.
func TestFactsChangeNothing(t *testing.T) {
	facts := known.Read(nil, nil, "")
	asked, met, valid := 0, 0, 0
	hold := func(name string, in compiler.Input) {
		t.Helper()
		cold := outcome(in)
		these := facts // where a program has an error, they may be asked for after Compile has returned
		in.Facts = func() *known.Facts { return these }
		for range 2 {
			if warm := outcome(in); warm != cold {
				t.Fatalf("%s: with facts it is\n%s\nand without them\n%s", name, warm, cold)
			}
		}
		asked++
		if strings.HasPrefix(cold, "apiVersion") {
			valid++
		}
		if asked%10 == 0 {
			met += facts.Tally().Known
			key := []byte{byte(asked)}
			facts = known.Read(facts.Append(nil, key, "m"), key, "m")
		}
	}
	archives, err := filepath.Glob("../testdata/golden/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files, all := programs.Archive(a.Files)
		hold(name, compiler.Input{Files: files, FS: all, Options: compiler.Options{Now: programs.Day}})
	}
	for _, mode := range []string{"only", "never", "always", "only"} {
		hold(mode, compiler.Input{Files: []*source.File{source.New("p.zt", "workload web\nworkload t { port http 80 }\ndeny all in default\nallow web -> t\ndeny web -> t POST\nprove "+mode+" web -> t\n")}})
	}
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 5))
		head := programs.Head + strings.ReplaceAll("workload t0 { P }\nworkload t1 { P }\nworkload t2 { P }\nworkload t3 { P }\nworkload t4 { P }\n", "P", "port http 8080")
		var lines []string
		for range 8 {
			lines = append(lines, line(r))
		}
		for step := range 8 {
			switch i := r.IntN(len(lines)); {
			case r.IntN(4) > 0:
				lines[i] = line(r)
			case r.IntN(2) == 0:
				head = strings.Replace(head, "port http 8080", pick(r, "port http 8080", "port 8080", "port http 8080; port db 5432 tcp"), 1)
			default:
				head = pick(r, head+"mtls strict in default\n", strings.Replace(head, "mesh {", "mesh {\n\ttrust-domain \"p.example\"\n", 1))
			}
			hold(fmt.Sprintf("seed %d, step %d", seed, step), compiler.Input{Files: []*source.File{source.New("p.zt", head+strings.Join(lines, "\n")+"\n")}})
		}
	}
	if t.Logf("%d of %d programs are valid, %d facts were asked for again", valid, asked, met); met < 500 {
		t.Errorf("only %d facts were asked for again", met)
	}
}

// outcome is everything that comes out of a compilation, as text.
func outcome(in compiler.Input) string {
	var b bytes.Buffer
	out, diags := compiler.Compile(context.Background(), in)
	b.Write(out.YAML())
	for i := range diags {
		d := diags[i]
		d.Waiver = nil
		fmt.Fprintf(&b, "%+v\n", d)
	}
	for _, x := range out.Trials {
		fmt.Fprintf(&b, "%s: %t, %d failures, %q, %v\n", x.Name(), x.Holds(), len(x.Failures), x.Unclear, x.Unknown)
	}
	return b.String()
}

// line is a random statement: most are plain allows, some are any other one or a proof.
func line(r *rand.Rand) string {
	caller := func() string { return pick(r, "web", "ops", "shop/web", "anyone") }
	target := func() string { return fmt.Sprintf("t%d", r.IntN(5)) }
	switch r.IntN(12) {
	case 0:
		return programs.Statement(r)
	case 1, 2, 3:
		return "prove " + pick(r, "never plaintext -> "+target(), "never plaintext -> t0", "never web -> t0", "never web -> t1", "only web -> t0", "only web -> t1", "never plaintext -> default/*", `never web -> default/* PUT "/a"`)
	}
	return "allow " + caller() + " -> " + target() + pick(r, "", ":8080 GET", ` POST "/a"`, ` "/a", "/b"`, ` GET when header["x"] == "1"`)
}
