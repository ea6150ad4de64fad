package inventory

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/compiler/ir"
)

// workload reads a controller or a bare pod.
func (r *reader) workload(root *yaml.Node, id ir.InventoryName, kind string, meta, obj fields) {
	w := workload{InventoryWorkload: ir.InventoryWorkload{Kind: kind, Namespace: id.Namespace, Name: id.Name, Span: id.Span}}
	where, podMeta := "", meta
	spec, ok := r.mapping(obj.get("spec"), "spec")
	if !ok {
		return
	}
	if w.owner, ok = r.owner(meta, kind); !ok {
		return
	}
	if kind == "CronJob" {
		job, ok := r.mapping(spec.get("jobTemplate"), "spec.jobTemplate")
		if !ok {
			return
		}
		where = "spec.jobTemplate."
		if spec, ok = r.mapping(job.get("spec"), "spec.jobTemplate.spec"); !ok {
			return
		}
	}
	if kind != "Pod" {
		if w.Selector, ok = r.selector(spec.get("selector"), kind, where+"spec.selector"); !ok {
			return
		}
		if kind == "Rollout" && isNull(spec.get("template")) && !isNull(spec.get("workloadRef")) {
			return // it runs the pods of a Deployment, which is read
		}
		if isNull(spec.get("template")) {
			r.missing(root, where+"spec.template", "the "+kind+" "+quote(id.Name)).
				Note("a patch is not a whole object").
				Advise("give the output of `kustomize build`")
			return
		}
		where += "spec.template."
		template, ok := r.mapping(spec.get("template"), strings.TrimSuffix(where, "."))
		if !ok {
			return
		}
		if podMeta, ok = r.mapping(template.get("metadata"), where+"metadata"); !ok {
			return
		}
		if spec, ok = r.mapping(template.get("spec"), where+"spec"); !ok {
			return
		}
	}
	if w.Labels, ok = r.labels(podMeta.get("labels"), where+"metadata.labels"); !ok {
		return
	}
	if !r.account(&w, spec, where+"spec.") || !r.containers(&w, spec, where+"spec.") || !r.sidecar(&w, podMeta, spec, where) {
		return
	}
	r.workloads = append(r.workloads, w)
}

// selector reads by which labels a controller knows its pods.
func (r *reader) selector(n *yaml.Node, kind, where string) (map[string]string, bool) {
	if kind == "ReplicationController" { // older than matchLabels
		return r.labels(n, where)
	}
	selector, ok := r.mapping(n, where)
	if !ok {
		return nil, false
	}
	return r.labels(selector.get("matchLabels"), where+".matchLabels")
}

func (r *reader) account(w *workload, spec fields, where string) bool {
	for _, key := range []string{"serviceAccountName", "serviceAccount"} { // the second is the old name of the first
		s, ok := r.text(spec.get(key), where+key)
		if !ok {
			return false
		}
		if s != "" && w.Account == "" {
			if w.Account = s; !r.name(spec.get(key), s, 253, where+key) {
				return false
			}
		}
	}
	if w.Account == "" {
		w.Account, w.DefaultAccount = "default", true
	}
	return true
}

// containers reads the ports of the containers, and of the init containers that keep running (sidecars).
func (r *reader) containers(w *workload, spec fields, where string) bool {
	for _, key := range []string{"containers", "initContainers"} {
		list, ok := r.sequence(spec.get(key), where+key)
		if !ok {
			return false
		}
		for _, n := range list {
			c, ok := r.mapping(n, where+key)
			if !ok {
				return false
			}
			restart, ok := r.text(c.get("restartPolicy"), where+key+".restartPolicy")
			if !ok {
				return false
			}
			if key == "initContainers" && restart != "Always" {
				continue
			}
			if w.sidecar.proxy(plain(c.get("name")), c) {
				continue
			}
			ports, ok := r.sequence(c.get("ports"), where+key+".ports")
			if !ok {
				return false
			}
			for _, p := range ports {
				if !r.containerPort(w, p, where+key+".ports") {
					return false
				}
			}
		}
	}
	return true
}

func (r *reader) containerPort(w *workload, n *yaml.Node, where string) bool {
	f, ok := r.mapping(n, where)
	if !ok {
		return false
	}
	tcp, ok := r.transport(f, where)
	if !ok {
		return false
	}
	at := f.get("containerPort")
	if isNull(at) {
		r.missing(n, "containerPort", "an item of "+where)
		return false
	}
	number, ok := r.port(at, where+".containerPort")
	if !ok {
		return false
	}
	name, ok := r.portName(f, where)
	if ok && tcp {
		w.containers = append(w.containers, containerPort{name, number, r.span(at)})
	}
	return ok
}
