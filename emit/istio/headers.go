package istio

import "strings"

// joinedByComma are the request headers, of those that are in use, that Envoy keeps one value of: what comes in several lines is
// one text with commas by the time that policies are asked (INLINE_REQ_HEADERS of envoy/http/header_map.h, and what filters
// register). Envoy 1.40 was asked about each.
const joinedByComma = " accept accept-encoding access-control-request-headers access-control-request-method access-control-request-private-network" +
	" authorization cache-control cdn-loop content-encoding content-type expect grpc-accept-encoding grpc-timeout if-match if-modified-since" +
	" if-none-match if-range if-unmodified-since origin pragma proxy-status referer user-agent via x-client-trace-id x-envoy-attempt-count" +
	" x-envoy-decorator-operation x-envoy-downstream-service-cluster x-envoy-downstream-service-node x-envoy-external-address" +
	" x-envoy-original-host x-envoy-original-path x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-request-id "

// JoinsLines tells what a proxy puts between the lines of a request header when it reads them as one value: "" where it keeps
// them apart. name is in lower case.
func JoinsLines(name string) string {
	switch {
	case name == "cookie":
		return "; "
	case strings.Contains(joinedByComma, " "+name+" "):
		return ","
	}
	return ""
}
