package cli

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Bounds of the search for files that nothing reads.
const (
	maxSearched = 10_000 // entries of directories
	maxBelow    = 16     // levels
)

// unread warns, for each directory, of sources below the directories of a program that are not part of it. Called when imports
// have been read. Hidden directories are left alone, and links are not followed.
func (in *inputs) unread() (diags diag.List) {
	part := map[string]bool{}
	for _, f := range in.files {
		part[strings.TrimPrefix(f.Name, in.dir)] = true
	}
	found := map[string][]string{} // by directory
	entries := 0
	for _, top := range in.searched {
		fs.WalkDir(in.root.FS(), top, func(name string, e fs.DirEntry, err error) error {
			if entries++; entries > maxSearched {
				return fs.SkipAll
			}
			dir := path.Dir(name)
			switch {
			case err != nil:
				return fs.SkipDir // it is not asked for
			case name != top && strings.HasPrefix(e.Name(), "."):
				if e.IsDir() {
					return fs.SkipDir
				}
			case e.IsDir():
				if strings.Count(name, "/")-strings.Count(top, "/") > maxBelow {
					return fs.SkipDir
				}
			case strings.HasSuffix(name, ".zt") && !part[name] && !in.fs.files[name] && !slices.Contains(in.searched, dir):
				if !slices.Contains(found[dir], e.Name()) {
					found[dir] = append(found[dir], e.Name())
				}
			}
			return nil
		})
	}
	for _, dir := range slices.Sorted(maps.Keys(found)) {
		names := found[dir]
		more := " is"
		if len(names) > 1 {
			more = " and others beside it are"
		}
		d := diags.Add(diag.UnreadProgram, source.Span{}, "%q%s not part of this program: nothing below its directory is read unless it is named or imported", diag.Clean(in.dir+path.Join(dir, names[0])), more)
		d.Advise("name %q as well, import the file, or move it out", diag.Clean(in.dir+dir))
	}
	return diags
}
