package projection

import "slices"

// window is how far apart two lists of members may be out of step.
const window = 1024

// difference gives what is in the second list only, and in the first only. Two
// lists of the members of one group mostly have the same strings in the same
// order, so a comparison is one of pointers. It is not ok if they differ too much.
func difference(before, after []string) (joined, left []string, ok bool) {
	for len(before) > 0 && len(after) > 0 {
		if before[0] == after[0] {
			before, after = before[1:], after[1:]
			continue
		}
		if i := slices.Index(before[:min(len(before), window)], after[0]); i > 0 {
			left, before = append(left, before[:i]...), before[i:]
		} else if i := slices.Index(after[:min(len(after), window)], before[0]); i > 0 {
			joined, after = append(joined, after[:i]...), after[i:]
		} else {
			left, joined = append(left, before[0]), append(joined, after[0])
			before, after = before[1:], after[1:]
		}
		if len(joined)+len(left) > 2*window {
			return nil, nil, false
		}
	}
	if joined, left = append(joined, after...), append(left, before...); len(joined)+len(left) > 2*window {
		return nil, nil, false
	}
	// Who only moved did neither.
	both := map[string]bool{}
	for _, id := range left {
		both[id] = slices.Contains(joined, id)
	}
	moved := func(id string) bool { return both[id] }
	return slices.DeleteFunc(joined, moved), slices.DeleteFunc(left, moved), true
}

// merge gives sorted names with some that come and without some that go. It is
// not ok if one goes that is not there, or comes that stays or comes twice.
func merge(names, come, gone []string) (merged []string, ok bool) {
	if len(come)+len(gone) == 0 {
		return names, true
	}
	slices.Sort(come)
	slices.Sort(gone)
	merged = make([]string, 0, len(names)+len(come))
	for len(come)+len(gone) > 0 {
		if len(come) == 0 || len(gone) > 0 && gone[0] <= come[0] {
			i, found := slices.BinarySearch(names, gone[0])
			if !found {
				return nil, false
			}
			merged, names, gone = append(merged, names[:i]...), names[i+1:], gone[1:]
			continue
		}
		i, found := slices.BinarySearch(names, come[0])
		merged = append(merged, names[:i]...)
		if found || len(merged) > 0 && merged[len(merged)-1] == come[0] {
			return nil, false
		}
		merged, names, come = append(merged, come[0]), names[i:], come[1:]
	}
	return append(merged, names...), true
}
