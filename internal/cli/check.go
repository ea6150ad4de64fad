package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/lang/diag"
)

// checkFormats are what `check --format` takes.
var checkFormats = []string{"text", "json", "sarif", "github"}

func (a *app) checkCommand() *cobra.Command {
	var s settings
	var format string
	var fix bool
	c := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Check a program, and write nothing but fixes",
		Long: "check does everything that build does but output. PATH is a file, a directory (its .zt files, not those below\n" +
			"it), or - for standard input; without one, the current directory. All paths together are one program.\n\n" +
			"What a waiver (# ztc:allow CODE reason) took off is counted, and shown with --waived.\n\n" +
			"With --fix the fixes that change a spelling alone are applied, and files that they change are replaced whole; a program\n" +
			"from standard input is printed. A fix that makes an error in another statement is not applied.\n\n" +
			"--format json, sarif (2.1.0) and github (workflow commands) write the diagnostics to standard output. json also\n" +
			"lists why and until when statements hold. File names in sarif and github are relative to the repository (the directory\n" +
			"of .git above the current one), elsewhere to the current directory.",
		Example:           "  ztc check policies/\n  ztc check --inventory rendered.yaml --werror\n  kustomize build . | ztc check --inventory -\n  ztc check --format sarif policies/ > ztc.sarif",
		ValidArgsFunction: completePrograms,
		RunE: func(c *cobra.Command, paths []string) error {
			if !slices.Contains(checkFormats, format) {
				return usagef(c, "--format %q is none of %s", format, strings.Join(checkFormats, ", "))
			}
			if err := s.check(c, paths); err != nil {
				return err
			}
			if fix && format != "text" && slices.Contains(paths, "-") {
				return usagef(c, "--fix prints the program, so --format is text for standard input")
			}
			s.reasons = format == "json"
			run := a.compile
			if fix {
				run = a.fix
			}
			in, out, diags, err := run(c, paths, &s)
			defer in.close()
			if err := a.write(format, out, diags, s.werror); err != nil {
				return err
			}
			return err
		},
	}
	s.flags(c)
	c.Flags().BoolVar(&fix, "fix", false, "apply the fixes that are certain, and write the files that they change")
	c.Flags().BoolVar(&a.waived, "waived", false, "show what waivers took off, with their reasons")
	c.Flags().StringVar(&format, "format", "text", "of the diagnostics: text on standard error; json, sarif or github on standard output (`FORMAT`)")
	return c
}

// write writes the diagnostics of a check.
func (a *app) write(format string, out compiler.Output, diags diag.List, werror bool) error {
	a.begin("writing the diagnostics")
	var b strings.Builder
	var err error
	switch format {
	case "json":
		err = diags.WriteJSON(&b, 0, out.Reasons)
	case "sarif":
		err = diags.WriteSARIF(&b, version(), repository())
	case "github":
		err = diags.WriteGitHub(&b, repository())
	default:
		a.report(diags)
		a.explainWerror(diags, werror)
		return nil
	}
	if err != nil {
		return err
	}
	if err := a.print([]byte(b.String())); err != nil {
		return err
	}
	if s := diags.Summary(); s != "" && format == "github" { // annotations show no count
		fmt.Fprintln(a.stderr, s)
		a.explainWerror(diags, werror)
	}
	return nil
}
