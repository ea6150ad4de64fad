package inventory

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Load reads the file, or the *.yaml, *.yml and *.json files in the directory and below it, that name stands for. The names
// of the files are name joined with their path below it. Everything that is wrong with the path is said at the span, the
// string of the inventory statement. A nil file system has no files.
func Load(fsys fs.FS, name string, at source.Span) ([]*source.File, diag.List) {
	l := loader{fsys: fsys, given: name, at: at}
	clean := path.Clean(name)
	switch {
	case fsys == nil:
		l.diags.Add(diag.InventoryUnreadable, at, "%q cannot be read: a program on standard input has no directory", name).
			Advise("give the manifests with --inventory, or the program as a file")
	case name == "" || path.IsAbs(name) || !fs.ValidPath(clean):
		l.diags.Add(diag.InventoryOutside, at, "%q is not in the program's directory", name).
			Advise("run ztc in a directory above both, move the manifests below the program, or give them with --inventory")
	default:
		l.load(clean)
	}
	return l.files, l.diags
}

type loader struct {
	fsys    fs.FS
	given   string
	at      source.Span
	files   []*source.File
	entries int
	total   int64
	full    bool // a bound is reached
	diags   diag.List
}

func (l *loader) load(name string) {
	info, err := fs.Stat(l.fsys, name)
	switch {
	case err != nil:
		l.unreadable(name, err)
	case info.IsDir():
		l.dir(name, 1)
		if len(l.files) == 0 && len(l.diags) == 0 {
			l.diags.Add(diag.InventoryEmpty, l.at, "%q has no *.yaml, *.yml or *.json file", l.given)
		}
	default:
		l.file(name, info)
	}
}

// dir reads a directory in the order of names, which fs.ReadDir promises.
func (l *loader) dir(name string, depth int) {
	if depth > maxDepth {
		l.limit("%q is more than %d directories deep", name, maxDepth)
		return
	}
	entries, err := fs.ReadDir(l.fsys, name)
	if err != nil {
		l.unreadable(name, err)
		return
	}
	if l.entries += len(entries); l.entries > maxEntries {
		l.limit("%q has more than %d files and directories", l.given, maxEntries)
		return
	}
	for _, e := range entries {
		if l.full {
			return
		}
		below := path.Join(name, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."): // .git, editors' lock files, the ..data of a mounted ConfigMap
		case e.IsDir():
			l.dir(below, depth+1)
		case e.Type()&fs.ModeSymlink != 0:
			l.link(below)
		case isManifest(below):
			if info, err := e.Info(); err != nil {
				l.unreadable(below, err)
			} else {
				l.file(below, info)
			}
		}
	}
}

// link reads a file behind a symbolic link. Directories behind links are not entered: they may lead back up.
func (l *loader) link(name string) {
	info, err := fs.Stat(l.fsys, name)
	switch {
	case err != nil && isManifest(name):
		l.unreadable(name, err)
	case err != nil: // a dangling link that nobody asked for
	case info.IsDir():
		l.diags.Add(diag.InventoryLink, l.at, "%q is a link to a directory and is not followed", name).
			Advise("name the directory itself in an `inventory` statement")
	case isManifest(name):
		l.file(name, info)
	}
}

func isManifest(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

func (l *loader) file(name string, info fs.FileInfo) {
	switch {
	case !info.Mode().IsRegular(): // to open a pipe could wait for ever
		l.diags.Add(diag.InventoryUnreadable, l.at, "%q cannot be read: it is not a regular file", name)
		return
	case info.Size() > manifest.MaxFile:
		l.tooLarge(name)
		return
	case len(l.files) == maxFiles:
		l.limit("%q has more than %d manifests", l.given, maxFiles)
		return
	}
	f, err := l.fsys.Open(name)
	if err != nil {
		l.unreadable(name, err)
		return
	}
	defer f.Close()
	// The size may be untrue: files grow, and file systems lie.
	data, err := io.ReadAll(io.LimitReader(f, manifest.MaxFile+1))
	switch {
	case err != nil:
		l.unreadable(name, err)
	case len(data) > manifest.MaxFile:
		l.tooLarge(name)
	case l.total+int64(len(data)) > maxTotal:
		l.limit("the manifests in %q have more than %d MiB", l.given, maxTotal>>20)
	default:
		l.total += int64(len(data))
		l.files = append(l.files, source.New(name, string(data)))
	}
}

func (l *loader) tooLarge(name string) {
	l.diags.Add(diag.InventoryTooLarge, l.at, "%q has more than %d MiB", name, manifest.MaxFile>>20)
}

func (l *loader) limit(format string, args ...any) {
	l.full = true
	l.diags.Add(diag.InventoryTooLarge, l.at, format, args...)
}

func (l *loader) unreadable(name string, err error) {
	why := err.Error()
	var p *fs.PathError
	if errors.As(err, &p) {
		why = p.Err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		why = "there is no such file or directory"
	case errors.Is(err, fs.ErrPermission):
		why = "permission denied"
	case strings.Contains(why, "path escapes"): // of os.Root, which has no error to compare with
		why = "it is a symbolic link that leaves the directory of the program"
	}
	if len(l.diags) >= manifest.MaxFaults {
		l.full = true
		return
	}
	l.diags.Add(diag.InventoryUnreadable, l.at, "%q cannot be read: %s", name, why)
}
