package inventory

import (
	"io/fs"
	"path"
	"strings"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Bounds of what an inventory may be.
const (
	maxFile  = 64 << 20
	maxFiles = 20_000
	maxDepth = 50
)

// Load reads a manifest, or all manifests below a directory (*.yaml, *.yml, *.json), in order of their names. Hidden
// directories are skipped. What cannot be read is reported at the place that named the path.
func Load(fsys fs.FS, name string, at source.Span) ([]*source.File, diag.List) {
	var diags diag.List
	var files []*source.File
	fail := func(p, format string, args ...any) {
		diags.Add(diag.InventoryUnreadable, at, "inventory %q "+format, append([]any{p}, args...)...)
	}
	clean := path.Clean(strings.TrimPrefix(name, "./"))
	if !fs.ValidPath(clean) || strings.Contains(name, "\\") {
		fail(name, "leaves the directory of the program")
		return nil, diags
	}
	read := func(p string) {
		info, err := fs.Stat(fsys, p)
		switch {
		case err != nil:
			fail(p, "cannot be read: %s", reason(err))
			return
		case !info.Mode().IsRegular():
			fail(p, "is not a regular file")
			return
		case info.Size() > maxFile:
			fail(p, "is larger than %d bytes", maxFile)
			return
		}
		text, err := fs.ReadFile(fsys, p)
		if err != nil {
			fail(p, "cannot be read: %s", reason(err))
			return
		}
		files = append(files, source.New(p, string(text)))
	}
	info, err := fs.Stat(fsys, clean)
	if err != nil {
		fail(name, "cannot be read: %s", reason(err))
		return nil, diags
	}
	if !info.IsDir() {
		read(clean)
		return files, diags
	}
	err = fs.WalkDir(fsys, clean, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			fail(p, "cannot be read: %s", reason(err))
			return nil
		case e.IsDir():
			if p != clean && strings.HasPrefix(e.Name(), ".") {
				return fs.SkipDir
			}
			if strings.Count(p, "/") > maxDepth {
				fail(p, "is deeper than %d directories", maxDepth)
				return fs.SkipDir
			}
		case manifest(e.Name()):
			if len(files) >= maxFiles {
				fail(name, "holds more than %d manifests", maxFiles)
				return fs.SkipAll
			}
			read(p)
		}
		return nil
	})
	if err != nil {
		fail(name, "cannot be read: %s", reason(err))
	}
	return files, diags
}

func manifest(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
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
