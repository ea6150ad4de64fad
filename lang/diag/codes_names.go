package diag

const (
	UnknownWorkload      Code = "ZT1001" // unknown workload
	UnknownNamespace     Code = "ZT1002" // unknown namespace
	UnknownName          Code = "ZT1003" // unknown set, group or policy
	UnknownImport        Code = "ZT1004" // unknown import
	NameClash            Code = "ZT1005" // one name for two things
	UnknownPort          Code = "ZT1006" // unknown port
	UnknownAccount       Code = "ZT1007" // a service account that no workload runs as
	SelectorPicksNothing Code = "ZT1008" // a selector that picks nothing
	SelectorPicksMore    Code = "ZT1009" // a selector that picks more than was named
	Convention           Code = "ZT1010" // names are taken on trust
	WrongKind            Code = "ZT1011" // a name of the wrong kind
	BadName              Code = "ZT1012" // not a Kubernetes name
	ImportFailed         Code = "ZT1013" // an import that cannot be read
	ImportCycle          Code = "ZT1014" // an import cycle
	ImportHoldsMore      Code = "ZT1015" // an import that holds more than definitions
	Recursion            Code = "ZT1016" // a definition that contains itself
	BadArguments         Code = "ZT1017" // arguments that do not fit a policy
	NameCollision        Code = "ZT1018" // two objects of one name
	RootNamespace        Code = "ZT1019" // the root namespace
	MeshTwice            Code = "ZT1020" // two mesh blocks
	BadSetting           Code = "ZT1021" // a setting that cannot be
	ParameterTypes       Code = "ZT1022" // a parameter that stands for two things
	ArgumentType         Code = "ZT1023" // an argument of the wrong type
	UnusedParameter      Code = "ZT1024" // a parameter that stands nowhere
	UnusedDefinition     Code = "ZT1025" // a definition that nothing uses
	ParameterNotHere     Code = "ZT1026" // a parameter where none can stand
	UnusedImport         Code = "ZT1027" // an import that nothing uses
	NoSuchPort           Code = "ZT1030" // a port that nothing has
)

var nameCodes = []Info{
	{
		Code: UnknownWorkload, Severity: Error, Title: "unknown workload",
		Explanation: "The name is neither a workload of that namespace, declared or inventoried, nor a group or pods. A policy for it would pick no pods, or admit nobody.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
allow wbe -> api GET
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
allow web -> api GET
`,
	},
	{
		Code: UnknownNamespace, Severity: Error, Title: "unknown namespace",
		Explanation: "No workload, inventory object or `namespace` statement has this namespace. A policy in it would guard nothing.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in defualt
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
`,
	},
	{
		Code: UnknownName, Severity: Error, Title: "unknown set, group or policy",
		Explanation: "The name is defined nowhere in this program, or not in the file that the import names.",
		Example: `deny all in default
allow web -> api raed "/x"
`,
		Fixed: `deny all in default
methods read = GET, HEAD
allow web -> api read "/x"
`,
	},
	{
		Code: UnknownImport, Severity: Error, Title: "unknown import",
		Explanation: "A name with a dot is a definition of an import, and no import of this file has that name.",
		Example: `deny all in default
allow common.edge -> api GET
`,
		Fixed: `-- main.zt --
import "./common.zt"
deny all in default
allow common.edge -> api GET
-- common.zt --
group edge = default/web
`,
	},
	{
		Code: NameClash, Severity: Error, Title: "one name for two things",
		Explanation: "Workloads, pods, groups, sets, policies and parameters share one name space, so that a reader never has to guess which is meant.",
		Example: `deny all in default
group edge = web
group edge = api
allow edge -> db GET
`,
		Fixed: `deny all in default
group edge = web, api
allow edge -> db GET
`,
	},
	{
		Code: UnknownPort, Severity: Error, Title: "unknown port",
		Explanation: "Policies see the port that the pods listen on, not the port of the Service. The workload has no such port.",
		Example: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
allow web -> api:80 GET
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
allow web -> api:8080 GET
`,
	},
	{
		Code: UnknownAccount, Severity: Error, Waiving: WaivableWarning, Title: "a service account that no workload runs as",
		Explanation: "An allow for it admits nobody, and a deny refuses nobody. With an inventory it is an error; without one it is a warning, since declarations need not be complete. Of an identity that is spelt out with `principal` it is a warning in any case: something else may run as it.",
		Example: `-- main.zt --
inventory "k8s.yaml"
deny all in default
allow account default/frontend -> backend GET
-- k8s.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: backend, namespace: default}
spec: {template: {metadata: {labels: {app: backend}}, spec: {serviceAccountName: backend, containers: [{name: c, ports: [{containerPort: 80}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: frontend, namespace: default}
spec: {template: {metadata: {labels: {app: frontend}}, spec: {serviceAccountName: web, containers: [{name: c}]}}}
`,
		Fixed: `-- main.zt --
inventory "k8s.yaml"
deny all in default
allow account default/web -> backend GET
-- k8s.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: backend, namespace: default}
spec: {template: {metadata: {labels: {app: backend}}, spec: {serviceAccountName: backend, containers: [{name: c, ports: [{containerPort: 80}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: frontend, namespace: default}
spec: {template: {metadata: {labels: {app: frontend}}, spec: {serviceAccountName: web, containers: [{name: c}]}}}
`,
	},
	{
		Code: SelectorPicksNothing, Severity: Error, Title: "a selector that picks nothing",
		Explanation: "No pod in the inventory carries these labels, so the policy would guard nothing.",
		Example: `-- main.zt --
inventory "k8s.yaml"
deny all in default
pods internal { exposure: internal }
allow backend -> internal GET
-- k8s.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: backend, namespace: default}
spec: {template: {metadata: {labels: {app: backend, expose: internal}}, spec: {serviceAccountName: backend, containers: [{name: c, ports: [{containerPort: 80}]}]}}}
`,
		Fixed: `-- main.zt --
inventory "k8s.yaml"
deny all in default
pods internal { expose: internal }
allow backend -> internal GET
-- k8s.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: backend, namespace: default}
spec: {template: {metadata: {labels: {app: backend, expose: internal}}, spec: {serviceAccountName: backend, containers: [{name: c, ports: [{containerPort: 80}]}]}}}
`,
	},
	{
		Code: SelectorPicksMore, Severity: Error, Title: "a selector that picks more than was named",
		Explanation: "The labels of this workload also pick another one, so a policy for it would reach both.",
		Example: `workload web { labels app: shop }
workload api { labels app: shop }
deny all in default
allow web -> api GET
`,
		Fixed: `workload web { labels app: shop, part: web }
workload api { labels app: shop, part: api }
deny all in default
allow web -> api GET
`,
	},
	{
		Code: Convention, Severity: Note, Title: "names are taken on trust",
		Explanation: "A program without an inventory and without workloads uses the convention: a bare name is the service account of that name and the pods whose app label is that name. Nothing is checked against real workloads.",
		Example: `deny all in default
allow web -> api GET
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080 }
workload db { port db 5432 tcp }
deny all in default
allow web -> api GET
`,
	},
	{
		Code: WrongKind, Severity: Error, Title: "a name of the wrong kind",
		Explanation: "The name stands for something that has no meaning in this place: a set where a caller is wanted, pods as a source.",
		Example: `deny all in default
methods read = GET
allow read -> api GET
`,
		Fixed: `deny all in default
group edge = web
allow edge -> api GET
`,
	},
	{
		Code: BadName, Severity: Error, Title: "not a Kubernetes name",
		Explanation: "Namespaces are DNS labels, other names DNS subdomains (RFC 1123). Kubernetes would have no object of this name.",
		Example: `deny all in abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
`,
		Fixed: `deny all in ab
`,
	},
	{
		Code: ImportFailed, Severity: Error, Title: "an import that cannot be read",
		Explanation: "The file does not exist, lies outside the program's directory, or has an error. That directory is the one that `ztc` runs in, and the one that all paths have in common where one of them lies elsewhere: to import `\"../common.zt\"`, run `ztc` where both are below, as in `ztc build bank/`.",
		Example: `-- main.zt --
import "./comon.zt"
deny all in default
allow comon.edge -> api GET
-- common.zt --
group edge = default/web
`,
		Fixed: `-- main.zt --
import "./common.zt"
deny all in default
allow common.edge -> api GET
-- common.zt --
group edge = default/web
`,
	},
	{
		Code: ImportCycle, Severity: Error, Title: "an import cycle",
		Explanation: "Files that import each other have no order in which to be read.",
		Example: `-- main.zt --
import "./a.zt"
deny all in default
-- a.zt --
import "./b.zt"
-- b.zt --
import "./a.zt"
`,
		Fixed: `-- main.zt --
import "./a.zt"
deny all in default
allow a.edge -> api GET
-- a.zt --
import "./b.zt"
group edge = b.inner, default/mobile
-- b.zt --
group inner = default/web
`,
	},
	{
		Code: ImportHoldsMore, Severity: Error, Title: "an import that holds more than definitions",
		Explanation: "An imported file holds groups, sets and policies only, so that reading it changes nothing by itself.",
		Example: `-- main.zt --
import "./common.zt"
deny all in default
-- common.zt --
allow default/web -> default/api
`,
		Fixed: `-- main.zt --
import "./common.zt"
deny all in default
allow common.edge -> default/api
-- common.zt --
group edge = default/web
`,
	},
	{
		Code: Recursion, Severity: Error, Title: "a definition that contains itself",
		Explanation: "A group, set or policy that contains itself has no finite meaning.",
		Example: `deny all in default
group a = b
group b = a
allow a -> api GET
`,
		Fixed: `deny all in default
group a = b
group b = web
allow a -> api GET
`,
	},
	{
		Code: BadArguments, Severity: Error, Title: "arguments that do not fit a policy",
		Explanation: "Each parameter of a policy is given once, by position or by name.",
		Example: `deny all in default
policy p(app) { allow web -> app GET }
use p(api, db)
`,
		Fixed: `deny all in default
policy p(app) { allow web -> app GET }
use p(api)
`,
	},
	{
		Code: NameCollision, Severity: Error, Title: "two objects of one name",
		Explanation: "Two targets would give objects of the same kind, namespace and name, and one would overwrite the other. Where two names would meet, letters keep them apart; this is left where a workload has the name of one part of an object that was split (allow-api-aa).",
		Internal:    true,
	},
	{
		Code: RootNamespace, Severity: Error, Title: "the root namespace",
		Explanation: "A policy in the root namespace reaches the whole mesh, whatever the statement seems to say: what is meant for the mesh says `mesh`. A workload there is a target only with an inventory in which no other namespace has pods with its labels, and Istio ignores `mtls` for it.",
		Example: `deny all in istio-system
`,
		Fixed: `deny all in mesh
`,
	},
	{
		Code: MeshTwice, Severity: Error, Title: "two mesh blocks",
		Explanation: "A program has one set of settings.",
		Example: `mesh { istio "1.27" }
mesh { istio "1.28" }
deny all in default
`,
		Fixed: `mesh { istio "1.27" }
deny all in default
`,
	},
	{
		Code: BadSetting, Severity: Error, Title: "a setting that cannot be",
		Explanation: "The value has the wrong shape for Istio or Kubernetes: a version, a trust domain, a label, a protocol, a selector of too many labels, a mode on a port of a whole namespace.",
		Example: `mesh { istio "latest" }
deny all in default
`,
		Fixed: `mesh { istio "1.27" }
deny all in default
`,
	},
	{
		Code: ParameterTypes, Severity: Error, Title: "a parameter that stands for two things",
		Explanation: "What a parameter stands for is what the places in the body can take where it stands: a workload (also a group or ns/*), methods, paths, a port, a string. No argument could be two of these.",
		Example: `deny all in default
policy p(app) { allow web -> app app }
use p(api)
`,
		Fixed: `deny all in default
policy p(app, verbs) { allow web -> app verbs }
use p(api, GET)
`,
	},
	{
		Code: ArgumentType, Severity: Error, Title: "an argument of the wrong type",
		Explanation: "The body of the policy says what its parameters stand for, and the argument is something else. The message points at both.",
		Example: `deny all in default
policy p(app, verbs) { allow web -> app verbs "/x" }
use p(api, "/y")
`,
		Fixed: `deny all in default
policy p(app, verbs) { allow web -> app verbs "/x" }
use p(api, GET)
`,
	},
	{
		Code: UnusedParameter, Severity: Warning, Title: "a parameter that stands nowhere",
		Explanation: "The body never names the parameter, so its argument changes nothing, and a reader of the `use` would think that it does.",
		Example: `deny all in default
policy p(app, caller) { allow web -> app GET }
use p(api, batch)
`,
		Fixed: `deny all in default
policy p(app, caller) { allow caller -> app GET }
use p(api, batch)
`,
	},
	{
		Code: UnusedDefinition, Severity: Warning, Title: "a definition that nothing uses",
		Explanation: "A policy that is never used enforces none of its rules. A group or set that nothing names grants nothing and forbids nothing, though a reader may think so. Definitions of imported files, and files that hold definitions alone, are not meant.",
		Example: `deny all in default
policy p(app) { allow web -> app GET }
allow batch -> api GET
`,
		Fixed: `deny all in default
policy p(app) { allow web -> app GET }
allow batch -> api GET
use p(api)
`,
	},
	{
		Code: ParameterNotHere, Severity: Error, Title: "a parameter where none can stand",
		Explanation: "After `in` stands a namespace, after `account` a service account. Neither is looked up, so the parameter of that name would not be meant, and a reader would think so. Strings, dates and the numbers after `port` are written out: the name of the parameter in quotes would be a value of its own.",
		Example: `policy closed(shop) { deny all in shop }
use closed(api)
`,
		Fixed: `policy closed(shop) { deny all on shop }
use closed(api)
`,
	},
	{
		Code: UnusedImport, Severity: Warning, Title: "an import that nothing uses",
		Explanation: "No name in the file has the import's name and a dot before it. An imported file holds definitions only, so an import that nothing names does nothing: rules of a policy in it are not enforced until a `use` asks for them.",
		Example: `import "std/http"
deny all in default
allow web -> api GET
`,
		Fixed: `import "std/http"
deny all in default
allow web -> api http.read
`,
	},
	{
		Code: NoSuchPort, Severity: Warning, Title: "a port that nothing has",
		Explanation: "A rule on a namespace, the mesh or pods names a port that no workload there has, or an exception takes away a port that its target does not have. Policies see the port that the pods listen on, not the port of a Service. On a namespace this is said only with an inventory, where every workload has its ports known. Ports 15000 to 15099 are the proxy's own, and are not looked at.",
		Example: `workload web { port http 8080 }
workload api { port http 8080; port admin 9090 http }
deny all in default
allow web -> api GET except port 9091
`,
		Fixed: `workload web { port http 8080 }
workload api { port http 8080; port admin 9090 http }
deny all in default
allow web -> api GET except port 9090
`,
	},
}
