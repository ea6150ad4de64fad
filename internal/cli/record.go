package cli

import "io/fs"

// record is a file system that remembers what was read from it, so that output is not written into what it is made from.
type record struct {
	fsys    fs.FS
	dirs    map[string]bool // listed directories
	files   map[string]bool // read files
	outside []string        // directories that were read by another way; absolute
}

func newRecord(fsys fs.FS) *record {
	return &record{fsys: fsys, dirs: map[string]bool{}, files: map[string]bool{}}
}

// Open opens a file, or a directory.
func (r *record) Open(name string) (fs.File, error) {
	r.files[name] = true
	return r.fsys.Open(name)
}

// ReadFile reads a file whole.
func (r *record) ReadFile(name string) ([]byte, error) {
	r.files[name] = true
	return fs.ReadFile(r.fsys, name)
}

// ReadDir lists a directory.
func (r *record) ReadDir(name string) ([]fs.DirEntry, error) {
	r.dirs[name] = true
	return fs.ReadDir(r.fsys, name)
}

// Stat describes a file without opening it: opening a pipe may wait for ever.
func (r *record) Stat(name string) (fs.FileInfo, error) { return fs.Stat(r.fsys, name) }
