package cli

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/known"
)

// Facts that builds proved are kept in the user's cache directory, one file for each program. They are sealed with a key that
// lies elsewhere, in the user's configuration directory, and for the very executable that proved them: a file that is damaged,
// that came from another machine or that somebody else wrote is as good as none, and the next build replaces it. Nothing that
// goes wrong here is an error: without facts everything is proven again, and --stats says why there are none.

// cache is where the facts of one program are kept.
type cache struct {
	facts *known.Facts // nil where none are kept
	why   string       // none are kept
	dir   string
	file  string // in dir
	key   []byte
	model string
}

const (
	keySize   = 32
	keptFiles = 128 // programs; the ones that were not built for the longest time go first

	// What is proven faster than a file is written is not kept: less than so many facts, which took less than so many steps.
	worth      = 500
	worthSteps = 1 << 13
)

// checkCache says what is wrong with ZTC_CACHE.
func (a *app) checkCache() error {
	if dir := a.env["ZTC_CACHE"]; dir != "" && dir != "off" && !filepath.IsAbs(dir) {
		return fmt.Errorf("ZTC_CACHE is %q, and wants an absolute path, or off", dir)
	}
	return nil
}

// openCache finds out, beside other work, what is known of a program, and returns what waits for it.
func (a *app) openCache(in *inputs) func() *cache {
	dir := a.env["ZTC_CACHE"]
	switch {
	case dir == "off":
		return func() *cache { return &cache{why: "ZTC_CACHE is off"} }
	case a.env["HOME"] == "" && a.env["LocalAppData"] == "":
		return func() *cache { return &cache{why: "there is no home directory"} }
	}
	var c *cache
	done := make(chan struct{})
	go func() {
		defer close(done)
		var err error
		if c, err = readCache(dir, in); err != nil {
			c = &cache{why: clean(err.Error())}
		}
	}()
	return func() *cache {
		<-done
		return c
	}
}

// readCache reads what is known of a program from a directory, or from the user's own where that is empty.
func readCache(dir string, in *inputs) (*cache, error) {
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(user, "ztc")
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return nil, err
	}
	c := &cache{dir: dir}
	if c.key, err = cacheKey(filepath.Join(config, "ztc")); err != nil {
		return nil, err
	}
	if c.model, err = executable(); err != nil {
		return nil, err
	}
	var name known.Question
	name.Begin(c.model)
	name.Text(in.rootPath)
	for _, f := range in.files {
		name.Text(f.Name)
	}
	digest := name.Digest()
	c.file = hex.EncodeToString(digest[:16]) + ".facts"
	text, _ := readRegular(filepath.Join(dir, c.file), known.MaxLength)
	c.facts = known.Read(text, c.key, c.model)
	return c, nil
}

// told tells --stats how many facts were asked for and known, and how many are new, or why there are none.
func (s *stats) told(c *cache) {
	if c.facts == nil {
		s.uncached = c.why
		s.end()
		return
	}
	n := c.facts.Tally()
	s.end(compiler.Count{What: "known facts", N: n.Known}, compiler.Count{What: "new facts", N: n.New})
}

// save keeps what a run learnt, beside other work.
func (a *app) save(kept func() *cache) {
	done := make(chan struct{})
	a.saved = func() { <-done }
	go func() {
		defer close(done)
		kept().save()
	}()
}

// save keeps what a run learnt, if that is worth a file.
func (c *cache) save() {
	if n := c.facts.Tally(); n.New == 0 || n.Known+n.New < worth && n.Steps < worthSteps {
		return
	}
	if os.MkdirAll(c.dir, 0o700) != nil {
		return
	}
	root, err := os.OpenRoot(c.dir)
	if err != nil {
		return
	}
	defer root.Close()
	// A file that a crash leaves half written is one that is damaged.
	tmp := fmt.Sprintf("%d-%s.tmp", os.Getpid(), c.file)
	if root.WriteFile(tmp, c.facts.Append(nil, c.key, c.model), 0o600) != nil || root.Rename(tmp, c.file) != nil {
		_ = root.Remove(tmp)
		return
	}
	prune(root)
}

// prune removes the files that were not written for the longest time, and what crashes have left.
func prune(root *os.Root) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return
	}
	var files []fs.FileInfo
	for _, e := range entries {
		switch info, err := e.Info(); {
		case err != nil:
		case strings.HasSuffix(e.Name(), ".facts"):
			files = append(files, info)
		case strings.HasSuffix(e.Name(), ".facts.tmp"):
			_ = root.Remove(e.Name())
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, f := range files[min(keptFiles, len(files)):] {
		_ = root.Remove(f.Name())
	}
}

// cacheKey reads the key that facts are sealed with, or makes one. A key that others can read or have written is not used.
func cacheKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, "cache.key")
	info, err := os.Lstat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", path)
	case err == nil && !private(info):
		return nil, fmt.Errorf("%s is not for its user alone (mode 0600)", path)
	case err == nil && info.Size() == keySize:
		return os.ReadFile(path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key)                            // it does not fail
	f, err := os.CreateTemp(dir, ".cache.key.*.tmp") // for nobody but the user
	if err != nil {
		return nil, err
	}
	_, err = f.Write(key)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path) // of two at once one wins, and what the other seals is nothing to anybody
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return nil, err
	}
	return key, nil
}

// readRegular reads a regular file of at most so many bytes.
func readRegular(path string, most int) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > int64(most) {
		return nil, fs.ErrInvalid
	}
	return os.ReadFile(path)
}

// executable names the program that is running by its content: by the ID that Go's linker has given it, or, where it has none, by
// the digest of the file.
func executable() (string, error) {
	path := "/proc/self/exe" // what runs, whatever has been put in its place
	if runtime.GOOS != "linux" {
		var err error
		if path, err = os.Executable(); err != nil {
			return "", err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 8<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return "", err
	}
	if id := buildID(head[:n]); id != "" {
		return id, nil
	}
	sum := sha256.New()
	sum.Write(head[:n])
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// buildID finds the ID of Go's linker in the beginning of an executable, as cmd/go does: in an ELF note, and elsewhere in front of
// the code. It holds the hash of the content of everything that was linked.
func buildID(head []byte) string {
	if i := bytes.Index(head, []byte("\x04\x00\x00\x00Go\x00\x00")); i >= 8 {
		n := int(binary.LittleEndian.Uint32(head[i-4:]))
		if rest := head[i+8:]; n <= len(rest) && bytes.Count(rest[:n], []byte("/")) == 3 {
			return string(rest[:n])
		}
	}
	if _, rest, found := bytes.Cut(head, []byte("\xff Go build ID: \"")); found {
		if id, _, found := bytes.Cut(rest, []byte("\"\n \xff")); found && bytes.Count(id, []byte("/")) == 3 {
			return string(id)
		}
	}
	return ""
}
