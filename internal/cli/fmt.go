package cli

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/format"
	"github.com/zt-lang/ztc/lang/source"
)

type fmtFlags struct{ list, diff, write bool }

func (a *app) fmtCommand() *cobra.Command {
	var o fmtFlags
	c := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Format sources",
		Long: "fmt prints the formatted source, or with flags says what differs or rewrites it. PATH is a file, a directory (all\n" +
			".zt files below it), or - for standard input. Without a path it reads standard input, and with -l, -d or -w\n" +
			"the current directory.\n\n" +
			"With -l or -d, and without -w, it exits with 1 when something differs. A statement that cannot be read is reported\n" +
			"and stays as it stands; the rest is formatted, and the exit code is 1.",
		Example:           "  ztc fmt -w .\n  ztc fmt -d policies/\n  ztc fmt - < ship.zt",
		ValidArgsFunction: completePrograms,
		RunE: func(c *cobra.Command, paths []string) error {
			a.stage = "formatting"
			if len(paths) == 0 {
				if f, ok := a.stdin.(*os.File); ok && !o.list && !o.diff && !o.write && term.IsTerminal(int(f.Fd())) {
					return usagef(c, "say what to format: a file, a directory, or - for standard input")
				}
				paths = []string{"-"}
				if o.list || o.diff || o.write {
					paths = []string{"."}
				}
			}
			for i, p := range paths {
				switch {
				case p == "":
					return usagef(c, "an empty path is given")
				case p == "-" && o.write:
					return usagef(c, "standard input cannot be rewritten: leave -w out")
				case p == "-" && i > 0:
					return usagef(c, "standard input (-) must be the first path")
				}
			}
			return a.format(paths, o)
		},
	}
	c.Flags().BoolVarP(&o.list, "list", "l", false, "list the files that differ")
	c.Flags().BoolVarP(&o.diff, "diff", "d", false, "show what differs")
	c.Flags().BoolVarP(&o.write, "write", "w", false, "rewrite the files that differ")
	return c
}

// formatter formats files one by one.
type formatter struct {
	reader
	app     *app
	flags   fmtFlags
	out     bytes.Buffer
	syntax  diag.List
	differs bool
}

func (a *app) format(paths []string, o fmtFlags) error {
	f := &formatter{reader: reader{stdin: a.stdin}, app: a, flags: o}
	if paths[0] != "-" {
		a.begin("formatting")
	}
	for _, p := range paths {
		f.path(p)
	}
	if err := a.print(f.out.Bytes()); err != nil {
		return err
	}
	a.report(append(f.syntax, f.diags...))
	switch {
	case f.diags.HasErrors():
		return exit(exitUsage)
	case f.syntax.HasErrors():
		return verdict(f.syntax, false)
	case f.differs && !o.write:
		return exit(exitFailed)
	}
	return nil
}

func (f *formatter) path(p string) {
	if p == "-" {
		if text, ok := f.text(f.stdin, stdinName, 0); ok {
			f.source(source.NewText(stdinName, text), nil, "")
		}
		return
	}
	if !f.named(p) {
		return
	}
	shown := filepath.ToSlash(filepath.Clean(p))
	info, err := os.Stat(p)
	if err != nil {
		f.unreadable(shown, err)
		return
	}
	if info.IsDir() {
		f.directory(p, shown)
		return
	}
	if f.manifest(shown) {
		return
	}
	root, err := os.OpenRoot(filepath.Dir(p))
	if err != nil {
		f.unreadable(shown, err)
		return
	}
	defer root.Close()
	f.file(root, filepath.Base(p), shown)
}

// directory formats all sources below a directory. Hidden directories are left alone, and so are symbolic links: what they
// lead to is formatted where it lies.
func (f *formatter) directory(p, shown string) {
	root, err := os.OpenRoot(p)
	if err != nil {
		f.unreadable(shown, err)
		return
	}
	defer root.Close()
	prefix := strings.TrimSuffix(shown, "/") + "/"
	if shown == "." {
		prefix = ""
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			f.unreadable(prefix+name, err)
		case name != "." && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
		case e.Type()&fs.ModeSymlink == 0 && !e.IsDir() && strings.HasSuffix(name, ".zt"):
			f.file(root, filepath.FromSlash(name), prefix+name)
		}
		return nil
	})
	if err != nil {
		f.unreadable(shown, err)
	}
}

func (f *formatter) file(root *os.Root, p, shown string) {
	if src, _ := f.reader.file(root, p, shown); src != nil {
		f.source(src, root, p)
	}
}

// source formats one file and does with it what the flags say.
func (f *formatter) source(src *source.File, root *os.Root, p string) {
	text, diags := format.Source(src)
	if diags.HasErrors() {
		f.syntax = append(f.syntax, diags...)
	}
	o := f.flags
	same := string(text) == src.Text
	f.differs = f.differs || !same && (o.list || o.diff)
	if !o.list && !o.diff && !o.write {
		f.out.Write(text)
		return
	}
	if same {
		return
	}
	if o.list {
		f.out.WriteString(src.Name + "\n")
	}
	if o.diff {
		f.out.Write(printable(diff.Diff(src.Name, []byte(src.Text), src.Name+" (formatted)", text)))
	}
	if o.write {
		f.rewrite(root, p, src.Name, text)
	}
}

// rewrite replaces a file whole.
func (f *reader) rewrite(root *os.Root, p, shown string, text []byte) {
	info, err := root.Lstat(p)
	if err == nil && !info.Mode().IsRegular() {
		f.add(diag.BadDestination, "cannot rewrite %q: it is %s", shown, kind(info.Mode()))
		return
	}
	var tmp string
	if err == nil {
		tmp, err = writeTemp(root, p, content{text})
	}
	if err == nil {
		if err = root.Rename(tmp, p); err != nil {
			root.Remove(tmp)
		}
	}
	if err != nil {
		f.add(diag.CannotWrite, "cannot write %q: %s", shown, reason(err))
	}
}
