package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/zt-lang/ztc/lang/diag"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain [CODE]",
		Short:   "Explain a diagnostic, with an example and how to mend it",
		Long:    "explain prints what a diagnostic means, a program that has it, and the program mended. Without a code it lists\nall codes.",
		Example: "  ztc explain ZT1001\n  ztc explain",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var out []string
			for _, i := range diag.All() {
				out = append(out, string(i.Code)+"\t"+i.Title)
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			a.stage = "explaining a code"
			if len(args) == 0 {
				return a.print([]byte(diag.Index()))
			}
			code := strings.ToUpper(strings.TrimSpace(args[0]))
			if info, ok := diag.Lookup(diag.Code(code)); ok {
				return a.print([]byte(info.Text()))
			}
			if near := nearest(code); near != "" {
				return usagef(c, "unknown code %q; did you mean %s?", args[0], near)
			}
			return usagef(c, "unknown code %q; `ztc explain` lists all", args[0])
		},
	}
}

// nearest returns the known code that differs from code in the fewest characters, or "" when none is near.
func nearest(code string) string {
	if !strings.HasPrefix(code, "ZT") {
		code = "ZT" + code
	}
	best, least := "", 3
	for _, i := range diag.All() {
		if d := distance(code, string(i.Code), least); d < least {
			best, least = string(i.Code), d
		}
	}
	return best
}

// distance counts characters that differ, or returns limit when the lengths are too far apart.
func distance(a, b string, limit int) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) >= limit {
		return limit
	}
	d := len(b) - len(a)
	for i := range len(a) {
		if a[i] != b[i] {
			d++
		}
	}
	return d
}
