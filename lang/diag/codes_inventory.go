package diag

const (
	InventoryUnreadable Code = "ZT2001" // Error
	InventoryBroken     Code = "ZT2002" // Error
	InventoryTwice      Code = "ZT2003" // Error
	InventoryTarget     Code = "ZT2004" // Warning
	InventoryProtocols  Code = "ZT2005" // Warning
)

const exampleProgram = "-- main.zt --\ninventory \"k8s.yaml\"\ndeny all in default\n"

var inventoryCodes = []Info{
	{
		Code: InventoryUnreadable, Severity: Error, Title: "an inventory that cannot be read",
		Explanation: "The path does not exist, lies outside the program's directory, is no regular file, or is too large.",
		Example:     "inventory \"nowhere/\"\ndeny all in default\n",
	},
	{
		Code: InventoryBroken, Severity: Error, Title: "a broken manifest",
		Explanation: "The document is not YAML, not a Kubernetes object, or lacks what every object has. The other documents still count, and nothing is written.",
		Example:     exampleProgram + "-- k8s.yaml --\nkind: Service\napiVersion: v1\nmetadata: {namespace: default}\n",
		Fixed:       exampleProgram + "-- k8s.yaml --\nkind: Service\napiVersion: v1\nmetadata: {name: web, namespace: default}\n",
	},
	{
		Code: InventoryTwice, Severity: Error, Title: "one object twice",
		Explanation: "Two manifests describe the object of one kind, namespace and name; a cluster keeps one of them.",
		Example:     exampleProgram + "-- k8s.yaml --\nkind: Service\napiVersion: v1\nmetadata: {name: web, namespace: default}\n---\nkind: Service\napiVersion: v1\nmetadata: {name: web, namespace: default}\n",
		Fixed:       exampleProgram + "-- k8s.yaml --\nkind: Service\napiVersion: v1\nmetadata: {name: web, namespace: default}\n",
	},
	{
		Code: InventoryTarget, Severity: Warning, Title: "a Service that leads nowhere",
		Explanation: "The Service names a target port that the pods it picks do not have.",
		Example:     exampleProgram + "-- k8s.yaml --\nkind: Service\napiVersion: v1\nmetadata: {name: web, namespace: default}\nspec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: web}]}\n---\nkind: Pod\napiVersion: v1\nmetadata: {name: web, namespace: default, labels: {app: web}}\nspec: {serviceAccountName: web, containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}\n",
	},
	{
		Code: InventoryProtocols, Severity: Warning, Title: "two Services that disagree",
		Explanation: "Two Services lead to one port and declare different protocols, so Istio may read the port either way; it counts as undeclared.",
		Example:     exampleProgram + "-- k8s.yaml --\nkind: Service\napiVersion: v1\nmetadata: {name: a, namespace: default}\nspec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}\n---\nkind: Service\napiVersion: v1\nmetadata: {name: b, namespace: default}\nspec: {selector: {app: web}, ports: [{name: tcp, port: 80, targetPort: 8080}]}\n---\nkind: Pod\napiVersion: v1\nmetadata: {name: web, namespace: default, labels: {app: web}}\nspec: {serviceAccountName: web, containers: [{name: c, ports: [{containerPort: 8080}]}]}\n",
	},
}
