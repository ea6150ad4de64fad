package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

var lockWait = 10 * time.Second // for another build into the same directory; tests have less time

// hold makes the directory, and those above it, where they are missing, and keeps other builds out of it until close: what is
// read, what is written and what is removed belong together. A single file needs no keeping out.
func (d *destination) hold() diag.List {
	var err error
	if d.root == nil {
		if err = d.mkdir(d.path); err != nil {
			return one(diag.CannotWrite, "cannot make the directory %q: %s", d.given, reason(err))
		}
		if d.root, err = os.OpenRoot(d.path); err != nil {
			return one(diag.CannotWrite, "cannot write %q: %s", d.given, reason(err))
		}
	}
	if !d.dir {
		return nil
	}
	f, err := d.root.Open(".")
	if err != nil {
		return one(diag.CannotWrite, "cannot write %q: %s", d.given, reason(err))
	}
	held, busy := lock(f, lockWait)
	if held {
		d.mutex = f
		return nil
	}
	f.Close()
	if busy {
		return one(diag.CannotWrite, "cannot write %q: another build has been writing there for %s", d.given, lockWait)
	}
	return nil
}

// mkdir makes a directory and those above it, and remembers which.
func (d *destination) mkdir(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		if err = d.mkdir(filepath.Dir(dir)); err == nil {
			err = os.Mkdir(dir, 0o755)
		}
	}
	switch {
	case err == nil:
		d.made = append(d.made, dir)
	case errors.Is(err, fs.ErrExist): // by another build, just now
		err = nil
	}
	return err
}

// remove deletes files of earlier builds, and says so.
func (d *destination) remove(stale, files []output) diag.List {
	var l diag.List
	written := map[string]bool{} // without the ending
	for _, f := range files {
		written[stem(f.name)] = true
	}
	for _, f := range stale {
		name := d.display(f.name)
		if err := d.root.Remove(f.name); err != nil {
			l.Add(diag.CannotWrite, source.Span{}, "cannot remove %q, which is left over from an earlier build: %s", name, reason(err))
			continue
		}
		said := l.Add(diag.StaleOutput, source.Span{}, "%q was left over from an earlier build, and is removed", name)
		if !written[stem(f.name)] { // else its objects have moved to another format
			said.Advise("delete its objects from the cluster, too")
		}
	}
	return l
}

// stem is the name of a file without its ending.
func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// write replaces the files that differ. All are complete beside the old ones before the first is renamed. A signal to end comes before
// that, and nothing is written, or is too late.
func (d *destination) write(files []output, old map[string][]byte) diag.List {
	type pair struct{ tmp, name string }
	var pending []pair
	if d.mutex != nil { // whoever wrote these is gone
		for _, name := range d.trash {
			d.root.Remove(name)
		}
	}
	undo := func() {
		for _, p := range pending {
			d.root.Remove(p.tmp)
		}
	}
	interrupted, ignore := interrupts()
	defer ignore()
	for _, f := range files {
		have, ok := old[f.name]
		if ok && f.text.equal(have) {
			continue
		}
		if interrupted() {
			break
		}
		tmp, err := writeTemp(d.root, f.name, f.text)
		if err != nil {
			undo()
			return one(diag.CannotWrite, "cannot write %q: %s", d.display(f.name), reason(err))
		}
		pending = append(pending, pair{tmp, f.name})
	}
	if interrupted() {
		undo()
		return one(diag.CannotWrite, "interrupted: %q is as it was", d.given)
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

// interrupts takes over the signals that end a command, and tells whether one came: between two files of a build none does, so that
// what is there is of one build. The second function gives them back.
func interrupts() (came func() bool, ignore func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	return func() bool { return len(c) > 0 }, func() { signal.Stop(c) }
}

// temporary is the name of a file that writeTemp makes.
var temporary = regexp.MustCompile(`^\.(.+)\.[0-9]+-[0-9]+\.tmp$`)

// writeTemp writes a complete file beside name, with the permissions of what name is now, and returns the file's name.
func writeTemp(root *os.Root, name string, text content) (string, error) {
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
	const step = 1 << 20
	w := bufio.NewWriterSize(f, 1<<16)
	var written, flushed int64
	for _, piece := range text {
		w.Write(piece) // the first error stays, and Flush returns it
		written += int64(len(piece))
		if done := written - int64(w.Buffered()); done-flushed >= step {
			flush(f, flushed, done-flushed)
			flushed = done
		}
	}
	err = w.Flush()
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
