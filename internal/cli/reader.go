package cli

import (
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/zt-lang/ztc/internal/heap"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// Bounds of what is read.
const (
	maxFile  = 128 << 20
	maxTotal = 256 << 20
	maxFiles = 10_000
)

// reader reads files within the bounds and gathers what is wrong.
type reader struct {
	stdin io.Reader
	diags diag.List
	total int64
	count int
}

func (r *reader) add(code diag.Code, format string, args ...any) *diag.Diagnostic {
	return r.diags.Add(code, source.Span{}, format, args...)
}

// text reads what is left of an open file or of standard input. The size is what to expect.
func (r *reader) text(in io.Reader, name string, size int64) (string, bool) {
	if r.count++; r.count > maxFiles {
		if r.count == maxFiles+1 {
			r.add(diag.TooManyFiles, "more than %d files are given", maxFiles)
		}
		return "", false
	}
	var b strings.Builder
	b.Grow(int(size))
	if _, err := io.Copy(&b, io.LimitReader(in, maxFile+1)); err != nil {
		r.unreadable(name, err)
		return "", false
	}
	if b.Len() > maxFile {
		r.add(diag.FileTooLarge, "%q is larger than 128 MiB", name)
		return "", false
	}
	if r.total += int64(b.Len()); r.total > maxTotal {
		r.add(diag.FileTooLarge, "all inputs together are larger than 256 MiB: %q is the one too many", name)
		return "", false
	}
	return b.String(), true
}

// named checks that a name can be printed.
func (r *reader) named(name string) bool {
	if clean := diag.Clean(name); clean != name {
		r.add(diag.BadFileName, "the file name \"%s\" holds characters that cannot be seen", clean)
		return false
	}
	return true
}

// file reads one regular file below root; name is what people know it by.
func (r *reader) file(root *os.Root, p, name string) (*source.File, os.FileInfo) {
	if !r.named(name) {
		return nil, nil
	}
	info, err := root.Stat(p)
	if err != nil {
		r.unreadable(name, err)
		return nil, nil
	}
	if !r.regular(info, name) {
		return nil, nil
	}
	// Between the look and the opening the file may have become a pipe: opening it must not wait for a writer.
	f, err := root.OpenFile(p, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		r.unreadable(name, err)
		return nil, nil
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil || !r.regular(info, name) {
		return nil, nil
	}
	if info.Size() > maxFile {
		r.add(diag.FileTooLarge, "%q is larger than 128 MiB", name)
		return nil, nil
	}
	heap.Expect(info.Size())
	text, ok := r.text(f, name, info.Size())
	if !ok {
		return nil, nil
	}
	return source.New(name, text), info
}

func (r *reader) unreadable(name string, err error) {
	why := reason(err)
	if strings.Contains(why, "path escapes") {
		why = "it is a symbolic link that leaves the directory of the program"
	}
	r.add(diag.UnreadableFile, "cannot read %q: %s", name, why)
}

func (r *reader) regular(info os.FileInfo, name string) bool {
	if info.Mode().IsRegular() {
		return true
	}
	r.add(diag.NotRegularFile, "%q is %s, not a regular file", name, kind(info.Mode()))
	return false
}

// kind names what a file is that is not regular.
func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}
