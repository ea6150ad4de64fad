package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

const maxOld = 1 << 30 // bytes of a file that is compared

// destination is a file or a directory that output goes to. All access is through the root, so that no name leaves it.
type destination struct {
	given string   // as the user wrote it
	dir   bool     // given is a directory
	base  string   // of the file, when it is not
	root  *os.Root // of the directory; nil when it does not exist yet
	path  string   // of the directory, absolute, without symbolic links

	made  []string // directories that this build has made, the topmost first
	mutex *os.File // the directory, while this build keeps others out of it
	trash []string // what builds that were killed have left half written; filled by stale
	stray []string // files of other names with objects of the program alone; filled by stale
}

func one(code diag.Code, format string, args ...any) diag.List {
	var l diag.List
	l.Add(code, source.Span{}, format, args...)
	return l
}

// openDestination looks at a destination and changes nothing.
func openDestination(given string) (*destination, diag.List) {
	d := &destination{given: filepath.ToSlash(given)}
	if clean := diag.Clean(given); clean != given {
		return nil, one(diag.BadFileName, "the destination \"%s\" holds characters that cannot be seen", clean)
	}
	last := filepath.Base(given)
	wantDir := os.IsPathSeparator(given[len(given)-1]) || last == "." || last == ".."
	p := filepath.Clean(given)
	info, err := os.Lstat(p)
	switch {
	case err == nil && info.IsDir():
		d.dir = true
	case err == nil && !info.Mode().IsRegular():
		l := one(diag.BadDestination, "the destination %q is %s", d.given, kind(info.Mode()))
		l[0].Note("files are replaced by renaming, which would replace %s and not what it leads to; `-o -` writes to standard output", kind(info.Mode()))
		return nil, l
	case err == nil && wantDir:
		return nil, one(diag.BadDestination, "the destination %q ends in a slash, and is a file", d.given)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, one(diag.CannotWrite, "cannot write %q: %s", d.given, reason(err))
	case err != nil:
		d.dir = wantDir
	}
	dir := p
	if !d.dir {
		dir, d.base = filepath.Split(p)
		dir = filepath.Clean(dir)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, one(diag.CannotWrite, "cannot write %q: %s", d.given, reason(err))
	}
	if d.path, err = resolved(abs); err != nil {
		return nil, one(diag.CannotWrite, "cannot write %q: %s", d.given, reason(err))
	}
	if d.root, err = os.OpenRoot(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, one(diag.CannotWrite, "cannot write %q: the directory %q: %s", d.given, filepath.ToSlash(dir), reason(err))
	}
	return d, nil
}

// resolved is an absolute path without symbolic links, whose last directories need not exist yet.
func resolved(p string) (string, error) {
	real, err := filepath.EvalSymlinks(p)
	if !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	if _, there := os.Lstat(p); there == nil { // a link to nothing: nobody knows what it is to be
		return "", fmt.Errorf("%s is a symbolic link to nothing", strconv.Quote(filepath.Base(p)))
	}
	up := filepath.Dir(p)
	if up == p {
		return "", err
	}
	if up, err = resolved(up); err != nil {
		return "", err
	}
	return filepath.Join(up, filepath.Base(p)), nil
}

// close lets go of the destination. Directories that were made for nothing go, too.
func (d *destination) close() {
	for _, dir := range slices.Backward(d.made) {
		os.Remove(dir) // only when it is empty
	}
	if d.mutex != nil {
		d.mutex.Close()
	}
	if d.root != nil {
		d.root.Close()
	}
}

// display is the name of a file of the destination as the user knows it.
func (d *destination) display(name string) string {
	if !d.dir {
		return d.given
	}
	return strings.TrimSuffix(d.given, "/") + "/" + name
}

// apart checks that the destination is not among what it is made from.
func (d *destination) apart(in *inputs, files []output) diag.List {
	if !d.dir && strings.HasSuffix(d.base, ".zt") {
		return one(diag.OutputInSources, "the destination %q has the name of a source", d.given)
	}
	for _, dir := range in.fs.outside {
		if within(d.path, dir) {
			return one(diag.OutputInSources, "the destination %q lies in a directory that is read as inventory", d.given)
		}
	}
	for _, f := range files {
		if d.input(in, f.name) {
			return one(diag.OutputInSources, "the destination %q is one of the inputs", d.display(f.name))
		}
	}
	rel := d.rel(in)
	if rel == "" {
		return nil
	}
	for at := rel; ; at = path.Dir(at) {
		if in.fs.dirs[at] {
			return one(diag.OutputInSources, "the destination %q lies in a directory that is read as inventory", d.given)
		}
		if at == "." {
			break
		}
	}
	for _, f := range in.files {
		if name := strings.TrimPrefix(f.Name, in.dir); d.dir && f.Name != stdinName && path.Dir(name) == rel {
			return one(diag.OutputInSources, "the destination %q is the directory of %q", d.given, f.Name)
		}
	}
	return nil
}

// rel is the destination's directory as the program's files know it, or "" where it does not lie among them.
func (d *destination) rel(in *inputs) string {
	if in.rootPath == "" || !within(d.path, in.rootPath) {
		return ""
	}
	rel, err := filepath.Rel(in.rootPath, d.path)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

// input reports whether a file of the destination is one that the program is made from.
func (d *destination) input(in *inputs, name string) bool {
	if rel := d.rel(in); rel != "" && in.fs.files[path.Join(rel, name)] {
		return true
	}
	if d.root == nil {
		return false
	}
	info, err := d.root.Lstat(name)
	return err == nil && slices.ContainsFunc(in.infos, func(i os.FileInfo) bool { return os.SameFile(i, info) })
}

// read returns what the destination holds under the names of files, and refuses what is not the program's to
// replace; to compare is harmless. stale is what else of the directory is the program's.
func (d *destination) read(files, stale []output, program string, check bool) (map[string][]byte, diag.List) {
	old := map[string][]byte{}
	var bad diag.List
	if d.root == nil {
		return old, nil
	}
	for _, f := range files {
		text, err := d.old(f.name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			bad.Add(diag.BadDestination, source.Span{}, "cannot replace %q: %s", d.display(f.name), reason(err))
		default:
			old[f.name] = text
			if f.text.equal(text) {
				continue
			}
			if why := foreign(text, program); why != "" && !check && !(d.dir && f.name == kustomization) {
				bad.Add(diag.ForeignFile, source.Span{}, "%q is there and %s", d.display(f.name), why).
					Advise("move it, or write to another place")
			}
		}
	}
	if d.dir {
		bad = append(bad, d.kustomization(old[kustomization], names(files, stale), program, check)...)
	}
	return old, bad
}

// names is the set of the names of files.
func names(lists ...[]output) map[string]bool {
	m := map[string]bool{}
	for _, l := range lists {
		for _, f := range l {
			m[f.name] = true
		}
	}
	return m
}

// kustomization looks at the kustomization.yaml that would be replaced; ours are the files of the program.
func (d *destination) kustomization(text []byte, ours map[string]bool, program string, check bool) diag.List {
	var l diag.List
	k, why := readList(text)
	if why == "" && k.program != program && len(bytes.TrimSpace(text)) > 0 {
		why = "is of " + named(k.program)
	}
	if why != "" && !check {
		l.Add(diag.ForeignFile, source.Span{}, "%q is there and %s", d.display(kustomization), why).
			Advise("give each program a directory of its own, and list the directories in a kustomization.yaml above them; if the program has got another name, delete the files of the old one")
	}
	for _, f := range k.files {
		if why == "" && !ours[f] && d.has(f) {
			l.Add(diag.UnlistedFile, source.Span{}, "%q is listed in %q, and is not wholly of this program: it stays, and is no longer listed", d.display(f), kustomization).
				Advise("delete it, or list it in a kustomization.yaml of your own, beside this directory")
		}
	}
	for _, other := range otherKustomizations {
		if !check && d.has(other) {
			l.Add(diag.ForeignFile, source.Span{}, "%q is there, and kustomize takes one such file in a directory", d.display(other)).
				Advise("write to a directory of its own, and list that in %s", other)
		}
	}
	return l
}

// has reports whether there is anything of that name in the directory.
func (d *destination) has(name string) bool {
	_, err := d.root.Lstat(name)
	return err == nil
}

// old reads one regular file of the destination.
func (d *destination) old(name string) ([]byte, error) {
	info, err := d.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is %s", kind(info.Mode()))
	}
	f, err := d.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	if size := info.Size(); size <= maxOld {
		b.Grow(int(size) + bytes.MinRead)
	}
	_, err = b.ReadFrom(io.LimitReader(f, maxOld+1))
	if err == nil && b.Len() > maxOld {
		err = fmt.Errorf("it is larger than 1 GiB")
	}
	return b.Bytes(), err
}

// stale returns files of earlier builds of the program that are no longer written, sorted by name, and warns of those of
// other programs.
func (d *destination) stale(in *inputs, files []output, program string) ([]output, diag.List) {
	if !d.dir || d.root == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, one(diag.BadDestination, "cannot look for files of earlier builds in %q: %s", d.given, reason(err))
	}
	var out []output
	written := names(files)
	others := map[string][]string{}
	for _, e := range entries {
		name, ext := e.Name(), path.Ext(e.Name())
		if !e.Type().IsRegular() || written[name] || d.input(in, name) {
			continue
		}
		if m := temporary.FindStringSubmatch(name); m != nil && written[m[1]] {
			d.trash = append(d.trash, name)
		}
		if ext != ".yaml" && ext != ".yml" && ext != ".json" { // what kubectl applies
			continue
		}
		text, err := d.old(name)
		if err != nil {
			continue
		}
		switch owner, ours := builtBy(name, text); {
		case ours && owner == program:
			out = append(out, output{name, content{text}})
		case ours:
			others[owner] = append(others[owner], name)
		case len(documents(text)) > 0 && foreign(text, program) == "":
			d.stray = append(d.stray, name)
		}
	}
	var warn diag.List
	for _, owner := range slices.Sorted(maps.Keys(others)) {
		warn.Add(diag.OtherProgram, source.Span{}, "%q also holds files of %s, which stay: %s", d.given, named(owner), few(others[owner]))
	}
	return out, warn
}

// strays says of files that hold objects of the program under a name that no build writes. Somebody has made them, so they stay.
func (d *destination) strays(code diag.Code) diag.List {
	var l diag.List
	for _, name := range d.stray {
		l.Add(code, source.Span{}, "%q holds objects of this program, and is no file that a build writes: whatever applies the directory applies it, too", d.display(name)).
			Advise("delete it, or keep it in another place")
	}
	return l
}

// few is a list of names for a message: the first ones, and how many more.
func few(names []string) string {
	const most = 3
	if n := len(names) - most; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n)
	}
	return strings.Join(names, ", ")
}
