package diag

// What goes wrong around a program: files that cannot be read, and output that cannot be written. No program can show
// these, so they have no examples. Errors other than OutputDiffers end the command with exit code 2.
const (
	UnreadableFile  Code = "ZT3001"
	NotRegularFile  Code = "ZT3002"
	FileTooLarge    Code = "ZT3003"
	NoProgram       Code = "ZT3004"
	BadFileName     Code = "ZT3005"
	BadDestination  Code = "ZT3006"
	CannotWrite     Code = "ZT3007"
	OutputInSources Code = "ZT3008"
	ForeignFile     Code = "ZT3009"
	OutputDiffers   Code = "ZT3010"
	StaleOutput     Code = "ZT3011"
	TooManyFiles    Code = "ZT3012"
	NothingToEmit   Code = "ZT3013"
	UnreadProgram   Code = "ZT3014"
)

var fileCodes = []Info{
	{
		Code: UnreadableFile, Severity: Error, Internal: true,
		Title: "a file cannot be read",
		Explanation: "The named file does not exist, is a symbolic link to nothing or to a place outside the program's directory, or the system " +
			"refuses to open it. A program is compiled whole or not at all, so nothing is written.",
	},
	{
		Code: NotRegularFile, Severity: Error, Internal: true,
		Title: "an input is not a regular file",
		Explanation: "Programs and manifests are read from regular files, and from standard input where `-` is given. Devices, sockets and named " +
			"pipes are refused, because reading one may never end; a directory is refused where a file is meant.",
	},
	{
		Code: FileTooLarge, Severity: Error, Internal: true,
		Title: "an input is too large",
		Explanation: "One input may hold 128 MiB, and all inputs of one call together 256 MiB. What is larger is not a policy that anybody reads; " +
			"more often it is the wrong file. Split a larger inventory into several calls, or cut it down to workloads and Services.",
	},
	{
		Code: NoProgram, Severity: Error, Internal: true,
		Title: "no program is there",
		Explanation: "The named directory has no file whose name ends in `.zt`. The directories below it are not searched: a program is the files of " +
			"the directories that are named, and what they import. A named file that is YAML or JSON by its name is a manifest, and no program: " +
			"a program is checked against it with `--inventory`.",
	},
	{
		Code: UnreadProgram, Severity: Warning, Internal: true, Waiving: WaivableAtMesh,
		Title: "a file below a directory that nothing reads",
		Explanation: "A program is the `.zt` files of the directories that are named, and what they import. A file in a directory below one " +
			"of them is neither: whoever put it there may think that its rules are enforced. Name its directory as well, import it, or " +
			"move it out; the files of another program have a directory beside this one's.",
	},
	{
		Code: BadFileName, Severity: Error, Internal: true,
		Title: "a file name cannot be printed",
		Explanation: "The name of an input is not UTF-8, or holds a control character or another character that a reader cannot see. It would " +
			"stand in every message about the file.",
	},
	{
		Code: BadDestination, Severity: Error, Internal: true,
		Title: "the destination is of the wrong kind",
		Explanation: "Output goes to a regular file or to a directory. A symbolic link, a device or a pipe as the destination is refused, and so is a " +
			"file where a directory is asked for: ztc replaces files by renaming, which would replace the link and not what it points to. What was " +
			"there is left untouched.",
	},
	{
		Code: CannotWrite, Severity: Error, Internal: true,
		Title: "output cannot be written",
		Explanation: "The system refuses to write the output: a directory is read-only, the disk is full, or what should be a directory is a file. Directories that are missing are made. Files are " +
			"written beside the old ones and renamed only when all of them are complete, so the old output is whole.",
	},
	{
		Code: OutputInSources, Severity: Error, Internal: true,
		Title: "output would lie among the sources",
		Explanation: "The destination is one of the inputs, ends in `.zt`, is the directory of the program's own files, or lies in a directory that is " +
			"read as inventory. Output there would overwrite what it is made from, or be read again by the next build.",
	},
	{
		Code: ForeignFile, Severity: Error, Internal: true,
		Title: "a file at the destination is not the program's",
		Explanation: "The destination already holds a file of the name that ztc would write, and it is not wholly made by ztc for this program: " +
			"an object in it does not carry the label `app.kubernetes.io/managed-by: ztc`, or carries another program's name in " +
			"`app.kubernetes.io/part-of` (of a `kustomization.yaml`, the first line counts). Somebody else's objects would be lost, so it is not " +
			"overwritten. When the program has got another name, delete the files of the old one. A directory is not replaced either where it holds " +
			"the output of another program of the same name, or of one without a name as well: none of the files that its `kustomization.yaml` " +
			"names as its sources is one of this program's, or this program has no name, and no object in common with what is there. Two such programs would also " +
			"name the same objects, so that in a cluster the later one replaces those of the earlier one: `mesh { program NAME }` keeps them apart.",
	},
	{
		Code: OutputDiffers, Severity: Error, Internal: true,
		Title: "output is not up to date",
		Explanation: "`ztc build --check` and `ztc fmt -l` or `-d` found that what is on disk is not what would be written. The command ends with exit " +
			"code 1. Run it again without `--check`, or with `-w`, and commit the result.",
	},
	{
		Code: StaleOutput, Severity: Note, Internal: true,
		Title: "a file of an earlier build is removed",
		Explanation: "The output directory held the file of a namespace that has lost its last policy. Every object in it carried ztc's label and the name of " +
			"this program, so it was removed: `kubectl apply -f` on the directory would have gone on applying it. What it made in the cluster is " +
			"still there until somebody deletes it. `--check` removes nothing, and reports the file as a difference.",
	},
	{
		Code: TooManyFiles, Severity: Error, Internal: true,
		Title:       "there are too many inputs",
		Explanation: "One call reads at most 10 000 files. A directory that holds more is usually not the one that was meant.",
	},
	{
		Code: NothingToEmit, Severity: Warning, Internal: true,
		Title: "a program without a policy",
		Explanation: "The program compiles, and no statement in it makes an object: it is empty, or holds definitions only. Output that an earlier build " +
			"has written is replaced by nothing, and without policies everything passes. Most often the wrong file was named.",
	},
}
