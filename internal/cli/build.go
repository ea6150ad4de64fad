package cli

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/known"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// settings are the flags that build and check have in common.
type settings struct {
	inventory []string
	others    []string // policies of others
	options   compiler.Options
	werror    bool
	reasons   bool              // of statements are asked for
	only      func(string) bool // picks tests and proofs
	coverage  bool              // finds the statements that none of them speaks of
}

func (s *settings) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringArrayVar(&s.inventory, "inventory", nil, "manifests to check against: a `PATH`, or - for standard input (repeatable)")
	f.StringVar(&s.options.Istio, "istio", "", "target `VERSION` of Istio, instead of the mesh block's")
	f.StringVar(&s.options.DataPlane, "data-plane", "", "sidecar or ambient: the `MODE`, instead of the mesh block's")
	f.StringVar(&s.options.TrustDomain, "trust-domain", "", "trust `DOMAIN`, instead of the mesh block's")
	f.StringVar(&s.options.Now, "now", "", "the `DATE` that until is held against, YYYY-MM-DD (default today, UTC)")
	f.BoolVar(&s.werror, "werror", false, "warnings fail")
}

// withFlag adds the flag of the commands that ask what policies mean together.
func (s *settings) withFlag(c *cobra.Command) {
	c.Flags().StringArrayVar(&s.others, "with", nil, "policies of others, in YAML: a `PATH`, or - for standard input (repeatable)")
}

// istioVersion is what --istio may say: Istio 1 with a minor version, and more of it, which does not matter.
var istioVersion = regexp.MustCompile(`^1\.[0-9]{1,2}(\.|$)`)

// check completes the settings, or says what is wrong with them.
func (s *settings) check(c *cobra.Command, paths []string) error {
	o := &s.options
	for _, f := range []struct{ name, value, want string }{
		{"istio", o.Istio, "a version such as 1.27"},
		{"data-plane", o.DataPlane, "sidecar or ambient"},
		{"trust-domain", o.TrustDomain, "a trust domain such as cluster.local"},
		{"now", o.Now, "a date such as 2026-12-31"},
	} {
		if c.Flags().Changed(f.name) && !shaped(f.name, f.value) {
			return usagef(c, "--%s wants %s, and is given %q", f.name, f.want, f.value)
		}
	}
	if o.Now == "" {
		o.Now = time.Now().UTC().Format(time.DateOnly)
	}
	n := 0
	for _, p := range slices.Concat(paths, s.inventory, s.others) {
		if p == "" {
			return usagef(c, "an empty path is given")
		}
		if p == "-" {
			n++
		}
	}
	if n > 1 {
		return usagef(c, "standard input (-) can be read once")
	}
	return nil
}

// shaped reports whether a value has the shape that a flag wants.
func shaped(flag, value string) bool {
	switch flag {
	case "istio":
		return istioVersion.MatchString(value)
	case "data-plane":
		return value == "sidecar" || value == "ambient"
	case "trust-domain":
		return !slices.ContainsFunc(strings.Split(value, "."), func(s string) bool { return !label(s) })
	default:
		_, err := time.Parse(time.DateOnly, value)
		return err == nil
	}
}

// compile reads and compiles one program. When the error is not nil, everything has been said.
func (a *app) compile(c *cobra.Command, paths []string, s *settings) (*inputs, compiler.Output, diag.List, error) {
	var out compiler.Output
	in, diags, err := a.with(c, paths, s, func(ctx context.Context, given compiler.Input) (diags diag.List) {
		given.Reasons, given.Only, given.Coverage, given.Trace = s.reasons, s.only, s.coverage, a.stats.trace()
		out, diags = compiler.Compile(ctx, given)
		return diags
	})
	return in, out, diags, err
}

// with reads one program and hands it to the compiler. When the error is not nil, everything has been said.
func (a *app) with(c *cobra.Command, paths []string, s *settings, compile func(context.Context, compiler.Input) diag.List) (*inputs, diag.List, error) {
	if err := a.checkCache(); err != nil {
		return &inputs{}, nil, err
	}
	a.stage = "reading the inputs"
	a.stats.begin("read")
	r := &reader{stdin: a.stdin}
	in := r.program(paths)
	in.inventory = r.manifests(in, "--inventory", s.inventory)
	in.others = r.manifests(in, "--with", s.others)
	if r.diags.HasErrors() {
		return in, r.diags, exit(exitUsage)
	}
	a.stats.end(compiler.Count{What: "files", N: len(in.files) + len(in.inventory) + len(in.others)}, compiler.Count{What: "bytes", N: int(r.total)})
	a.begin("compiling")
	ctx := c.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	given := compiler.Input{Files: in.files, Dir: in.dir, FS: in.fs, Inventory: in.inventory, Others: in.others, Options: s.options}
	if len(in.searched) > 0 {
		given.Around = in.unread
	}
	kept := a.openCache(in)
	given.Facts = func() *known.Facts { return kept().facts }
	diags := compile(ctx, given)
	if a.stats != nil {
		a.stats.told(kept())
	}
	a.save(kept)
	diags = append(diags, r.diags...)
	diags.Sort()
	return in, diags, verdict(diags, s.werror)
}

// explainWerror says why a program with nothing but warnings fails.
func (a *app) explainWerror(l diag.List, werror bool) {
	if werror && !l.HasErrors() && l.Count(diag.Warning) > 0 {
		fmt.Fprintln(a.stderr, "warnings fail under --werror")
	}
}

func (a *app) buildCommand() *cobra.Command {
	var s settings
	var dest, format, stats string
	var check bool
	c := &cobra.Command{
		Use:   "build [PATH...]",
		Short: "Compile a program",
		Long: "build compiles one program. PATH is a file, a directory (its .zt files, not those below it), or - for standard\n" +
			"input; without one, the current directory. All paths together are one program.\n\n" +
			"Output goes to standard output as one stream, to a file, or to a directory (a DEST that ends in / or exists as\n" +
			"one): NAMESPACE.yaml for each namespace and a kustomization.yaml. Directories that are missing are made. Nothing is\n" +
			"written when there is an error, and files are replaced whole. A file that is not of this program is not replaced;\n" +
			"in DIR/, one of this program that it no longer asks for is removed.\n\n" +
			"--stats says on standard error, after everything else, how long each stage took, how much went into it and how\n" +
			"large the output is: as a table, or with --stats=json as one line of JSON.\n\n" +
			"What a build of a large program proves is kept in the user's cache directory, so that the next one proves what has\n" +
			"changed. The output never depends on it. ZTC_CACHE=DIR keeps it elsewhere, ZTC_CACHE=off does not.",
		Example:           "  ztc build ship.zt | kubectl apply -f -\n  ztc build policies/ -o manifests/\n  ztc build policies/ -o manifests/ --check\n  helm template . | ztc build policies/ --inventory -",
		ValidArgsFunction: completePrograms,
		RunE: func(c *cobra.Command, paths []string) error {
			if format != "yaml" && format != "json" {
				return usagef(c, "--format %q is neither yaml nor json", format)
			}
			if stats != "" && stats != "text" && stats != "json" {
				return usagef(c, "--stats=%q is neither text nor json", stats)
			}
			if dest == "" {
				return usagef(c, "-o is given an empty destination")
			}
			if check && dest == "-" {
				return usagef(c, "--check compares with what a destination holds: say which with -o")
			}
			if err := s.check(c, paths); err != nil {
				return err
			}
			if stats != "" {
				a.stats = newStats()
			}
			in, out, diags, err := a.compile(c, paths, &s)
			defer in.close()
			defer func() { a.tell(stats, out, err == nil) }()
			if err != nil {
				a.report(diags)
				a.explainWerror(diags, s.werror)
				return err
			}
			if len(out.Objects) == 0 {
				diags.Add(diag.NothingToEmit, source.Span{}, "the program has no policy, so nothing is emitted")
				if s.werror {
					a.report(diags)
					a.explainWerror(diags, true)
					return exit(exitFailed)
				}
			}
			return a.deliver(in, out, diags, target{dest: dest, json: format == "json", check: check, werror: s.werror})
		},
	}
	s.flags(c)
	c.Flags().StringVarP(&dest, "output", "o", "-", "where to write: - for standard output, a file, or DIR/ (`DEST`)")
	c.Flags().StringVar(&format, "format", "yaml", "yaml, or json for a List of Kubernetes (`FORMAT`)")
	c.Flags().StringVar(&stats, "stats", "", "say how long each stage took and how large the output is, as text or json (`FORMAT`)")
	c.Flags().Lookup("stats").NoOptDefVal = "text"
	c.Flags().BoolVar(&check, "check", false, "write nothing; show a diff and exit with 1 when DEST is not what would be written")
	return c
}

func completePrograms(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"zt"}, cobra.ShellCompDirectiveFilterFileExt
}
