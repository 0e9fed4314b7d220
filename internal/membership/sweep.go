package membership

import "github.com/rollcall-scim/rollcall/api/v1alpha1"

// References names the slices that a root reaches: its index and the leaves
// of that. index may be nil when the root has none.
func References(root Root, index *v1alpha1.GroupMemberSliceSpec) []string {
	if root.Index == "" {
		return nil
	}
	names := make([]string, 0, len(index.Leaves)+1)
	names = append(names, root.Index)
	for i := range index.Leaves {
		names = append(names, index.Leaves[i].Name)
	}
	return names
}

// Sweepable tells whether a slice can be deleted: nothing refers to it and
// nothing ever will. A slice comes into use only by an update of the version
// of the root that it was written for, its base; when the root has moved on
// from that version without referring to it, such an update must fail.
//
// rootExists, rootResourceVersion and referenced (see References) must come
// from a live read of the root made after the slice was seen. With an older
// read, a slice written for a newer version would look like a left-over.
func Sweepable(slice *v1alpha1.GroupMemberSliceSpec, rootExists bool, rootResourceVersion string, referenced bool) bool {
	if !rootExists {
		return true
	}
	return !referenced && rootResourceVersion != slice.Base
}
