package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zt-lang/ztc/compiler"
	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/graph"
	"github.com/zt-lang/ztc/lang/diag"
	"github.com/zt-lang/ztc/lang/source"
)

// graphFormats are what `graph --format` takes.
var graphFormats = []string{"mermaid", "dot", "svg", "json"}

// mermaidSize is how many characters Mermaid reads without being told to read more (maxTextSize).
const mermaidSize = 50_000

func (a *app) graphCommand() *cobra.Command {
	var s settings
	var format string
	c := &cobra.Command{
		Use:   "graph [PATH...]",
		Short: "Draw who may reach whom",
		Long: "graph writes who may reach whom, and with which operations, to standard output: the workloads of the program in\n" +
			"the box of their namespace, and an edge from each source to each target that a rule names. A deny is red, a\n" +
			"delegate blue, an audit grey; what is dry-run is dashed. A target that no baseline closes is marked as open:\n" +
			"whatever no deny refuses passes there. Rules that have expired and are no longer emitted are left out.\n\n" +
			"Labels are cut to a few words; json has all of each rule, with its place. The program is checked as by build, and\n" +
			"one with an error has no graph.",
		Example:           "  ztc graph policies/ > graph.mmd\n  ztc graph --format svg policies/ > graph.svg\n  ztc graph --format dot policies/ | dot -Tpng > graph.png\n  ztc graph --format json policies/ | jq '.edges[] | select(.from == \"anyone\")'",
		ValidArgsFunction: completePrograms,
		RunE: func(c *cobra.Command, paths []string) error {
			if !slices.Contains(graphFormats, format) {
				return usagef(c, "--format %q is none of %s", format, strings.Join(graphFormats, ", "))
			}
			if err := s.check(c, paths); err != nil {
				return err
			}
			var p *ir.Program
			in, diags, err := a.with(c, paths, &s, func(ctx context.Context, given compiler.Input) (diags diag.List) {
				p, diags = compiler.Program(ctx, given)
				return diags
			})
			defer in.close()
			if err != nil {
				a.report(diags)
				a.explainWerror(diags, s.werror)
				return err
			}
			a.begin("drawing the graph")
			text, more := draw(p, format, s.options.Now)
			diags = append(diags, more...)
			a.report(diags)
			if err := verdict(more, s.werror); err != nil {
				a.explainWerror(diags, s.werror)
				return err
			}
			return a.print(text)
		},
	}
	s.flags(c)
	c.Flags().StringVar(&format, "format", "mermaid", "mermaid, dot, svg or json (`FORMAT`)")
	return c
}

// draw writes the graph of a program in a format.
func draw(p *ir.Program, format, now string) (text []byte, diags diag.List) {
	g, ok := graph.New(p, now)
	if !ok {
		diags.Add(diag.GraphTooLarge, source.Span{}, "the graph would have more than %d rules, each source on each target counted", graph.MaxRules)
		return nil, diags
	}
	switch format {
	case "mermaid":
		text = g.Mermaid()
		if n := len(g.Edges); n > graph.MermaidEdges || len(text) > mermaidSize {
			diags.Add(diag.MermaidTooLarge, source.Span{}, "the graph has %d edges in %d bytes, and Mermaid draws up to %d in %d unless it is told otherwise", n, len(text), graph.MermaidEdges, mermaidSize).
				Advise("use `--format svg`, or draw fewer files at a time")
		}
	case "dot":
		text = g.DOT()
	case "svg":
		if text, ok = g.SVG(); !ok {
			diags.Add(diag.GraphTooLarge, source.Span{}, "the graph has %d nodes and %d edges, and a drawing up to %d of both together", len(g.Nodes), len(g.Edges), graph.MaxDrawn).
				Advise("use `--format dot` or `--format json`, or draw fewer files at a time")
		}
	default:
		var err error
		if text, err = g.JSON(); err != nil {
			diags.Add(diag.Internal, source.Span{}, "graph: %v", err)
		}
	}
	return text, diags
}
