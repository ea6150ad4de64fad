package cli

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/internal/inventory"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

const stdinName = "<stdin>"

// inputs are the files of a call, and the directory that they may read from.
type inputs struct {
	files     []*source.File
	inventory []*source.File
	others    []*source.File // policies of others
	root      *os.Root
	rootPath  string  // absolute, without symbolic links
	fs        *record // of root
	dir       string  // what names of files have over fs
	infos     []os.FileInfo
	searched  []string // directories of the program whose files are in it, relative to root
}

func (in *inputs) close() {
	if in.root != nil {
		in.root.Close()
	}
}

// program reads the files that paths name: one program. It has one root, which its imports and inventories do not leave: the
// current directory, where all paths lie in it, else the directory that all paths have in common.
func (r *reader) program(paths []string) *inputs {
	in := &inputs{fs: newRecord(nil)}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	if slices.Contains(paths, "-") {
		if len(paths) > 1 {
			r.add(diag.UnreadableFile, "standard input (-) is a whole program, and cannot be given together with other paths")
			return in
		}
		if r.open(in, ".", "") {
			if text, ok := r.text(r.stdin, stdinName, 0); ok {
				in.files = append(in.files, source.NewText(stdinName, text))
			}
		}
		return in
	}
	var dirs []string // of each path, absolute
	isDir := make([]bool, len(paths))
	absolute := false
	for i, p := range paths {
		if !r.named(p) {
			continue
		}
		info, err := os.Stat(p)
		if err != nil {
			r.unreadable(filepath.ToSlash(p), err)
			continue
		}
		isDir[i] = info.IsDir()
		if !isDir[i] && !r.regular(info, filepath.ToSlash(p)) {
			continue
		}
		dir := p
		if !isDir[i] {
			dir = filepath.Dir(p)
			if r.manifest(filepath.ToSlash(p)) {
				continue
			}
		}
		abs, err := filepath.Abs(dir)
		if err != nil {
			r.unreadable(filepath.ToSlash(p), err)
			continue
		}
		dirs = append(dirs, abs)
		absolute = absolute || filepath.IsAbs(p)
	}
	if r.diags.HasErrors() {
		return in
	}
	root := widest(common(dirs))
	display := root
	if cwd, err := os.Getwd(); err == nil && !absolute {
		if rel, err := filepath.Rel(cwd, root); err == nil {
			display = rel
		}
	}
	if !r.open(in, root, display) {
		return in
	}
	seen := map[string]bool{}
	for i, p := range paths {
		abs, _ := filepath.Abs(p)
		rel, err := filepath.Rel(root, abs)
		if err != nil {
			r.unreadable(filepath.ToSlash(p), err)
			continue
		}
		names := []string{filepath.ToSlash(rel)}
		if isDir[i] {
			in.searched = append(in.searched, names[0])
			names = r.list(in, names[0])
		}
		for _, n := range names {
			if seen[n] {
				continue
			}
			seen[n] = true
			if f, info := r.file(in.root, filepath.FromSlash(n), in.dir+n); f != nil {
				in.files = append(in.files, f)
				in.infos = append(in.infos, info)
			}
		}
	}
	return in
}

// manifest reports whether a file is one by its name, which is said.
func (r *reader) manifest(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		r.add(diag.NoProgram, "%q is a manifest by its name, and programs are .zt files", name).
			Advise("to have a program checked against it, name the program here and give the manifest with --inventory")
		return true
	}
	return false
}

// list returns the .zt files of a directory of the program.
func (r *reader) list(in *inputs, dir string) []string {
	entries, err := fs.ReadDir(in.root.FS(), dir)
	shown := strings.TrimSuffix(in.dir+dir, "/.")
	if err != nil {
		r.unreadable(shown, err)
		return nil
	}
	var names []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".zt") && !strings.HasPrefix(n, ".") {
			names = append(names, path.Join(dir, n))
		}
	}
	if len(names) == 0 {
		r.add(diag.NoProgram, "%q holds no .zt file", shown).Note("directories below it are not searched")
	}
	return names
}

// open opens the root of the program.
func (r *reader) open(in *inputs, dir, display string) bool {
	root, err := os.OpenRoot(dir)
	if err != nil {
		r.unreadable(dir, err)
		return false
	}
	in.root = root
	in.fs = newRecord(root.FS())
	if abs, err := filepath.Abs(dir); err == nil {
		if in.rootPath, err = filepath.EvalSymlinks(abs); err != nil {
			in.rootPath = abs
		}
	}
	if display = filepath.ToSlash(display); display != "" && display != "." {
		in.dir = strings.TrimSuffix(display, "/") + "/"
	}
	return true
}

// common returns the longest directory that holds all of dirs, which are absolute and clean.
func common(dirs []string) string {
	out := dirs[0]
	for _, d := range dirs[1:] {
		for !within(d, out) {
			out = filepath.Dir(out)
		}
	}
	return out
}

// widest returns the current directory where it holds dir, and dir where it does not. What is there by way of a symbolic link lies
// elsewhere.
func widest(dir string) string {
	cwd, err := os.Getwd()
	if err != nil || !within(dir, cwd) {
		return dir
	}
	rel, err := filepath.Rel(cwd, dir)
	if err != nil {
		return dir
	}
	top, err := filepath.EvalSymlinks(cwd)
	if err != nil {
		return dir
	}
	if real, err := filepath.EvalSymlinks(dir); err != nil || real != filepath.Join(top, rel) {
		return dir
	}
	return cwd
}

// within reports whether p is dir or below it; both are absolute and clean.
func within(p, dir string) bool {
	rel, err := filepath.Rel(dir, p)
	if err != nil {
		return dir == filepath.Dir(dir) // another volume: nothing is in common
	}
	return rel == "." || rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// manifests reads what a flag names.
func (r *reader) manifests(in *inputs, flag string, paths []string) (out []*source.File) {
	for _, p := range paths {
		if p == "-" {
			if text, ok := r.text(r.stdin, stdinName, 0); ok {
				out = append(out, source.NewText(stdinName, text))
			}
			continue
		}
		if !r.named(p) {
			continue
		}
		info, err := os.Stat(p)
		if err != nil {
			r.unreadable(filepath.ToSlash(p), err)
			continue
		}
		dir := p
		if !info.IsDir() {
			dir = filepath.Dir(p)
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			r.unreadable(filepath.ToSlash(p), err)
			continue
		}
		if info.IsDir() {
			out = append(out, r.directory(in, root, flag, p)...)
		} else if f, info := r.file(root, filepath.Base(p), filepath.ToSlash(filepath.Clean(p))); f != nil {
			out = append(out, f)
			in.infos = append(in.infos, info)
		}
		root.Close()
	}
	return out
}

// directory reads all manifests below a directory.
func (r *reader) directory(in *inputs, root *os.Root, flag, p string) (out []*source.File) {
	files, diags := inventory.Load(root.FS(), ".", source.Span{})
	if len(files) == 0 && !diags.HasErrors() {
		r.add(diag.UnreadableFile, "%q holds no manifests (*.yaml, *.yml, *.json)", filepath.ToSlash(p))
		return nil
	}
	for i := range diags {
		diags[i].Note("below %s %q", flag, filepath.ToSlash(p))
	}
	r.diags = append(r.diags, diags...)
	prefix := filepath.ToSlash(filepath.Clean(p)) + "/"
	if prefix == "./" {
		prefix = ""
	}
	for _, f := range files {
		f.Name = prefix + f.Name
		if r.named(f.Name) {
			out = append(out, f)
		}
		if r.total += int64(len(f.Text)); r.total > maxTotal {
			r.add(diag.FileTooLarge, "all inputs together are larger than 256 MiB: %q is the one too many", f.Name)
			return out
		}
	}
	if abs, err := filepath.Abs(p); err == nil {
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			abs = real
		}
		in.fs.outside = append(in.fs.outside, abs)
	}
	return out
}
