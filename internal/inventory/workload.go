package inventory

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zt-lang/ztc/compiler/ir"
	"github.com/zt-lang/ztc/internal/manifest"
)

// workload reads a controller or a bare pod.
func (r *reader) workload(root *yaml.Node, id ir.InventoryName, kind string, meta, obj manifest.Fields) {
	w := workload{InventoryWorkload: ir.InventoryWorkload{Kind: kind, Namespace: id.Namespace, Name: id.Name, Span: id.Span}}
	where, podMeta := "", meta
	spec, ok := r.Mapping(obj.Get("spec"), "spec")
	if !ok {
		return
	}
	if w.owner, ok = r.owner(meta, kind); !ok {
		return
	}
	if kind == "CronJob" {
		job, ok := r.Mapping(spec.Get("jobTemplate"), "spec.jobTemplate")
		if !ok {
			return
		}
		where = "spec.jobTemplate."
		if spec, ok = r.Mapping(job.Get("spec"), "spec.jobTemplate.spec"); !ok {
			return
		}
	}
	if kind != "Pod" {
		if w.Selector, ok = r.selector(spec.Get("selector"), kind, where+"spec.selector"); !ok {
			return
		}
		if kind == "Rollout" && manifest.IsNull(spec.Get("template")) && !manifest.IsNull(spec.Get("workloadRef")) {
			return // it runs the pods of a Deployment, which is read
		}
		if manifest.IsNull(spec.Get("template")) {
			r.Missing(root, where+"spec.template", "the "+kind+" "+quote(id.Name)).
				Note("a patch is not a whole object").
				Advise("give the output of `kustomize build`")
			return
		}
		where += "spec.template."
		template, ok := r.Mapping(spec.Get("template"), strings.TrimSuffix(where, "."))
		if !ok {
			return
		}
		if podMeta, ok = r.Mapping(template.Get("metadata"), where+"metadata"); !ok {
			return
		}
		if spec, ok = r.Mapping(template.Get("spec"), where+"spec"); !ok {
			return
		}
	}
	if w.Labels, ok = r.labels(podMeta.Get("labels"), where+"metadata.labels"); !ok {
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
	selector, ok := r.Mapping(n, where)
	if !ok {
		return nil, false
	}
	return r.labels(selector.Get("matchLabels"), where+".matchLabels")
}

func (r *reader) account(w *workload, spec manifest.Fields, where string) bool {
	for _, key := range []string{"serviceAccountName", "serviceAccount"} { // the second is the old name of the first
		s, ok := r.Text(spec.Get(key), where+key)
		if !ok {
			return false
		}
		if s != "" && w.Account == "" {
			if w.Account = s; !r.name(spec.Get(key), s, 253, where+key) {
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
func (r *reader) containers(w *workload, spec manifest.Fields, where string) bool {
	for _, key := range []string{"containers", "initContainers"} {
		list, ok := r.Sequence(spec.Get(key), where+key)
		if !ok {
			return false
		}
		for _, n := range list {
			c, ok := r.Mapping(n, where+key)
			if !ok {
				return false
			}
			restart, ok := r.Text(c.Get("restartPolicy"), where+key+".restartPolicy")
			if !ok {
				return false
			}
			if key == "initContainers" && restart != "Always" {
				continue
			}
			if w.sidecar.proxy(plain(c.Get("name")), c) {
				continue
			}
			ports, ok := r.Sequence(c.Get("ports"), where+key+".ports")
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
	f, ok := r.Mapping(n, where)
	if !ok {
		return false
	}
	tcp, ok := r.transport(f, where)
	if !ok {
		return false
	}
	at := f.Get("containerPort")
	if manifest.IsNull(at) {
		r.Missing(n, "containerPort", "an item of "+where)
		return false
	}
	number, ok := r.port(at, where+".containerPort")
	if !ok {
		return false
	}
	name, ok := r.portName(f, where)
	if ok && tcp {
		w.containers = append(w.containers, containerPort{name, number, r.Span(at)})
	}
	return ok
}
