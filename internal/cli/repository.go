package cli

import (
	"os"
	"path/filepath"

	"github.com/zt-lang/ztc/lang/diag"
)

// repository is the one around the current directory: the nearest directory above with a .git, which is a file in a worktree.
func repository() diag.Repository {
	none := func(string) (string, bool) { return "", false }
	cwd, err := os.Getwd()
	if err != nil {
		return none
	}
	root := cwd
	for {
		if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
			break
		}
		up := filepath.Dir(root)
		if up == root {
			return none
		}
		root = up
	}
	return func(name string) (string, bool) {
		at := filepath.FromSlash(name)
		if !filepath.IsAbs(at) {
			at = filepath.Join(cwd, at)
		}
		rel, err := filepath.Rel(root, at)
		if err != nil || !within(at, root) {
			return "", false
		}
		return filepath.ToSlash(rel), true
	}
}
