package inventory

import (
	"strings"

	"github.com/zt-lang/ztc/internal/manifest"
)

// owners are the kinds that own others of those that are read. What is owned by something else, such as a Kafka cluster or a
// node, stands for itself.
var owners = map[string][]string{
	"Pod":        {"ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"},
	"ReplicaSet": {"Deployment", "Rollout"},
	"Job":        {"CronJob"},
}

// hashes are the labels with which kinds tell the pods of their ReplicaSets apart. No pod has both.
var hashes = map[string]string{"Deployment": "pod-template-hash", "Rollout": "rollouts-pod-template-hash"}

// owner is the controller of an object, empty where it has none that is read.
type owner struct{ kind, name string }

// owner reads who owns an object.
func (r *reader) owner(meta manifest.Fields, kind string) (owner, bool) {
	refs, ok := r.Sequence(meta.Get("ownerReferences"), "metadata.ownerReferences")
	if !ok {
		return owner{}, false
	}
	for _, ref := range refs {
		f, ok := r.Mapping(ref, "metadata.ownerReferences")
		if !ok {
			return owner{}, false
		}
		var o owner
		if o.kind, ok = r.Text(f.Get("kind"), "metadata.ownerReferences.kind"); !ok {
			return owner{}, false
		}
		if o.name, ok = r.Text(f.Get("name"), "metadata.ownerReferences.name"); !ok {
			return owner{}, false
		}
		for _, k := range owners[kind] {
			if o.kind == k && o.name != "" {
				return o, true
			}
		}
	}
	return owner{}, true
}

// disown drops the objects that others of the inventory stand for: in a dump, a Deployment for its ReplicaSets, a CronJob for
// its Jobs, and any controller for its pods. A proxy that stands in a pod is one of its controller's.
func disown(list []workload) []workload {
	at := make(map[[3]string]int, len(list))
	for i := range list {
		w := &list[i]
		at[[3]string{w.Namespace, w.Kind, w.Name}] = i
	}
	// find looks an owner up. One that a dump leaves out is passed by: its name begins with that of its own owner.
	find := func(w *workload, o owner) (int, bool) {
		i, ok := at[[3]string{w.Namespace, o.kind, o.name}]
		if !ok && o.kind == "ReplicaSet" {
			for kind, label := range hashes {
				name, hashed := strings.CutSuffix(o.name, "-"+w.Labels[label])
				if j, there := at[[3]string{w.Namespace, kind, name}]; hashed && name != "" && there {
					i, ok = j, true
				}
			}
		}
		if dash := strings.LastIndexByte(o.name, '-'); !ok && o.kind == "Job" && dash > 0 && strings.Trim(o.name[dash+1:], "0123456789") == "" {
			i, ok = at[[3]string{w.Namespace, "CronJob", o.name[:dash]}]
		}
		return i, ok
	}
	out := make([]workload, 0, len(list))
	owned := make([]int, len(list)) // place of the owner, from 1
	for i := range list {
		if o := list[i].owner; o.kind != "" {
			if j, ok := find(&list[i], o); ok {
				owned[i] = j + 1
			}
		}
	}
	for i := range list {
		top := i
		for owned[top] > 0 { // at most Pod, Job, CronJob: kinds own only others
			top = owned[top] - 1
		}
		if top != i && list[i].sidecar.present {
			list[top].sidecar.present = true
		}
	}
	for i := range list {
		if owned[i] == 0 {
			out = append(out, list[i])
		}
	}
	return out
}
