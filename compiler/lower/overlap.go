package lower

import (
	"maps"
	"slices"

	"github.com/zt-lang/ztc/compiler/ir"
)

// lookalikes gives pods that may be the same ones, for all that a program without an inventory knows, the same text. Two
// selectors pick different pods for sure where they ask for different values of one label. Which label is looked for among
// all the pods of a namespace, so that time does not grow with pairs. Other targets get "".
func lookalikes(targets []*ir.Target) []string {
	common := map[string]map[string]string{} // labels whose keys all pods of a namespace have
	for _, t := range targets {
		if t.Kind != ir.OnPods {
			continue
		}
		labels := t.PodLabels()
		if ns := reach(t); common[ns] == nil {
			common[ns] = labels
		} else {
			maps.DeleteFunc(common[ns], func(key, _ string) bool { _, has := labels[key]; return !has })
		}
	}
	out := make([]string, len(targets))
	for i, t := range targets {
		if t.Kind != ir.OnPods {
			continue
		}
		ns := reach(t)
		shared := slices.DeleteFunc(slices.Clone(t.Labels()), func(x ir.Label) bool { _, all := common[ns][x.Key]; return !all })
		out[i] = ns + "\x00" + labelKey(shared)
	}
	return out
}

// overlaps calls f with two places of the list, the lesser first, for selectors that may pick one pod and are not the same.
// Not every pair of them comes: each of several that pick one pod comes with the first.
func (l *lowerer) overlaps(targets []*ir.Target, f func(first, second int)) {
	picked := map[string]*ir.Selectors[int]{} // by namespace, and under "" pods of the mesh
	for i, t := range targets {
		if t.Labels() == nil {
			continue
		}
		ns := reach(t)
		if picked[ns] == nil {
			picked[ns] = &ir.Selectors[int]{}
		}
		picked[ns].Add(t.Labels(), i)
	}
	if len(picked) == 0 {
		return
	}
	on := func(ns string, pod map[string]string) {
		at := slices.Collect(picked[ns].Picking(pod))
		if ns != "" {
			at = slices.AppendSeq(at, picked[""].Picking(pod))
		}
		slices.Sort(at)
		for _, i := range at[min(1, len(at)):] {
			f(at[0], i)
		}
	}
	for _, w := range l.p.Workloads {
		on(w.Namespace, w.PodLabels())
	}
	for _, t := range targets {
		if t.Labels() != nil {
			on(reach(t), t.PodLabels())
		}
	}
	if l.p.Inventoried {
		return
	}
	first := map[string]int{}
	for i, alike := range lookalikes(targets) {
		if j, seen := first[alike]; alike != "" && seen {
			f(j, i)
		} else {
			first[alike] = i
		}
	}
}

// names reports whether objects for a selector are called after t and not after old: after the workload, else after the
// first name.
func names(t, old *ir.Target) bool {
	return t.Kind < old.Kind || t.Kind == old.Kind && t.Name() < old.Name()
}
