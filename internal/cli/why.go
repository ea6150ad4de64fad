package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/proof"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

func (a *app) whyCommand() *cobra.Command {
	var s settings
	var format, denied string
	c := &cobra.Command{
		Use:   "why 'SOURCE -> TARGET [OPERATION] [with ...]' [PATH...]",
		Short: "Say what becomes of a request, and why",
		Long: "why compiles a program and asks the emitted policies about a request: does it pass, and which statements and rules\n" +
			"decide that? The question is what an expect has after its verdict, in the words of the language. What it leaves open\n" +
			"is chosen plainly, as for expect allow; the callers of a list or a group, and several ports, are asked one by one.\n\n" +
			"--denied takes the name of a rule from a proxy's log, which may stand in a longer line, and says which statements are\n" +
			"in that rule.\n\n" +
			"Tests and proofs are not run. The exit code is 0 whether the request passes or not, 1 for a program with errors, and 2\n" +
			"for a question that cannot be asked.",
		Example: "  ztc why 'web -> shop/cart:8080 GET \"/items\"' policies/\n" +
			"  ztc why 'web -> shop/cart POST with header[\"x-env\"] = \"prod\"' --with others.yaml policies/\n" +
			"  ztc why --denied 'ns[shop]-policy[allow-cart]-rule[0]' policies/",
		ValidArgsFunction: completePrograms,
		RunE: func(c *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return usagef(c, "--format %q is neither text nor json", format)
			}
			if c.Flags().Changed("denied") {
				if err := s.check(c, args); err != nil {
					return err
				}
				return a.whyDenied(c, args, &s, denied, format)
			}
			if len(args) == 0 {
				return usagef(c, "a question is wanted, as in 'web -> api GET'")
			}
			if q := strings.TrimSpace(args[0]); q != "" && !strings.ContainsAny(q, " \t") {
				return usagef(c, "the question is one argument, in quotes: 'web -> api GET'; %q is none", args[0])
			}
			if err := s.check(c, args[1:]); err != nil {
				return err
			}
			return a.why(c, args[0], args[1:], &s, format)
		},
	}
	s.flags(c)
	s.withFlag(c)
	c.Flags().StringVar(&denied, "denied", "", "the `RULE` that a proxy's log names, instead of a question")
	c.Flags().StringVar(&format, "format", "text", "of the answer on standard output: text or json (`FORMAT`)")
	return c
}

// ask compiles a program for a question. What is wrong with the question alone is bad usage.
func (a *app) ask(c *cobra.Command, paths []string, s *settings, question *source.File, ask func(context.Context, compiler.Input) diag.List) error {
	in, diags, err := a.with(c, paths, s, ask)
	defer in.close()
	a.report(slices.DeleteFunc(slices.Clone(diags), func(d diag.Diagnostic) bool { // `check` says what else there is to say
		return d.Severity != diag.Error && d.Code != diag.PolicyOwn && d.Code != diag.NoPolicies && !d.Mentions(question) && !s.werror
	}))
	a.explainWerror(diags, s.werror)
	wrong := func(elsewhere bool) bool {
		return slices.ContainsFunc(diags, func(d diag.Diagnostic) bool {
			return d.Severity == diag.Error && (d.Span.File != question) == elsewhere
		})
	}
	if err == exit(exitFailed) && wrong(false) && !wrong(true) {
		return exit(exitUsage)
	}
	return err
}

func (a *app) why(c *cobra.Command, question string, paths []string, s *settings, format string) error {
	file := source.NewText("<question>", question)
	var out proof.Answer
	err := a.ask(c, paths, s, file, func(ctx context.Context, in compiler.Input) (diags diag.List) {
		out, diags = compiler.Why(ctx, in, file)
		return diags
	})
	switch {
	case err != nil:
		return err
	case format == "json":
		return a.printJSON(whyOf(question, &out))
	}
	return a.print([]byte(out.Text()))
}

func (a *app) whyDenied(c *cobra.Command, paths []string, s *settings, token, format string) error {
	file := source.NewText("<denied>", token)
	var out compiler.Denied
	err := a.ask(c, paths, s, file, func(ctx context.Context, in compiler.Input) (diags diag.List) {
		out, diags = compiler.WhyDenied(ctx, in, file)
		return diags
	})
	switch {
	case err != nil:
		return err
	case format == "json":
		return a.printJSON(deniedOf(&out))
	}
	return a.print([]byte(out.Text()))
}
