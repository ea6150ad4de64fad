package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
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
	missing := d.dir && info == nil
	look := abs
	if missing {
		look = filepath.Dir(abs)
	}
	real, err := filepath.EvalSymlinks(look)
	if err != nil {
		return nil, one(diag.CannotWrite, "cannot write %q: the directory %q: %s", d.given, filepath.ToSlash(filepath.Dir(p)), reason(err))
	}
	if missing {
		d.path = filepath.Join(real, filepath.Base(abs))
		return d, nil
	}
	d.path = real
	if d.root, err = os.OpenRoot(dir); err != nil {
		return nil, one(diag.CannotWrite, "cannot write %q: the directory %q: %s", d.given, filepath.ToSlash(dir), reason(err))
	}
	return d, nil
}

func (d *destination) close() {
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
// replace; to compare is harmless.
func (d *destination) read(files []output, program string, check bool) (map[string][]byte, diag.List) {
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
			if check {
				continue
			}
			why := foreign(text, program)
			if d.dir && f.name == kustomization && marked(text) {
				why = ""
			}
			if why != "" {
				bad.Add(diag.ForeignFile, source.Span{}, "%q is there and %s", d.display(f.name), why).
					Advise("move it, or write to another place")
			}
		}
	}
	return old, bad
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
	b, err := io.ReadAll(io.LimitReader(f, maxOld+1))
	if err == nil && len(b) > maxOld {
		err = fmt.Errorf("it is larger than 1 GiB")
	}
	return b, err
}

// stale returns files of earlier builds of the program that are no longer written, sorted by name.
func (d *destination) stale(in *inputs, files []output, program string) ([]output, diag.List) {
	if !d.dir || d.root == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, one(diag.BadDestination, "cannot look for files of earlier builds in %q: %s", d.given, reason(err))
	}
	written := map[string]bool{}
	for _, f := range files {
		written[f.name] = true
	}
	var out []output
	for _, e := range entries {
		ext := path.Ext(e.Name())
		if !e.Type().IsRegular() || written[e.Name()] || ext != ".yaml" && ext != ".json" || d.input(in, e.Name()) {
			continue
		}
		if text, err := d.old(e.Name()); err == nil && leftover(e.Name(), text, program) {
			out = append(out, output{e.Name(), text})
		}
	}
	return out, nil
}

// remove deletes files of earlier builds, and says so.
func (d *destination) remove(stale []output) diag.List {
	var l diag.List
	for _, f := range stale {
		name := d.display(f.name)
		if err := d.root.Remove(f.name); err != nil {
			l.Add(diag.CannotWrite, source.Span{}, "cannot remove %q, which is left over from an earlier build: %s", name, reason(err))
			continue
		}
		l.Add(diag.StaleOutput, source.Span{}, "%q was left over from an earlier build, and is removed", name).
			Advise("delete its objects from the cluster, too")
	}
	return l
}

// write replaces the files that differ. All are complete beside the old ones before the first is renamed.
func (d *destination) write(files []output, old map[string][]byte) diag.List {
	made := false
	if d.root == nil {
		if err := os.Mkdir(d.path, 0o755); err != nil {
			return one(diag.CannotWrite, "cannot make the directory %q: %s", d.given, reason(err))
		}
		made = true
		var err error
		if d.root, err = os.OpenRoot(d.path); err != nil {
			return one(diag.CannotWrite, "cannot write %q: %s", d.given, reason(err))
		}
	}
	type pair struct{ tmp, name string }
	var pending []pair
	undo := func() {
		for _, p := range pending {
			d.root.Remove(p.tmp)
		}
		if made {
			os.Remove(d.path) // only when it is empty
		}
	}
	for _, f := range files {
		have, ok := old[f.name]
		if ok && bytes.Equal(have, f.text) {
			continue
		}
		tmp, err := writeTemp(d.root, f.name, f.text)
		if err != nil {
			undo()
			return one(diag.CannotWrite, "cannot write %q: %s", d.display(f.name), reason(err))
		}
		pending = append(pending, pair{tmp, f.name})
	}
	for len(pending) > 0 {
		p := pending[0]
		if err := d.root.Rename(p.tmp, p.name); err != nil {
			undo()
			return one(diag.CannotWrite, "cannot write %q: %s", d.display(p.name), reason(err))
		}
		pending = pending[1:]
	}
	syncDir(d.root)
	return nil
}

// writeTemp writes a complete file beside name, with the permissions of what name is now, and returns the file's name.
func writeTemp(root *os.Root, name string, text []byte) (string, error) {
	mode := fs.FileMode(0o666)
	info, statErr := root.Lstat(name)
	var f *os.File
	var tmp string
	var err error
	for i := range 100 {
		tmp = filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.%d-%d.tmp", filepath.Base(name), os.Getpid(), i))
		if f, err = root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	if err == nil && statErr == nil {
		err = f.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		root.Remove(tmp)
		return "", err
	}
	return tmp, nil
}

// syncDir makes renames last. Some systems cannot; the files are whole all the same.
func syncDir(root *os.Root) {
	if f, err := root.Open("."); err == nil {
		f.Sync()
		f.Close()
	}
}
