package diag

// What can be wrong with a waiver, `# ztc:allow CODE reason`. A waiver that is wrong waives nothing, so what it was meant
// for is still reported: nobody is misled, and all of these are warnings.
const (
	MalformedWaiver Code = "ZT0030" // a waiver that cannot be read
	NoReason        Code = "ZT0031" // a waiver without a reason
	UnknownWaiver   Code = "ZT0032" // a waiver of an unknown code
	NotWaivable     Code = "ZT0033" // a waiver of what cannot be waived
	UnusedWaiver    Code = "ZT0034" // a waiver that waives nothing
)

// waiverCase is a row whose example is a statement with a waiver, in a program that is otherwise fine.
func waiverCase(code Code, title, explanation, wrong, right string) Info {
	return Info{Code: code, Severity: Warning, Waiving: NeverWaived, Title: title, Explanation: explanation,
		Example: "deny all in default\n" + wrong + "\n", Fixed: "deny all in default\n" + right + "\n"}
}

var waiverCodes = []Info{
	waiverCase(MalformedWaiver, "a waiver that cannot be read",
		"A comment that begins with `ztc:` is an instruction. There is one, `ztc:allow CODE reason`, with one code; several codes take several comments.",
		"# ztc:ignore ZT1105 v1 and v10 are both ours\nallow web -> api GET \"/v1*\"", "# ztc:allow ZT1105 v1 and v10 are both ours\nallow web -> api GET \"/v1*\""),
	waiverCase(NoReason, "a waiver without a reason",
		"Whoever reads the statement later has to know why the diagnostic was set aside, and when that stops being true. Without a reason nothing is waived.",
		"# ztc:allow ZT1105\nallow web -> api GET \"/v1*\"", "# ztc:allow ZT1105 v1 and v10 are both ours\nallow web -> api GET \"/v1*\""),
	waiverCase(UnknownWaiver, "a waiver of an unknown code",
		"No diagnostic has this code. `ztc explain` lists all.",
		"# ztc:allow ZT9105 v1 and v10 are both ours\nallow web -> api GET \"/v1*\"", "# ztc:allow ZT1105 v1 and v10 are both ours\nallow web -> api GET \"/v1*\""),
	waiverCase(NotWaivable, "a waiver of what cannot be waived",
		"Warnings can be waived, and the few errors whose pages say so: with those, what is emitted still means what is written. Other errors would make it mean something else, and notes fail nothing.",
		"# ztc:allow ZT1301 no baseline yet\nallow web -> api GET", "allow web -> api GET"),
	waiverCase(UnusedWaiver, "a waiver that waives nothing",
		"Its statement has no diagnostic of that code, or it stands at no statement: a waiver is on the lines directly above its statement, or on a line of it. One that stays behind would hide the next mistake.",
		"# ztc:allow ZT1105 v1 and v10 are both ours\nallow web -> api GET \"/v1/*\"", "allow web -> api GET \"/v1/*\""),
}
