package proof

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/zt-lang/ztc/compiler/sem"
)

// Words says a request in a line: who calls, what, where, and with what. What it does not name does not matter.
func Words(r sem.Request) string {
	attrs := slices.SortedFunc(maps.Keys(r), func(a, b sem.Attr) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	var out []string
	for _, a := range attrs {
		out = append(out, Value(a, r[a]))
	}
	if len(out) == 0 {
		return "any request"
	}
	return strings.Join(out, ", ")
}

// Value says the value of one attribute.
func Value(a sem.Attr, v sem.Value) string {
	text := strings.Join(v.Parts, ", ")
	if len(v.Parts) == 1 {
		text = strconv.Quote(v.Parts[0])
	} else if len(v.Parts) > 1 {
		q := make([]string, len(v.Parts))
		for i, p := range v.Parts {
			q[i] = strconv.Quote(p)
		}
		text = "[" + strings.Join(q, ", ") + "]"
	}
	bare := ""
	if len(v.Parts) > 0 {
		bare = v.Parts[0]
	}
	switch a.Kind {
	case sem.Peer:
		if v.Absent {
			return "a caller without an mTLS identity"
		}
		return "caller " + v.Parts[0] + "/ns/" + v.Parts[1] + "/sa/" + v.Parts[2]
	case sem.SourceIP:
		return one(v, "no address", "from "+bare)
	case sem.RemoteIP:
		return one(v, "no client address", "from client "+bare)
	case sem.DestIP:
		return one(v, "no destination address", "to "+bare)
	case sem.Port:
		return one(v, "no port", "port "+bare)
	case sem.SNI:
		return one(v, "no sni", "sni "+text)
	case sem.Method:
		return one(v, "no method", "method "+bare)
	case sem.Host:
		return one(v, "no host", "host "+text)
	case sem.Path:
		return one(v, "no path", "path "+text)
	case sem.Token:
		return token(v)
	case sem.Header:
		return one(v, "no header "+strconv.Quote(a.Name), "header["+strconv.Quote(a.Name)+"] = "+text)
	case sem.Claim:
		return one(v, "no claim "+strconv.Quote(a.Name), "claim["+strconv.Quote(a.Name)+"] = "+text)
	case sem.Metadata, sem.MetadataList:
		return one(v, "no metadata "+strconv.Quote(a.Name), "metadata "+a.Name+" = "+text)
	case sem.Answer:
		if bare == "yes" {
			return a.Name + " consents"
		}
		return a.Name + " does not consent"
	}
	return text
}

func one(v sem.Value, absent, present string) string {
	if v.Absent {
		return absent
	}
	if len(v.Parts) == 0 {
		return absent
	}
	return present
}

func token(v sem.Value) string {
	if v.Absent || v.Missing[0] && v.Missing[1] {
		return "no token"
	}
	iss, sub := "no issuer", "no subject"
	if !v.Missing[0] && len(v.Parts) > 0 {
		iss = "issuer " + strconv.Quote(v.Parts[0])
	}
	if !v.Missing[1] && len(v.Parts) > 1 {
		sub = "subject " + strconv.Quote(v.Parts[1])
	}
	return "a token with " + iss + " and " + sub
}
