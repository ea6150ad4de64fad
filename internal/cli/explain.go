package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/stdlib"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE|std/NAME]...",
		Short: "Explain a diagnostic, with an example and how to mend it, or a file of the standard library",
		Long: "explain prints what a diagnostic means, a program that has it, and the program mended. Without a code it lists\n" +
			"all codes.\n\n" +
			"std/NAME is what the file of the standard library defines, and std lists those files.",
		Example: "  ztc explain ZT1001\n  ztc explain\n  ztc explain std/http\n  ztc explain std",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var out []string
			for _, i := range diag.All() {
				out = append(out, string(i.Code)+"\t"+i.Title)
			}
			for _, n := range stdlib.Names() {
				out = append(out, std+"/"+n+"\t"+title(n))
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			a.stage = "explaining"
			if len(args) == 0 {
				return a.print([]byte(diag.Index()))
			}
			texts := make([]string, len(args))
			for i, arg := range args {
				var err error
				if texts[i], err = explanation(c, strings.TrimSpace(arg)); err != nil {
					return err
				}
			}
			return a.print([]byte(strings.Join(texts, "\n")))
		},
	}
}

// std begins the imports of the standard library.
const std = "std"

// explanation is the text about one code, one file of the standard library, or all of those files.
func explanation(c *cobra.Command, arg string) (string, error) {
	if name, ok := strings.CutPrefix(arg, std+"/"); ok && name != "" {
		text, ok := stdlib.Source(strings.TrimSuffix(name, ".zt"))
		if !ok {
			return "", usagef(c, "%q is no file of the standard library; it has %s/%s", arg, std, strings.Join(stdlib.Names(), ", "+std+"/"))
		}
		return text, nil
	}
	if strings.TrimSuffix(arg, "/") == std {
		var b strings.Builder
		for _, n := range stdlib.Names() {
			fmt.Fprintf(&b, "%-16s%s\n", std+"/"+n, title(n))
		}
		return b.String(), nil
	}
	code := strings.ToUpper(arg)
	if info, ok := diag.Lookup(diag.Code(code)); ok {
		return info.Text(), nil
	}
	if near := nearest(code); near != "" {
		return "", usagef(c, "unknown code %q; did you mean %s?", arg, near)
	}
	if _, ok := stdlib.Source(arg); ok {
		return "", usagef(c, "unknown code %q; a file of the standard library is %s/%s", arg, std, arg)
	}
	return "", usagef(c, "unknown code %q; `ztc explain` lists all", arg)
}

// title is the first line of a file of the standard library, which is a comment.
func title(name string) string {
	text, _ := stdlib.Source(name)
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimPrefix(line, "# ")
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
