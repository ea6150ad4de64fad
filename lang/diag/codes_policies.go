package diag

// What policies of others can have wrong.
const (
	PolicyField   Code = "ZT2101"
	PolicyRefused Code = "ZT2102"
	PolicyVersion Code = "ZT2103"
	PolicyTwice   Code = "ZT2104"
	PolicyOwn     Code = "ZT2105"
	NoPolicies    Code = "ZT2106"
)

var policyCodes = []Info{
	{
		Code: PolicyField, Severity: Error, Internal: true,
		Title: "a policy with an unknown field",
		Explanation: "The object has a field that Istio's policies do not have there, most often a misspelt one or one at the wrong depth. An API server " +
			"without strict validation drops such a field and keeps the rest: a rule whose `from` is written `form` then admits everybody, or denies everybody.",
	},
	{
		Code: PolicyRefused, Severity: Error, Internal: true,
		Title: "a policy that Istio refuses",
		Explanation: "The schema of Istio's objects, or its webhook, would reject the object: an empty source or operation, a port or an address that is " +
			"none, a DENY without rules, fields that exclude each other. Such an object never takes effect, so nothing is said of what it would mean.",
	},
	{
		Code: PolicyVersion, Severity: Error, Internal: true,
		Title: "a policy of another version",
		Explanation: "Istio serves its policies as `security.istio.io/v1` and `security.istio.io/v1beta1`, which mean the same. An object of another version " +
			"of Istio's groups would not be stored, and what it was meant to do would not be done.",
	},
	{
		Code: PolicyTwice, Severity: Error, Internal: true,
		Title: "a policy that is given twice",
		Explanation: "Two objects of one kind, namespace and name are given with `--with`. A cluster holds one of them, and which one decides what " +
			"passes, so nothing is said of either.",
	},
	{
		Code: PolicyOwn, Severity: Note, Internal: true,
		Title: "a policy of this program among those of others",
		Explanation: "What is given with `--with` holds an object that this program emits under the same name. The one that is emitted now is asked, and " +
			"the one that is given is left out.",
	},
	{
		Code: NoPolicies, Severity: Warning, Internal: true,
		Title: "nothing of others where their policies were to be",
		Explanation: "What is given with `--with` holds no AuthorizationPolicy, PeerAuthentication or RequestAuthentication, so the answers are about the " +
			"program alone. The command that was to print them may have failed, or there are none.",
	},
}
