package scan

// reserved and statements are the word lists of the language, in the order of docs/language.md. The switches in classify
// and trailing are what runs; a test holds them to these lists.
var (
	reserved = []string{
		"all", "anyone", "authenticated", "plaintext", "account", "principal", "trust-domain", "namespace", "mesh", "gateway",
		"gateway-class", "service", "service-entry", "as", "from", "except", "when", "until", "because", "with", "host", "grpc",
		"http", "tcp", "port", "in", "on", "is", "and", "or", "not",
	}
	statements = []string{
		"allow", "deny", "audit", "delegate", "dry-run", "workload", "pods", "inventory", "group", "methods", "paths", "import",
		"policy", "use", "mtls", "jwt", "test", "expect", "prove",
	}
)

// Reserved returns the words that are never bare names: a Kubernetes name that is one of them is written default/all.
func Reserved() []string { return append([]string(nil), reserved...) }

// StatementWords returns the words that start a statement where they stand first on a line, and are ordinary names elsewhere.
// The statements `mesh` and `namespace` start with reserved words.
func StatementWords() []string { return append([]string(nil), statements...) }

// IsReserved reports whether a word is reserved.
func IsReserved(w string) bool { return wordKind(w) == Key }

// IsStatementWord reports whether a word starts a statement where it stands first on a line.
func IsStatementWord(w string) bool { return wordKind(w) == Start }

// wordKind says what a lower-case word is: Key, Start or Name.
func wordKind(w string) Kind {
	switch w {
	case "all", "anyone", "authenticated", "plaintext", "account", "principal", "trust-domain", "namespace", "mesh", "gateway",
		"gateway-class", "service", "service-entry", "as", "from", "except", "when", "until", "because", "with", "host", "grpc",
		"http", "tcp", "port", "in", "on", "is", "and", "or", "not":
		return Key
	case "allow", "deny", "audit", "delegate", "dry-run", "workload", "pods", "inventory", "group", "methods", "paths", "import",
		"policy", "use", "mtls", "jwt", "test", "expect", "prove":
		return Start
	}
	return Name
}

// Continues reports whether a line that ends with this reserved word goes on.
func Continues(w string) bool {
	switch w {
	case "when", "except", "as", "from", "until", "because", "with", "and", "or", "not", "in", "on":
		return true
	}
	return false
}
