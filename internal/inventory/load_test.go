package inventory

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/zt-lang/ztc/internal/manifest"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// program is the file whose inventory statement the paths stand in.
var program = source.New("shop.zt", `inventory "k8s/"`)

var statement = source.Span{File: program, Start: 10, End: 16}

func names(files []*source.File) []string {
	out := []string{}
	for _, f := range files {
		out = append(out, f.Name)
	}
	return out
}

// wantDiag wants exactly one diagnostic, at the statement.
func wantDiag(t *testing.T, diags diag.List, code diag.Code, words string) {
	t.Helper()
	if len(diags) != 1 || diags[0].Code != code || diags[0].Span != statement || !strings.Contains(diags[0].Message, words) {
		t.Errorf("diagnostics %v, want one %s with %q at the statement", diags, code, words)
	}
}

func TestLoad(t *testing.T) {
	fsys := fstest.MapFS{
		"k8s/b.yaml":           {Data: []byte("b")},
		"k8s/a.yml":            {Data: []byte("a")},
		"k8s/sub/deep/c.JSON":  {Data: []byte("c")},
		"k8s/sub/notes.md":     {Data: []byte("no")},
		"k8s/.git/config.yaml": {Data: []byte("no")},
		"k8s/.hidden.yaml":     {Data: []byte("no")},
		"empty/README.md":      {Data: []byte("no")},
		"manifest.txt":         {Data: []byte("m")},
	}
	all := []string{"k8s/a.yml", "k8s/b.yaml", "k8s/sub/deep/c.JSON"}
	for _, c := range []struct {
		path  string
		files []string
	}{
		{"k8s", all}, {"k8s/", all}, {"./k8s//", all}, {"x/../k8s", all}, {".", all},
		{"k8s/b.yaml", []string{"k8s/b.yaml"}}, {"k8s/sub", all[2:]}, {"manifest.txt", []string{"manifest.txt"}},
	} {
		files, diags := Load(fsys, c.path, statement)
		if d := cmp.Diff(c.files, names(files)); d != "" || len(diags) > 0 {
			t.Errorf("%q: %v\n%s", c.path, diags, d)
		}
	}
	if files, _ := Load(fsys, "k8s/b.yaml", statement); files[0].Text != "b" {
		t.Errorf("text %q", files[0].Text)
	}
	for _, c := range []struct {
		path string
		code diag.Code
		want string
	}{
		{"..", diag.InventoryOutside, `".." is not in`},
		{"../k8s", diag.InventoryOutside, `"../k8s"`},
		{"k8s/../../etc", diag.InventoryOutside, `etc`},
		{"/etc", diag.InventoryOutside, `"/etc"`},
		{"", diag.InventoryOutside, `""`},
		{"k8s\xff", diag.InventoryOutside, `\xff`},
		{"k9s", diag.InventoryUnreadable, `"k9s" cannot be read: there is no such file`},
		{"k8s/b.yaml/c", diag.InventoryUnreadable, `"k8s/b.yaml/c"`},
		{"k8s\x00", diag.InventoryUnreadable, `"k8s\x00"`},
		{"empty", diag.InventoryEmpty, `"empty" has no`},
	} {
		files, diags := Load(fsys, c.path, statement)
		wantDiag(t, diags, c.code, c.want)
		if len(files) > 0 {
			t.Errorf("%q: files %v", c.path, names(files))
		}
	}
	_, diags := Load(nil, "k8s", statement)
	wantDiag(t, diags, diag.InventoryUnreadable, "standard input")
}

// TestLoadLinks reads from a real directory through os.Root, as the command does.
func TestLoadLinks(t *testing.T) {
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Skip(err) // no symbolic links here
		}
	}
	must(os.WriteFile(filepath.Join(dir, "secret.yaml"), []byte("secret"), 0o644))
	must(os.MkdirAll(filepath.Join(dir, "p", "k8s", "sub"), 0o755))
	must(os.WriteFile(filepath.Join(dir, "p", "k8s", "a.yaml"), []byte("a"), 0o644))
	must(os.Symlink("a.yaml", filepath.Join(dir, "p", "k8s", "inside.yaml")))
	must(os.Symlink("../../secret.yaml", filepath.Join(dir, "p", "k8s", "outside.yaml")))
	must(os.Symlink("nothing", filepath.Join(dir, "p", "k8s", "dangling")))
	must(os.Symlink("..", filepath.Join(dir, "p", "k8s", "sub", "loop")))
	must(os.Symlink("../..", filepath.Join(dir, "p", "up")))
	root, err := os.OpenRoot(filepath.Join(dir, "p"))
	must(err)
	defer root.Close()

	files, diags := Load(root.FS(), "k8s", statement)
	if d := cmp.Diff([]string{"k8s/a.yaml", "k8s/inside.yaml"}, names(files)); d != "" {
		t.Error(d)
	}
	var codes []diag.Code
	for _, d := range diags {
		codes = append(codes, d.Code)
	}
	if want := []diag.Code{diag.InventoryUnreadable, diag.InventoryLink}; !slices.Equal(codes, want) {
		t.Errorf("diagnostics %v, want %v", diags, want)
	}
	files, diags = Load(root.FS(), "up", statement)
	wantDiag(t, diags, diag.InventoryUnreadable, `"up" cannot be read`)
	if len(files) > 0 {
		t.Errorf("files %v", names(files))
	}
}

// fakeFS is one directory with as many entries as asked for, and whatever sizes they claim.
type fakeFS struct {
	entries int
	claimed int64 // size that files claim
	real    int64 // size that they have
	mode    fs.FileMode
	nested  bool // every directory has one more
	fail    error
}

type fakeFile struct {
	fs   fakeFS
	name string
	left int64
}

func (f fakeFS) Open(name string) (fs.File, error) {
	if f.fail != nil && name != "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: f.fail}
	}
	return &fakeFile{f, name, f.real}, nil
}

func (f *fakeFile) IsDir() bool {
	return f.name == "." || f.fs.nested && !strings.HasSuffix(f.name, ".yaml")
}
func (f *fakeFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *fakeFile) Info() (fs.FileInfo, error) { return f, nil }
func (f *fakeFile) Close() error               { return nil }
func (f *fakeFile) ModTime() time.Time         { return time.Time{} }
func (f *fakeFile) Name() string               { return f.name[strings.LastIndexByte(f.name, '/')+1:] }
func (f *fakeFile) Size() int64                { return f.fs.claimed }
func (f *fakeFile) Sys() any                   { return nil }
func (f *fakeFile) Type() fs.FileMode          { return f.Mode().Type() }
func (f *fakeFile) Mode() fs.FileMode {
	if f.IsDir() {
		return fs.ModeDir
	}
	return f.fs.mode
}
func (f *fakeFile) Read(b []byte) (int, error) {
	if f.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(b)), f.left)
	clear(b[:n])
	f.left -= n
	return int(n), nil
}
func (f *fakeFile) ReadDir(int) ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	for i := range f.fs.entries {
		out = append(out, &fakeFile{fs: f.fs, name: fmt.Sprintf("%06d.yaml", i)})
	}
	if f.fs.nested {
		out = append(out, &fakeFile{fs: f.fs, name: "d"})
	}
	return out, nil
}

func TestLoadLimits(t *testing.T) {
	for _, c := range []struct {
		name  string
		fs    fakeFS
		files int
		code  diag.Code
		want  string
	}{
		{"claims to be large", fakeFS{entries: 1, claimed: manifest.MaxFile + 1}, 0, diag.InventoryTooLarge, "64 MiB"},
		{"claims to be small", fakeFS{entries: 1, claimed: 1, real: 1 << 40}, 0, diag.InventoryTooLarge, "64 MiB"},
		{"many files", fakeFS{entries: maxFiles + 2}, maxFiles, diag.InventoryTooLarge, "20000 manifests"},
		{"many entries", fakeFS{entries: maxEntries + 1}, 0, diag.InventoryTooLarge, "200000 files"},
		{"deep", fakeFS{entries: 1, nested: true}, maxDepth, diag.InventoryTooLarge, "50 directories deep"},
		{"pipe", fakeFS{entries: 1, mode: fs.ModeNamedPipe, real: 1 << 40}, 0, diag.InventoryUnreadable, "not a regular file"},
		{"permission", fakeFS{entries: 1, fail: fs.ErrPermission}, 0, diag.InventoryUnreadable, "permission denied"},
		{"broken disk", fakeFS{entries: 1, fail: errors.New("input/output error")}, 0, diag.InventoryUnreadable, "input/output error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files, diags := Load(c.fs, ".", statement)
			if len(files) != c.files {
				t.Errorf("%d files, want %d", len(files), c.files)
			}
			wantDiag(t, diags, c.code, c.want)
		})
	}
	if _, diags := Load(fakeFS{entries: 1000, fail: fs.ErrPermission}, ".", statement); len(diags) != manifest.MaxFaults {
		t.Errorf("%d diagnostics, want %d", len(diags), manifest.MaxFaults)
	}
}
