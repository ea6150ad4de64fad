package compiler

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/compiler/resolve"
	"github.com/zt-lang/ztc/emit/istio"
	"github.com/zt-lang/ztc/internal/inventory"
	"github.com/zt-lang/ztc/lang"
	"github.com/zt-lang/ztc/lang/ast"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/scan"
	"github.com/zt-lang/ztc/lang/source"
	"github.com/zt-lang/ztc/stdlib"
)

const (
	maxImport      = lang.MaxBytes // of one imported file
	maxImportDepth = 32
)

// loader parses the files of a program and reads what they name.
type loader struct {
	in        Input
	whole     bool        // build every statement
	keep      bool        // what is meant is wanted afterwards
	meant     *ir.Program // what the files mean, once they are resolved
	asks      bool        // the world is wanted
	asked     *lang.Question
	question  *ir.Expect   // that asked means
	world     *proof.World // of meant, what was emitted for it and the policies of others
	diags     diag.List
	libs      map[string]*resolve.Unit     // by path in FS
	std       map[*source.File]source.Span // files of the standard library, and the first import of each
	broken    bool                         // an inventory could not be read: what it holds is not known
	stack     []string                     // files being imported
	manifests []*source.File
	others    []*istio.Document            // policies of others
	seen      map[string]bool              // inventory paths that were read
	askedBy   map[*source.File]source.Span // manifests, and the statement that each was read for; none where a flag named it
	trees     map[string]*ast.File         // parsed files by path in FS: one that is imported may be of the program as well
}

func (l *loader) program() resolve.Input {
	l.libs, l.std, l.seen, l.trees = map[string]*resolve.Unit{}, map[*source.File]source.Span{}, map[string]bool{}, map[string]*ast.File{}
	l.askedBy = map[*source.File]source.Span{}
	for _, f := range l.in.Inventory {
		l.askedBy[f] = source.Span{}
	}
	out := resolve.Input{Istio: l.in.Options.Istio, DataPlane: l.in.Options.DataPlane, TrustDomain: l.in.Options.TrustDomain}
	files := slices.Clone(l.in.Files)
	slices.SortFunc(files, func(a, b *source.File) int { return strings.Compare(a.Name, b.Name) })
	l.trace("parse", Count{"files", len(files)}, Count{"bytes", size(files)})
	for _, f := range files {
		name := strings.TrimPrefix(f.Name, l.in.Dir)
		l.stack = []string{name}
		out.Units = append(out.Units, l.unit(f, name))
	}
	if len(l.libs) > 0 {
		l.parsed()
	}
	asked := len(l.in.Inventory) > 0
	for i, u := range out.Units {
		dir := path.Dir(strings.TrimPrefix(files[i].Name, l.in.Dir))
		for _, st := range u.File.Stmts {
			if inv, ok := st.(*ast.Inventory); ok {
				asked = true
				for j := range inv.Paths {
					l.inventory(u.File, &inv.Paths[j], dir)
				}
			}
		}
	}
	if asked {
		manifests := append(l.manifests, l.in.Inventory...)
		l.trace("inventory", Count{"files", len(manifests)}, Count{"bytes", size(manifests)})
		inv, diags := inventory.Parse(manifests)
		l.broken = l.broken || diags.HasErrors()
		l.diags = append(l.diags, diags...)
		out.Inventory = inv
	}
	return out
}

// withoutDeclared drops what is said of a Service that picks no pods of the inventory where it picks those of a workload that the
// program declares.
func withoutDeclared(read diag.List, inv *ir.Inventory, p *ir.Program) diag.List {
	if inv == nil || !slices.ContainsFunc(read, func(d diag.Diagnostic) bool { return d.Code == diag.InventoryPicksNothing }) {
		return read
	}
	picks := map[source.Span]bool{}
	pods := ir.NewBearers(p.Workloads)
	for i := range inv.Services {
		s := &inv.Services[i]
		var selector []ir.Label
		for k, v := range s.Selector {
			selector = append(selector, ir.Label{Key: k, Value: v})
		}
		for range pods[s.Namespace].Picked(selector) {
			picks[s.Span] = true
			break
		}
	}
	return slices.DeleteFunc(read, func(d diag.Diagnostic) bool { return d.Code == diag.InventoryPicksNothing && picks[d.Span] })
}

// withoutEchoes drops what is said of an account that nobody runs as where a statement is told of the workload that was to.
func withoutEchoes(read, said diag.List) diag.List {
	return slices.DeleteFunc(read, func(d diag.Diagnostic) bool {
		return d.Code == diag.InventoryIdleAccount && slices.ContainsFunc(said, func(x diag.Diagnostic) bool {
			return x.Code == diag.DefaultAccount && x.Span == d.Related[0].Span
		})
	})
}

// forget drops the statements that nobody asks for once they are resolved: of files without directives.
func (l *loader) forget() {
	for _, tree := range l.trees {
		if !strings.Contains(tree.Source.Text, directive) {
			tree.Stmts, tree.Pieces = nil, nil
		}
	}
}

// unit parses one file and reads its imports. name is its path in FS.
func (l *loader) unit(f *source.File, name string) *resolve.Unit {
	tree := l.trees[name]
	if tree == nil {
		var diags diag.List
		if l.whole {
			tree, diags = lang.Parse(f)
		} else {
			tree, diags = lang.Skim(f)
		}
		l.diags = append(l.diags, diags...)
		l.trees[name] = tree
	}
	u := &resolve.Unit{File: tree, Imports: map[string]*resolve.Unit{}}
	for _, st := range tree.Stmts {
		imp, ok := st.(*ast.Import)
		if !ok {
			continue
		}
		alias := imp.Alias()
		if scan.KindOf(alias+".x") != scan.Dotted || strings.Contains(alias, ".") {
			l.diags.Add(diag.ImportFailed, tree.Span(&imp.Path), "import %q gives no name that can be written before a dot", imp.Path.Value).
				Advise("name it: `import %q as other`", imp.Path.Value)
			continue
		}
		if _, twice := u.Imports[alias]; twice {
			l.diags.Add(diag.NameClash, tree.Span(imp), "a second import named %q", alias).Advise("name it: `import %q as other`", imp.Path.Value)
			continue
		}
		u.Imports[alias] = l.load(tree, imp, path.Dir(name))
	}
	for _, st := range tree.Stmts {
		if bad, ok := st.(*ast.Bad); ok {
			brokenImport(u, tree.Source.Text[bad.Start:bad.End])
		}
	}
	return u
}

// brokenImport makes the names known that an import could be meant to have whose statement was not read, which was reported.
func brokenImport(u *resolve.Unit, text string) {
	words := strings.Fields(text)
	if len(words) == 0 || words[0] != "import" {
		return
	}
	for _, w := range words[1:] {
		alias := strings.TrimSuffix(path.Base(strings.Trim(w, `",`)), ".zt")
		if _, known := u.Imports[alias]; !known {
			u.Imports[alias] = nil
		}
	}
}

// load reads an imported file; nil when it cannot be had, which is reported.
func (l *loader) load(from *ast.File, imp *ast.Import, dir string) *resolve.Unit {
	fail := func(code diag.Code, format string, args ...any) *resolve.Unit {
		l.diags.Add(code, from.Span(&imp.Path), "import %q "+format, append([]any{imp.Path.Value}, args...)...)
		return nil
	}
	p := imp.Path.Value
	switch {
	case strings.HasPrefix(p, stdPrefix):
		return l.standard(from, imp)
	case !strings.HasPrefix(p, "./") && !strings.HasPrefix(p, "../") || !strings.HasSuffix(p, ".zt"):
		fail(diag.ImportFailed, "is neither a path such as \"./file.zt\" nor of the standard library, such as \"std/http\"")
		d := &l.diags[len(l.diags)-1]
		if _, std := stdlib.Source(p); std {
			d.Fix(from.Span(&imp.Path), strconv.Quote(stdPrefix+p), "a file of the standard library is %q", stdPrefix+p)
		} else if !path.IsAbs(p) && p != "" {
			p = "./" + strings.TrimPrefix(strings.TrimSuffix(p, ".zt"), "./") + ".zt"
			d.Fix(from.Span(&imp.Path), strconv.Quote(p), "a file beside this one is %q", p)
		}
		return nil
	}
	name := path.Join(dir, p)
	switch {
	case l.in.FS == nil:
		return fail(diag.ImportFailed, "cannot be read: the program has no directory")
	case !fs.ValidPath(name):
		fail(diag.ImportFailed, "leaves the directory of the program")
		up := strings.Count(name, "../")
		l.diags[len(l.diags)-1].
			Note("imports stay below the directory that ztc runs in, or below the one that all paths have in common where one of them lies elsewhere").
			Advise("run ztc in %q, and name the program from there (`ztc build TEAM/`)", path.Join(l.in.Dir, strings.Repeat("../", up)))
		return nil
	}
	if i := slices.Index(l.stack, name); i >= 0 {
		return fail(diag.ImportCycle, "imports itself: %s", strings.Join(append(slices.Clone(l.stack[i:]), name), " -> "))
	}
	if u := l.libs[name]; u != nil {
		return u
	}
	if len(l.stack) >= maxImportDepth {
		return fail(diag.ImportFailed, "is imported through more than %d files", maxImportDepth)
	}
	info, err := fs.Stat(l.in.FS, name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("it is not a regular file")
	}
	if err == nil && info.Size() > maxImport {
		err = fmt.Errorf("it is larger than %d bytes", maxImport)
	}
	var text []byte
	if err == nil {
		text, err = fs.ReadFile(l.in.FS, name)
	}
	if err != nil {
		return fail(diag.ImportFailed, "cannot be read: %s", reason(err))
	}
	l.stack = append(l.stack, name)
	u := l.unit(source.New(l.in.Dir+name, string(text)), name)
	l.stack = l.stack[:len(l.stack)-1]
	u.Library = true
	l.libs[name] = u
	return u
}

// reason is an error of a file system without its path, which may be absolute.
func reason(err error) string {
	for {
		pe, ok := err.(*fs.PathError)
		if !ok {
			return err.Error()
		}
		err = pe.Err
	}
}

// inventory reads the manifests that a statement names, relative to the directory of its file.
func (l *loader) inventory(from *ast.File, p *ast.Str, dir string) {
	name := p.Value
	if dir != "." && !path.IsAbs(name) {
		name = path.Join(dir, name)
	}
	if l.seen[name] {
		return
	}
	l.seen[name] = true
	files, diags := inventory.Load(l.in.FS, name, from.Span(p))
	for _, f := range files {
		f.Name = l.in.Dir + f.Name
		l.askedBy[f] = from.Span(p)
	}
	l.broken = l.broken || diags.HasErrors()
	l.diags = append(l.diags, diags...)
	l.manifests = append(l.manifests, files...)
}
