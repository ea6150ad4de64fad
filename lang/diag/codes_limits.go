package diag

const (
	Internal            Code = "ZT0000" // Error
	TooManyAlternatives Code = "ZT1501" // a rule that expands too far
	ObjectTooLarge      Code = "ZT1503" // Error
	TooManyStatements   Code = "ZT1502" // a program that expands too far
)

var limitCodes = []Info{
	{
		Code: Internal, Severity: Error, Title: "an internal error",
		Explanation: "The compiler found that its own output does not mean what it should, and wrote nothing. This is a bug in ztc, never in the policy.",
		Internal:    true,
	},
	{
		Code: TooManyAlternatives, Severity: Error, Title: "a rule that expands too far",
		Explanation: "Exceptions and conditions multiply into Istio rules; past 4096 rules, 512 conditions of one of them, or 131072 of all, the statement is refused. Several statements say the same. Past two million values in all that statements expand to beyond one rule each, the program is refused.",
		Internal:    true,
	},
	{
		Code: TooManyStatements, Severity: Error, Title: "a program that expands too far",
		Explanation: "Groups, sets and policies multiply. Past two million rules and values, 250,000 statements of policies, 100,000 members of one group or set, or a thousand groups in groups, the program is refused.",
		Internal:    true,
	},
	{
		Code: ObjectTooLarge, Severity: Error, Title: "an object larger than Istio or Kubernetes takes",
		Explanation: "Client-side apply keeps a copy of the object in an annotation, and annotations have room for 262,144 bytes. Rules, sources, paths and hosts are split over several objects; what is left is one list of exceptions or conditions that cannot be split, more than 4096 issuers on one target, or mtls modes for more than 4096 of its ports.",
		Internal:    true,
	},
}
