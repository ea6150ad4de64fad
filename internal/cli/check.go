package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) checkCommand() *cobra.Command {
	var s settings
	var format string
	c := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Check a program and write nothing",
		Long: "check does everything that build does but output. PATH is a file, a directory (its .zt files, not those below\n" +
			"it), or - for standard input; without one, the current directory. All paths together are one program.\n\n" +
			"What a waiver took off is counted, and shown with --waived.\n\n" +
			"With --format json the diagnostics go to standard output as one document.",
		Example:           "  ztc check policies/\n  ztc check --inventory rendered.yaml --werror\n  kustomize build . | ztc check --inventory -\n  ztc check --format json ship.zt",
		ValidArgsFunction: completePrograms,
		RunE: func(c *cobra.Command, paths []string) error {
			if format != "text" && format != "json" {
				return usagef(c, "--format %q is neither text nor json", format)
			}
			if err := s.check(c, paths); err != nil {
				return err
			}
			s.reasons = format == "json"
			in, out, diags, err := a.compile(c, paths, &s)
			defer in.close()
			a.begin("writing the diagnostics")
			if format == "json" {
				var b strings.Builder
				if err := diags.WriteJSON(&b, 0, out.Reasons); err != nil {
					return err
				}
				if err := a.print([]byte(b.String())); err != nil {
					return err
				}
				return err
			}
			a.report(diags)
			a.explainWerror(diags, s.werror)
			return err
		},
	}
	s.flags(c)
	c.Flags().BoolVar(&a.waived, "waived", false, "show what waivers (# ztc:allow) took off, with their reasons")
	c.Flags().StringVar(&format, "format", "text", "of the diagnostics: text on standard error, or json on standard output (`FORMAT`)")
	return c
}
