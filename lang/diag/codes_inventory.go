package diag

// What manifests of an inventory can have wrong.
const (
	InventoryOutside    Code = "ZT2001"
	InventoryUnreadable Code = "ZT2002"
	InventoryTooLarge   Code = "ZT2003"
	InventoryEmpty      Code = "ZT2004"
	InventoryLink       Code = "ZT2005"
	InventorySyntax     Code = "ZT2006"
	InventoryTemplate   Code = "ZT2007"
	InventoryNoObject   Code = "ZT2008"
	InventoryNoKind     Code = "ZT2009"
	InventoryWrongType  Code = "ZT2010"
	InventoryKeyTwice   Code = "ZT2011"
	InventoryMissing    Code = "ZT2012"
	InventoryGenerated  Code = "ZT2013"
	InventoryTwice      Code = "ZT2014"
	InventoryNameTwice  Code = "ZT2015"
	InventoryNoTarget   Code = "ZT2016"
	InventoryProtocols  Code = "ZT2017"
	InventoryAnnotation Code = "ZT2018"
	InventoryUnreadKind Code = "ZT2019"

	InventoryPicksNothing Code = "ZT2020"
	InventoryIdleAccount  Code = "ZT2021"
)

var inventoryCodes = []Info{
	{
		Code: InventoryOutside, Severity: Error,
		Title: "an inventory outside the program's directory",
		Explanation: "An inventory statement names a file or a directory below the directory that `ztc` runs in, or below that of the program where it lies elsewhere, with forward slashes. Absolute " +
			"paths, and paths that climb out with `..`, are refused: what a program compiles to must not depend on where it lies.",
		Example: `-- shop.zt --
inventory "../k8s/"
-- k8s/accounts.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
-- k8s/accounts.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
`,
	},
	{
		Code: InventoryUnreadable, Severity: Error,
		Title: "an inventory that cannot be read",
		Explanation: "The file or directory is not there, may not be read, is a link that leaves the program's directory, or is no regular file. " +
			"An inventory with a hole would let names pass that no workload has, so the build stops.",
		Example: `-- shop.zt --
inventory "k8/"
-- k8s/accounts.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
-- k8s/accounts.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
`,
	},
	{
		Code: InventoryTooLarge, Severity: Error, Internal: true,
		Title: "an inventory over a limit",
		Explanation: "A manifest may have 64 MiB, all manifests of a path 512 MiB in 20,000 files at most 50 directories deep, one document 8 MiB, and " +
			"all of them 200,000 objects. The items of a long list count one by one. Aliases may not make a document many times its size. The limits are " +
			"far above what a cluster holds; they keep a hostile file from taking the machine.",
	},
	{
		Code: InventoryEmpty, Severity: Warning,
		Title:       "an inventory without manifests",
		Explanation: "The directory has no *.yaml, *.yml or *.json file, nor has one below it. Hidden files and directories are not read.",
		Example: `-- shop.zt --
inventory "k8s/"
-- k8s/README.md --
Manifests are in the other repository.
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
-- k8s/accounts.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
`,
	},
	{
		Code: InventoryLink, Severity: Warning, Internal: true,
		Title: "a link to a directory in an inventory",
		Explanation: "Links to files are read. Links to directories are not entered, because they may lead back up and round. If the directory " +
			"behind the link has manifests that matter, name it in an inventory statement of its own.",
	},
	{
		Code: InventorySyntax, Severity: Error,
		Title: "a manifest that is not YAML or JSON",
		Explanation: "The document cannot be read, so nobody knows what it would run. The other documents of the file are read all the same. Tabs " +
			"in the indentation and a missing blank after a colon are the usual reasons.",
		Example: `-- shop.zt --
inventory "k8s/"
-- k8s/accounts.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
 namespace: shop
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
-- k8s/accounts.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: shop
`,
	},
	{
		Code: InventoryTemplate, Severity: Error,
		Title: "a template in an inventory",
		Explanation: "A Helm template is no manifest before it is rendered: names, ports and whole objects depend on its values. Give what " +
			"`helm template` prints.",
		Example: `-- shop.zt --
inventory "chart/templates/"
-- chart/templates/account.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .Values.name }}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
-- k8s/release.yaml --
# Source: shop/templates/account.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
`,
	},
	{
		Code: InventoryNoObject, Severity: Error,
		Title:       "a document that is no object",
		Explanation: "Every Kubernetes object is a mapping with apiVersion, kind and metadata. A list or a single value is something else, for example a JSON patch.",
		Example: `-- shop.zt --
inventory "k8s/"
-- k8s/patch.yaml --
- op: remove
  path: /spec/replicas
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
-- k8s/web.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
`,
	},
	{
		Code: InventoryNoKind, Severity: Warning, Waiving: NeverWaived,
		Title: "an object without a kind",
		Explanation: "The document has an apiVersion and no kind, so it is left out. A document with neither is not meant for Kubernetes (a values " +
			"file, for example) and is left out in silence.",
		Example: `-- shop.zt --
inventory "k8s/"
-- k8s/web.yaml --
apiVersion: v1
metadata: {name: web}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
-- k8s/web.yaml --
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
`,
	},
	{
		Code: InventoryWrongType, Severity: Error,
		Title: "a field with the wrong kind of value",
		Explanation: "The API server would refuse the object: the field wants text, a number, a list, a mapping, a name or a label, and has something " +
			"else. Numbers and the words true, false, yes, no, on and off are text only in quotes.",
		Example: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {version: 2}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {version: "2"}
`,
	},
	{
		Code: InventoryKeyTwice, Severity: Error,
		Title:       "a key that comes twice in one mapping",
		Explanation: "YAML forbids it, and tools differ in which of the two they take. So the policy could be made for other pods than the ones that run.",
		Example: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app: web
    app: cart
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    app: web
`,
	},
	{
		Code: InventoryMissing, Severity: Error,
		Title: "an object that lacks a field",
		Explanation: "The object has no name, no apiVersion, no pod template, or a port without a number, so the API server would refuse it. Patches of " +
			"kustomize look like this: they are parts of objects. Give the output of `kustomize build`.",
		Example: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/replicas.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {replicas: 3}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
`,
	},
	{
		Code: InventoryGenerated, Severity: Warning, Waiving: NeverWaived,
		Title: "an object without a name of its own",
		Explanation: "With generateName the cluster makes up the name, a new one each time, so no statement can name the object. It is left out. Where " +
			"policy is to select its pods, declare them by their labels with a pods statement.",
		Example: `-- shop.zt --
inventory "k8s/"
deny all in mesh
-- k8s/migrate.yaml --
apiVersion: batch/v1
kind: Job
metadata: {generateName: migrate-}
spec:
  template:
    spec: {containers: [{name: migrate, image: migrate}]}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all in mesh
-- k8s/migrate.yaml --
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec: {containers: [{name: migrate, image: migrate}]}
`,
	},
	{
		Code: InventoryTwice, Severity: Error,
		Title: "an object that comes twice",
		Explanation: "Two documents have the same kind, namespace and name. A cluster has one of them, and the manifests do not say which. Often an overlay " +
			"and its base lie in one directory: give the output of `kustomize build`.",
		Example: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/a.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
-- k8s/b.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: cart}}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/a.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
-- k8s/b.yaml --
apiVersion: v1
kind: Pod
metadata: {name: cart, labels: {app: cart}}
`,
	},
	{
		Code: InventoryNameTwice, Severity: Note,
		Title: "a namespace or service account that comes twice",
		Explanation: "Two documents declare the same Namespace or ServiceAccount. Of these little more than the name matters here, so one of the documents is not needed. " +
			"What two documents say of sidecars in one namespace counts where they agree.",
		Example: `-- shop.zt --
inventory "k8s/"
-- k8s/a.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop}
-- k8s/b.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
-- k8s/a.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: shop}
`,
	},
	{
		Code: InventoryNoTarget, Severity: Warning, Waiving: NeverWaived,
		Title: "a Service that sends to a port that is not there",
		Explanation: "The Service names its target port, and the pods that it picks have no TCP container port of that name. The Service then has no endpoint " +
			"there, and the port's protocol stays unknown.",
		Example: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: web
    image: web
    ports: [{name: http, containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: web}]
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: web
    image: web
    ports: [{name: http, containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}]
`,
	},
	{
		Code: InventoryProtocols, Severity: Warning, Waiving: NeverWaived,
		Title: "Services that disagree on the protocol of a port",
		Explanation: "Istio takes the protocol of a port on the inbound side from the Service: appProtocol, or the port's name up to its first hyphen. " +
			"Where several Services send to one port of a pod, the oldest decides, and manifests do not tell which that is. The port is taken for one that may carry " +
			"HTTP and raw TCP, which is the safe reading and allows fewer kinds of rules.",
		Example: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers: [{name: web, image: web}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web-headless}
spec:
  clusterIP: None
  selector: {app: web}
  ports: [{name: tcp-web, port: 8080}]
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers: [{name: web, image: web}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web-headless}
spec:
  clusterIP: None
  selector: {app: web}
  ports: [{name: http-web, port: 8080}]
`,
	},
	{
		Code: InventoryAnnotation, Severity: Warning, Waiving: NeverWaived,
		Title:       "an annotation that the injector refuses",
		Explanation: "Istio's injector holds some annotations to their form, and refuses a pod with one that does not have it. What the pod would have had as a sidecar is then not known, and the annotation is left out.",
		Example: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
  annotations: {traffic.sidecar.istio.io/includeInboundPorts: "8080;9090"}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
  annotations: {traffic.sidecar.istio.io/includeInboundPorts: "8080,9090"}
`,
	},
	{
		Code: InventoryUnreadKind, Severity: Note,
		Title: "pods of a kind that is not read",
		Explanation: "The object has a pod template, so its controller runs pods; but with which labels, names and ports is up to that controller, and " +
			"the kind is none of those that are read. So nothing is known of the pods: a statement cannot name them, and a selector that picks them as well is not noticed. " +
			"Declare what runs with `workload`, or take the inventory from the cluster, where the pods themselves are.",
		Example: `-- shop.zt --
inventory "k8s/"
workload web { port http 8080 }
deny all on web
-- k8s/web.yaml --
apiVersion: apps.kruise.io/v1alpha1
kind: CloneSet
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web}]}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all on web
-- k8s/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: web}]}
`,
	},
	{
		Code: InventoryPicksNothing, Severity: Warning,
		Title: "a Service that picks no pods",
		Explanation: "No workload of the Service's namespace has the labels that its selector asks for. The Service then has no endpoints, and what it says of ports and of what they speak is said of nobody: they are " +
			"undeclared to the rules that were written for its pods. Where a label that it asks for is in no pod template of the namespace, it may be one that pods get while they run, and where there is a workload whose pods are up to a controller, they may be its: then nothing is said.",
		Example: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: webb}
  ports: [{name: http, port: 80, targetPort: 8080}]
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
`,
	},
	{
		Code: InventoryIdleAccount, Severity: Warning,
		Title: "a ServiceAccount that nobody runs as",
		Explanation: "The ServiceAccount has the name of a workload whose pod template names no account, or nearly the name of an account that a template names and that is not there. Pods whose template names none run as `default`, with every other such pod of " +
			"the namespace, so that no rule can tell them apart. ServiceAccounts without such a workload may be for callers from elsewhere, and nothing is said of them.",
		Example: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
`,
		Fixed: `-- shop.zt --
inventory "k8s/"
deny all in default
-- k8s/web.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
`,
	},
}
