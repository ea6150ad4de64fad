package diag

const (
	UnexpectedToken       Code = "ZT0001" // something that cannot stand where it does
	UnknownStatement      Code = "ZT0002" // a word that starts no statement
	InvisibleCharacter    Code = "ZT0003" // what a reader cannot see
	MalformedString       Code = "ZT0004" // a string that is not closed, or with a bad escape
	LineStartsWithClause  Code = "ZT0005" // a line that would continue the one above
	UnclosedBlock         Code = "ZT0006" // a block without its closing brace
	QuotedName            Code = "ZT0007" // a name in quotes
	QuotedMethod          Code = "ZT0008" // a method in quotes
	UnquotedPath          Code = "ZT0009" // a path without quotes
	ReservedName          Code = "ZT0010" // a word of the language as a name
	GlobName              Code = "ZT0011" // a wildcard in a name
	NeedsBraces           Code = "ZT0012" // http or tcp outside braces
	NarrowedList          Code = "ZT0013" // a narrowed list without parentheses
	TrailingComma         Code = "ZT0014" // a comma after which nothing follows
	BraceOnNextLine       Code = "ZT0015" // an opening brace on the next line
	MissingArrow          Code = "ZT0016" // a rule without its arrow
	ForeignSign           Code = "ZT0017" // a sign of another language
	MixedCondition        Code = "ZT0018" // and beside or, without parentheses
	NotWithoutParentheses Code = "ZT0019" // not, without parentheses
	MalformedDate         Code = "ZT0020" // a date that is not one
	BaselineSpelling      Code = "ZT0021" // a baseline that is not one
	OperationOrder        Code = "ZT0022" // methods and paths out of order
	PartTwice             Code = "ZT0023" // a part written twice
	ClauseMisplaced       Code = "ZT0024" // a clause that cannot stand here
	FieldTwice            Code = "ZT0025" // a field written twice
	StatementMisplaced    Code = "ZT0026" // a statement in the wrong place
	UnquotedValue         Code = "ZT0027" // a value without quotes
	StrayBrace            Code = "ZT0028" // a closing brace that closes nothing
	RepeatedWord          Code = "ZT0029" // a word missing before a string of a list
	EmptyReason           Code = "ZT0040" // a reason that says nothing
	TextTooLarge          Code = "ZT0091" // a file too large to read
	TooDeep               Code = "ZT0092" // nesting that is too deep
	StatementTooLong      Code = "ZT0093" // a statement that is too long
	TooManyErrors         Code = "ZT0094" // more syntax errors than are shown
)

// syntaxCase is a row whose example is one wrong statement in a program that is otherwise fine.
func syntaxCase(code Code, title, explanation, wrong, right string) Info {
	i := Info{Code: code, Severity: Error, Title: title, Explanation: explanation, Example: "deny all in default\n" + wrong + "\n"}
	if right != "" {
		i.Fixed = "deny all in default\n" + right + "\n"
	}
	return i
}

var syntaxCodes = []Info{
	syntaxCase(UnexpectedToken, "something that cannot stand where it does",
		"The statement was read up to this point, and then came something that the language has no use for there. The message says what could have stood in its place.",
		"allow web -> GET", "allow web -> api GET"),
	syntaxCase(UnknownStatement, "a word that starts no statement",
		"Each line begins with the word of its statement: allow, deny, audit, delegate, dry-run, mesh, namespace, workload, pods, inventory, group, methods, paths, import, policy, use, mtls, jwt, test, prove; and expect in a test.",
		"alow web -> api GET", "allow web -> api GET"),
	syntaxCase(InvisibleCharacter, "something that a reader cannot see",
		"Control characters, marks of direction, characters of no width and bytes that are not UTF-8 can make a policy look like another one to whoever reviews it. They are refused everywhere, comments included. In a string they are written as escapes, such as \\u200b.",
		"allow web -> api GET # reviewed\u200b", "allow web -> api GET # reviewed"),
	syntaxCase(MalformedString, "a string that is not closed, or has a bad escape",
		"Strings are those of JSON, on one line: between double quotes, with the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX.",
		"allow web -> api GET \"/a", "allow web -> api GET \"/a\""),
	syntaxCase(LineStartsWithClause, "a line that would continue the one above",
		"A line goes on only where its own end says so: after a comma, an arrow, an equals sign, or one of when except as from until because with and or not in on, and inside ( ) and [ ]. So a line that is deleted or commented out never changes another statement. The word that joins two lines therefore ends the upper one.",
		"allow web -> api GET\n  when header[\"x\"] == \"y\"", "allow web -> api GET when\n  header[\"x\"] == \"y\""),
	syntaxCase(UnclosedBlock, "a block without its closing brace",
		"What follows an opening brace belongs to it up to the closing one. A statement that cannot stand in the block shows that the brace is missing before it.",
		"policy front(app) {\n  allow web -> app GET\n\nworkload web", "policy front(app) {\n  allow web -> app GET\n}\nuse front(api)"),
	syntaxCase(QuotedName, "a name in quotes",
		"Names of workloads, groups and namespaces stand without quotes; strings are paths, hosts, principals, addresses and values. So no string is ever looked up, and no name is ever compared.",
		"allow \"web\" -> api GET", "allow web -> api GET"),
	syntaxCase(QuotedMethod, "a method in quotes",
		"In an operation a string is a path. A method in quotes would be a path that no request has.",
		"allow web -> api \"GET\" \"/a\"", "allow web -> api GET \"/a\""),
	syntaxCase(UnquotedPath, "a path without quotes",
		"Paths are strings, because they may hold any character, the comment sign included.",
		"allow web -> api GET /a", "allow web -> api GET \"/a\""),
	syntaxCase(ReservedName, "a word of the language as a name",
		"The words of the language are never bare names. A workload that has such a name is written with its namespace; a group, a set or a policy gets another name.",
		"allow web -> host GET", "allow web -> default/host GET"),
	syntaxCase(GlobName, "a wildcard in a name",
		"Names are exact, so that a new workload never falls under an old rule by the way it is called. `shop/*` is every workload of a namespace; other sets of workloads are groups.",
		"allow web-* -> api GET", "allow web-1, web-2 -> api GET"),
	syntaxCase(NeedsBraces, "`http` or `tcp` outside braces",
		"`api http` is too near to `api:http`, which is the port of that name. Every HTTP request is written { http }, every other connection { tcp }.",
		"allow web -> api http", "allow web -> api { http }"),
	syntaxCase(NarrowedList, "a narrowed list without parentheses",
		"`a, b from \"10.0.0.0/8\"` could narrow both or only the last. Several sources that are narrowed together stand in parentheses; one that is narrowed alone is a rule of its own.",
		"allow web, batch from \"10.0.0.0/8\" -> api", "allow (web, batch) from \"10.0.0.0/8\" -> api"),
	syntaxCase(TrailingComma, "a comma after which nothing follows",
		"No list ends with a comma: after a comma the line goes on, so one that was left behind would take in the next line.",
		"allow web -> api GET,", "allow web -> api GET"),
	syntaxCase(BraceOnNextLine, "an opening brace on the next line",
		"A statement ends at the end of its line, so its opening brace stands on that line.",
		"workload web\n{ port http 8080 }\nallow web -> web", "workload web { port http 8080 }\nallow web -> web"),
	syntaxCase(MissingArrow, "a rule without its arrow",
		"A rule reads `allow SOURCES -> TARGETS`: what stands before the arrow is who calls, what stands after it is who is called.",
		"allow web api GET", "allow web -> api GET"),
	syntaxCase(ForeignSign, "a sign of another language",
		"Conditions compare with == and !=, and are joined by `and`, `or` and `not (...)`. One = gives a name, or a value in a test. Strings stand in double quotes.",
		"allow web -> api when header[\"x\"] = \"y\"", "allow web -> api when header[\"x\"] == \"y\""),
	syntaxCase(MixedCondition, "`and` beside `or`, without parentheses",
		"Which of the two binds first differs between languages, and between readers. The language has no rule for it: parentheses say it.",
		"allow web -> api when sni == \"a\" and header[\"x\"] == \"b\" or sni == \"c\"", "allow web -> api when (sni == \"a\" and sni == \"b\") or sni == \"c\""),
	syntaxCase(NotWithoutParentheses, "`not` without parentheses",
		"What `not` negates stands in parentheses, because `not a == b and c` is read in two ways.",
		"allow web -> api { http } when not header[\"x\"] == \"y\"", "allow web -> api { http } when not (header[\"x\"] == \"y\")"),
	syntaxCase(MalformedDate, "a date that is not written as one",
		"A date is written YYYY-MM-DD, without quotes.",
		"allow web -> api until \"2199-01-31\"", "allow web -> api until 2199-01-31"),
	syntaxCase(BaselineSpelling, "a baseline that is not finished",
		"A baseline is `deny all in` a namespace or the mesh, or `deny all on` workloads. `all` is no source: every caller is `anyone`.",
		"deny all payments", "deny all in payments"),
	syntaxCase(OperationOrder, "methods and paths out of order",
		"One operation is methods, then paths, hosts and ports, each a list with commas. A comma never joins a method with a path, and grpc, http and tcp stand without methods and paths. Several operations stand in braces.",
		"allow web -> api GET, \"/a\"", "allow web -> api GET \"/a\""),
	syntaxCase(PartTwice, "a part written twice",
		"Each part of an operation and each narrowing of sources is written once, as one list. Otherwise it would not be plain whether two lists add up or cut each other down.",
		"allow web -> api GET \"/a\" \"/b\"", "allow web -> api GET \"/a\", \"/b\""),
	syntaxCase(ClauseMisplaced, "a clause that cannot stand here",
		"`when`, `until` and `because` are each written once. A baseline and `mtls` hold for every connection and have no condition.",
		"allow web -> api when sni == \"a\" when destination == \"10.0.0.1\"", "allow web -> api when sni == \"a\" and destination == \"10.0.0.1\""),
	syntaxCase(FieldTwice, "a field written twice",
		"Each field of a block is written once: of two values it would not be plain which one holds.",
		"workload web {\n  account a\n  account b\n}", "workload web {\n  account a\n}"),
	syntaxCase(StatementMisplaced, "a statement in the wrong place",
		"A policy holds rules, use, mtls and jwt, and a test holds expect. All other statements stand on their own, outside braces.",
		"expect deny web -> api GET", "test \"nobody else\" { expect deny web -> api GET }"),
	syntaxCase(UnquotedValue, "a value without quotes",
		"Values of headers and claims, hosts, addresses, issuers and reasons are strings: they are compared, never looked up.",
		"allow web -> api when header[\"x\"] == prod", "allow web -> api when header[\"x\"] == \"prod\""),
	syntaxCase(StrayBrace, "a closing brace that closes nothing",
		"No block is open here. Either an opening brace was deleted with its statement, or this one was left behind.",
		"}", ""),
	syntaxCase(RepeatedWord, "a word missing before a string of a list",
		"In a list of sources each one says what it is, so that it can be read by itself: `principal \"a\", principal \"b\"`.",
		"allow namespace \"shop-*\", \"bank-*\" -> api", "allow namespace \"shop-*\", namespace \"bank-*\" -> api"),
	{
		Code: EmptyReason, Severity: Warning, Title: "a reason that says nothing",
		Explanation: "`because` is for whoever reads the statement later, and `ztc check --format json` lists it. An empty one, or one of blanks, looks as if somebody had asked and nobody answered.",
		Example:     "deny all in default because \"\"\n",
		Fixed:       "deny all in default because \"nothing talks but what is named below\"\n",
	},
	{
		Code: TextTooLarge, Severity: Error, Internal: true, Title: "a file too large to read",
		Explanation: "A file of more than 128 MiB is not read. A program of that size is many files.",
	},
	{
		Code: TooDeep, Severity: Error, Internal: true, Title: "nesting that is too deep",
		Explanation: "Parentheses and brackets nest up to 100 deep. A condition of that depth says nothing to a reader.",
	},
	{
		Code: StatementTooLong, Severity: Error, Internal: true, Title: "a statement that is too long",
		Explanation: "A statement has up to 100,000 words and signs. Longer lists are groups and sets, or several statements.",
	},
	{
		Code: TooManyErrors, Severity: Error, Internal: true, Title: "more syntax errors than are shown",
		Explanation: "After 100 syntax errors in one file the rest is counted and not shown.",
	},
}
