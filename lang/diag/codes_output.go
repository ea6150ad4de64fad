package diag

// What concerns several programs on one mesh, and reports about a whole program. Those about files have no examples.
const (
	AmbiguousProgram Code = "ZT3030"
	OtherProgram     Code = "ZT3031"
	UnlistedFile     Code = "ZT3032"
	GraphTooLarge    Code = "ZT3033"
	MermaidTooLarge  Code = "ZT3034"
	StrayOutput      Code = "ZT3035"
)

var outputCodes = []Info{
	{
		Code: AmbiguousProgram, Severity: Error, Title: "a program name that reads as part of an object's name",
		Explanation: "Objects are named PROGRAM-ACTION-TARGET, so that two programs on one mesh never name the same object. With one of the words " +
			"`allow`, `deny`, `audit`, `delegate`, `mtls`, `jwt` or `dry-run` in the program's name that would not hold: the program `shop-dry-run` and a " +
			"dry-run of the program `shop` would both be `shop-dry-run-allow-web`, and the later `kubectl apply` would replace a rule that is enforced.",
		Example: `mesh { program shop-dry-run }
deny all in default
allow web -> api GET
`,
		Fixed: `mesh { program shop-trial }
deny all in default
allow web -> api GET
`,
	},
	{
		Code: OtherProgram, Severity: Warning, Internal: true,
		Title: "the output directory holds files of another program",
		Explanation: "A file in the output directory was made by ztc for another program: one that shares the directory, or this one under an earlier " +
			"name. Files of other programs are never touched, and `kustomization.yaml` does not list them; but `kubectl apply -f` on the directory " +
			"applies them, too. After a change of the name, delete the old files, and their objects from the cluster: an old `allow` still opens. " +
			"Otherwise give each program a directory of its own.",
	},
	{
		Code: UnlistedFile, Severity: Warning, Internal: true,
		Title: "a file leaves the kustomization.yaml",
		Explanation: "The `kustomization.yaml` that ztc writes lists the files of the program, and nothing else. The old one lists a file that is there and " +
			"is not wholly of this program: somebody added it to the list, or added an object to a file that the program has no more policies for. " +
			"Such a file is never removed; but kustomize would no longer see it, and what applies its output with pruning would delete its objects.",
	},
	{
		Code: GraphTooLarge, Severity: Error, Internal: true,
		Title: "a graph is too large to draw",
		Explanation: "`ztc graph --format svg` draws up to 2000 nodes and edges, and no format has more than a million rules, each source on each target " +
			"counted. Nobody reads a larger drawing. `--format json` and `--format dot` are for tools, which can pick what they show; a drawing of one " +
			"team is made from the files of that team.",
	},
	{
		Code: MermaidTooLarge, Severity: Warning, Internal: true,
		Title: "a graph is larger than Mermaid draws",
		Explanation: "Mermaid refuses a flowchart with more than 500 edges, or with more than 50 000 characters, unless `maxEdges` and `maxTextSize` in its " +
			"configuration say more. Where the graph is rendered by somebody else, such as GitHub, only a smaller graph helps.",
	},
	{
		Code: StrayOutput, Severity: Warning, Internal: true,
		Title: "a copy of output in the output directory",
		Explanation: "A file in the output directory holds objects of this program and nothing else, and has a name that no build writes: a copy of an earlier " +
			"state, most often. A build neither replaces nor removes it, and `kubectl apply -f` on the directory applies it beside the others, in the order of their names, so that " +
			"a rule that has been deleted may come back. Delete the file, or keep it in another place. `--check` reports it as a difference.",
	},
}
