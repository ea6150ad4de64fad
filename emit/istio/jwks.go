package istio

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// JWKSURIFault says what is wrong with a jwksUri, as Istio's CRD and its webhook see it; "" when nothing is.
func JWKSURIFault(s string) string {
	u, err := url.ParseRequestURI(s)
	if err == nil {
		_, err = url.Parse(s) // which knows fragments
	}
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "is no URL with the scheme http or https"
	}
	if p := u.Port(); p != "" {
		if _, err := strconv.ParseUint(p, 10, 16); err != nil {
			return "has a port that is none"
		}
	}
	if len(s) > maxJWKSURI {
		return "is too long"
	}
	return ""
}

// members are what a key of each type (kty) must have: RFC 7518, section 6. Istio's webhook parses the keys.
var members = map[string][]string{"RSA": {"n", "e"}, "EC": {"x", "y"}, "OKP": {"x"}, "oct": {"k"}}

// JWKSFault says what is wrong with an inline JSON Web Key Set (RFC 7517); "" when nothing is.
func JWKSFault(s string) string {
	var set map[string]json.RawMessage
	if err := json.Unmarshal([]byte(s), &set); err != nil || set == nil {
		return "is no JSON object"
	}
	var keys []map[string]json.RawMessage
	if err := json.Unmarshal(set["keys"], &keys); err != nil || len(keys) == 0 {
		return "has no keys"
	}
	for _, k := range keys {
		if bad := key(k); bad != "" {
			return bad
		}
	}
	return ""
}

// JWKSSigns reports whether a key set without a fault holds a key that signs tokens: a private one, or one that both sides
// share. Verifying takes public keys only.
func JWKSSigns(s string) bool {
	var set struct{ Keys []map[string]json.RawMessage }
	_ = json.Unmarshal([]byte(s), &set)
	return slices.ContainsFunc(set.Keys, func(k map[string]json.RawMessage) bool {
		_, private := k["d"]
		return private || string(k["kty"]) == `"oct"`
	})
}

func key(k map[string]json.RawMessage) string {
	for _, name := range []string{"kid", "use", "alg", "crv", "x5u", "x5t", "x5t#S256"} {
		if raw, there := k[name]; there && !decodes[string](raw) {
			return "has a key whose " + name + " is no string"
		}
	}
	for _, name := range []string{"key_ops", "x5c"} { // the certificates of x5c are not looked into
		if raw, there := k[name]; there && !decodes[[]string](raw) {
			return "has a key whose " + name + " is no list of strings"
		}
	}
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi"} {
		if _, there := k[name]; there && !bits(k[name]) {
			return "has a key whose " + name + " is no number in base64"
		}
	}
	var kty, crv string
	_ = json.Unmarshal(k["kty"], &kty)
	need, ok := members[kty]
	if !ok {
		return "has a key without a type that Istio knows"
	}
	if _ = json.Unmarshal(k["crv"], &crv); crv == "" && (kty == "EC" || kty == "OKP") {
		return "has a key without crv"
	}
	for _, name := range need {
		if !bits(k[name]) {
			return "has a key without " + name
		}
	}
	return ""
}

// decodes reports whether raw is a T, and not null.
func decodes[T any](raw json.RawMessage) bool {
	var v *T
	return json.Unmarshal(raw, &v) == nil && v != nil
}

// bits reports whether raw is a string of base64 for URLs that is not empty.
func bits(raw json.RawMessage) bool {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return false
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	return err == nil && len(b) > 0
}
