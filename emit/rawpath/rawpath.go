// Package rawpath says what a proxy of Istio makes of the path of a request before a policy compares it.
//
// Sources: Envoy's source/common/http (balsa_parser.cc, conn_manager_utility.cc, path_utility.cc) with the URL library that it
// normalises with, and Istio's listener_builder.go and bootstrap/config.go. The module in conformance/ holds it to a running Envoy.
package rawpath

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Codec is the version of HTTP that a request comes in.
type Codec uint8

const (
	HTTP1 Codec = iota
	HTTP2
)

// Normalization is a setting of meshConfig.pathNormalization.
type Normalization uint8

const (
	Base                  Normalization = iota // Istio's default
	None                                       // NONE
	MergeSlashes                               // MERGE_SLASHES
	DecodeAndMergeSlashes                      // DECODE_AND_MERGE_SLASHES
)

// String is the setting as meshConfig spells it.
func (n Normalization) String() string {
	return [...]string{"BASE", "NONE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"}[n]
}

// Seen returns the path that policies compare of a request for a target, as its bytes are on the wire: normalised, without query
// and fragment. ok is false where the proxy refuses the request itself, before any policy. A path of more than the 60 KiB
// that headers may have is refused, too; Seen does not count them.
func (n Normalization) Seen(target string, c Codec) (path string, ok bool) {
	if path, ok = c.path(target); !ok {
		return "", false
	}
	path, _, _ = strings.Cut(path, "#") // as Istio has it stripped, and not refused
	path, _, _ = strings.Cut(path, "?")
	if path == "" {
		return "", true
	}
	if n == DecodeAndMergeSlashes {
		path = unescapeSlashes.Replace(path)
	}
	if n != None {
		if path, ok = Normal(withoutDotParameters(path)); !ok {
			return "", false
		}
	}
	if n == MergeSlashes || n == DecodeAndMergeSlashes {
		path = mergeSlashes(path)
	}
	return path, true
}

// path takes the path out of a target, with its query and fragment, as the codec does.
func (c Codec) path(target string) (string, bool) {
	if c == HTTP1 {
		target = strings.Trim(target, " \t") // of the line, and not of what it holds
	}
	for i := range len(target) {
		if b := target[i]; b <= ' ' || b == 0x7f || b > 0x7f && c == HTTP1 {
			return "", false
		}
	}
	switch {
	case strings.HasPrefix(target, "/"):
		return target, true
	case c == HTTP1:
		return absolute(target)
	}
	return "", false
}

// absolute takes the path out of a target that is a URL. There is one without a slash where a query follows the host.
func absolute(target string) (string, bool) {
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", false
	}
	i := strings.IndexAny(rest, "/?#")
	if i < 0 {
		i, rest = len(rest), rest+"/"
	}
	if !authority.MatchString(rest[:i]) || rest[i] == '#' {
		return "", false
	}
	return rest[i:], true
}

// authority is who is asked for, a name or an IPv6 address, and a port.
var authority = regexp.MustCompile(`^([A-Za-z0-9!$%&'()*+,;=:._~-]*@)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

var unescapeSlashes = strings.NewReplacer("%2F", "/", "%2f", "/", "%5C", `\`, "%5c", `\`)

// withoutDotParameters makes /..;x and /.;x the dot segments that they are to many servers. An escaped dot is none here yet, and
// a backslash is no slash.
func withoutDotParameters(path string) string {
	if !strings.Contains(path, ".;") {
		return path
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		for _, dots := range []string{"..", "."} {
			if strings.HasPrefix(s, dots+";") {
				segments[i] = dots
			}
		}
	}
	return strings.Join(segments, "/")
}

// Normal returns the normal form of the path of a URL: slashes for backslashes, unreserved characters as they are, what a URL does
// not hold escaped, dot segments resolved. ok is false where it escapes a NUL, which has none.
func Normal(path string) (normal string, ok bool) {
	var out []byte
	percent := -1 // where the last one stands in out that begins no escape
	if path == "" || path[0] != '/' && path[0] != '\\' {
		out = append(out, '/')
	}
	for i := 0; i < len(path); {
		v, escaped := unescape(path[i:])
		size := 1
		if escaped {
			size = 3
		} else {
			v = path[i]
		}
		switch {
		case v == '.' && len(out) > 0 && out[len(out)-1] == '/':
			dots, end := dotSegment(path[i:])
			switch dots {
			case 0:
				out = append(out, '.')
			case 1:
				size = end
			case 2:
				out, size, percent = up(out), end, -1
			}
		case escaped && v == 0:
			return "", false
		case escaped && unreserved(v):
			out = keepPercent(append(out, v), percent, path[i+size:])
		case escaped:
			out = append(out, path[i:i+size]...)
		case v == '\\':
			out = append(out, '/')
		case escape(v):
			out = fmt.Appendf(out, "%%%02X", v)
		default:
			if v == '%' {
				percent = len(out)
			}
			out = append(out, v)
		}
		i += size
	}
	return string(out), true
}

// keepPercent escapes a percent sign that began no escape, where the character that has just been unescaped, at the end of out, would make
// it begin one: /%2%41 is /%252A, and not /%2A.
func keepPercent(out []byte, percent int, rest string) []byte {
	n := len(out)
	if percent < 0 || percent < n-3 || percent > n-2 {
		return out
	}
	last := out[n-1]
	if percent == n-2 {
		if rest == "" || !hex(last) || !hex(rest[0]) {
			return out
		}
		return append(out[:percent+1], '2', '5', last)
	}
	first := out[n-2]
	if !hex(first) || !hex(last) {
		return out
	}
	return append(out[:percent+1], '2', '5', first, last)
}

// dotSegment counts the dots of a dot segment at the start of a path, and its bytes with the slash that ends it; no dots where there
// is none.
func dotSegment(path string) (dots, end int) {
	for end < len(path) && dots < 2 {
		if path[end] == '.' {
			end++
		} else if v, ok := unescape(path[end:]); ok && v == '.' {
			end += 3
		} else {
			break
		}
		dots++
	}
	switch {
	case end == len(path):
		return dots, end
	case path[end] == '/' || path[end] == '\\':
		return dots, end + 1
	}
	return 0, 0
}

// up goes to the directory above one, which ends with a slash, as it does.
func up(out []byte) []byte {
	if i := strings.LastIndexByte(string(out[:len(out)-1]), '/'); i >= 0 {
		return out[:i+1]
	}
	return out
}

func unescape(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	if !hex(s[1]) || !hex(s[2]) {
		return 0, false
	}
	n, err := strconv.ParseUint(s[1:3], 16, 8)
	return byte(n), err == nil
}

func hex(b byte) bool { return '0' <= b && b <= '9' || 'a' <= lower(b) && lower(b) <= 'f' }

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}

// unreserved characters are those that mean the same escaped and not.
func unreserved(b byte) bool {
	return 'a' <= lower(b) && lower(b) <= 'z' || '0' <= b && b <= '9' || strings.IndexByte("-._~", b) >= 0
}

// escape reports whether a path holds a character only escaped.
func escape(b byte) bool { return b <= ' ' || b >= 0x7f || strings.IndexByte("\"<>^`{|}", b) >= 0 }

// mergeSlashes makes one slash of several. Of a path that is nothing else it leaves two.
func mergeSlashes(path string) string {
	if !strings.Contains(path, "//") {
		return path
	}
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	out := strings.Join(segments, "/")
	if path[0] == '/' {
		out = "/" + out
	}
	if path[len(path)-1] == '/' {
		out += "/"
	}
	return out
}
