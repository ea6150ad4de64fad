package cli

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/emit/yaml"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// target is where a build goes.
type target struct {
	dest                string
	json, check, werror bool
}

// output is one file to write.
type output struct {
	name string // below the destination's directory
	text content
}

// content is the text of a file, in pieces: that of a large program is not put together a second time.
type content [][]byte

func (c content) join() []byte { return bytes.Join(c, nil) }

func (c content) equal(text []byte) bool {
	for _, piece := range c {
		if !bytes.HasPrefix(text, piece) {
			return false
		}
		text = text[len(piece):]
	}
	return len(text) == 0
}

// stream is all objects as one text.
func stream(out compiler.Output, json bool) content {
	if json {
		list := make([]*istio.Object, len(out.Objects))
		for i := range list {
			o, err := out.Objects[i].Decode()
			if err != nil {
				panic(err) // it has been read before
			}
			list[i] = o
		}
		return content{yaml.AppendList(nil, list)}
	}
	return out.Pieces()
}

// layout is all objects as one file for each namespace, sorted by name, and the kustomization.yaml that lists them.
func layout(out compiler.Output, who owner, json bool) ([]output, error) {
	ext := ".yaml"
	if json {
		ext = ".json"
	}
	var files []output
	for i := 0; i < len(out.Objects); {
		ns := out.Objects[i].Namespace
		j := i
		for j < len(out.Objects) && out.Objects[j].Namespace == ns {
			j++
		}
		if !label(ns) {
			return nil, fmt.Errorf("namespace %q is no name for a file", ns)
		}
		files = append(files, output{fileName(ns, ext), stream(part(out, i, j), json)})
		i = j
	}
	slices.SortFunc(files, func(a, b output) int { return strings.Compare(a.name, b.name) })
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.name
	}
	return append(files, output{kustomization, content{list{who, names}.text()}}), nil
}

// fileName is the name of the file of a namespace.
func fileName(ns, ext string) string {
	if name := ns + ext; name != kustomization {
		return name
	}
	return ns + ".ns" + ext // no namespace has a dot in its name
}

func part(out compiler.Output, i, j int) compiler.Output {
	return compiler.Output{Objects: out.Objects[i:j:j]}
}

// label reports whether s is a DNS label: nothing else becomes part of a path.
func label(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// deliver writes or compares what was compiled without an error.
func (a *app) deliver(in *inputs, out compiler.Output, diags diag.List, t target) error {
	a.begin("writing the output")
	a.stats.begin("write")
	if t.dest == "-" {
		a.report(diags)
		return a.print(stream(out, t.json).join())
	}
	d, bad := openDestination(t.dest)
	if d != nil {
		defer d.close()
	}
	if len(bad) > 0 {
		return a.fail(append(diags, bad...))
	}
	who := owner{programName(in, out), d.sources(in)}
	files := []output{{d.base, stream(out, t.json)}}
	if d.dir {
		if len(who.sources) == 0 { // what is recorded stays
			who.sources = d.recorded().sources
		}
		var err error
		if files, err = layout(out, who, t.json); err != nil {
			diags.Add(diag.Internal, source.Span{}, "layout: %v", err)
			a.report(diags)
			return exit(exitInternal)
		}
	}
	if bad := d.apart(in, files); len(bad) > 0 {
		return a.fail(append(diags, bad...))
	}
	if !t.check {
		if bad := d.hold(); len(bad) > 0 {
			return a.fail(append(diags, bad...))
		}
	}
	stale, more := d.stale(in, files, who.program)
	if diags = append(diags, more...); more.HasErrors() {
		return a.fail(diags)
	}
	if !t.check {
		diags = append(diags, d.strays(diag.StrayOutput)...)
	}
	old, more := d.read(files, stale, who.program, t.check)
	if !t.check && !more.HasErrors() {
		more = append(more, d.taken(who, files, stale, old)...)
	}
	if diags = append(diags, more...); more.HasErrors() {
		return a.fail(diags)
	}
	if t.werror && diags.Count(diag.Warning) > 0 {
		a.report(diags)
		a.explainWerror(diags, true)
		return exit(exitFailed)
	}
	if t.check {
		return a.compare(d, files, old, stale, diags)
	}
	if bad := d.write(files, old); len(bad) > 0 {
		return a.fail(append(diags, bad...))
	}
	diags = append(diags, d.remove(stale, files)...)
	a.report(diags)
	if diags.HasErrors() {
		return exit(exitUsage)
	}
	return nil
}

// compare shows how what the destination holds differs from what would be written, and from what would be left.
func (a *app) compare(d *destination, files []output, old map[string][]byte, stale []output, diags diag.List) error {
	var b bytes.Buffer
	for _, f := range files {
		have, ok := old[f.name]
		if ok && f.text.equal(have) {
			continue
		}
		name := d.display(f.name)
		from := name
		if !ok {
			from = os.DevNull
		}
		b.Write(diff.Diff(from, have, name+" (as it would be written)", f.text.join()))
		diags.Add(diag.OutputDiffers, source.Span{}, "%q is not what would be written", name)
	}
	for _, f := range stale {
		name := d.display(f.name)
		b.Write(diff.Diff(name, f.text.join(), os.DevNull, nil))
		diags.Add(diag.OutputDiffers, source.Span{}, "%q is left over from an earlier build", name)
	}
	diags = append(diags, d.strays(diag.OutputDiffers)...)
	a.report(diags)
	if err := a.print(printable(b.Bytes())); err != nil {
		return err
	}
	if diags.HasErrors() {
		return exit(exitFailed)
	}
	return nil
}

// printable spells out what a diff of any file must not send to a terminal.
func printable(text []byte) []byte {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		s, end := strings.CutSuffix(string(line), "\n")
		b.WriteString(diag.Clean(strings.ReplaceAll(s, "\t", "        ")))
		if end {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}
