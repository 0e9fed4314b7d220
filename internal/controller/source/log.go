package source

// maxLogged is how many changes of users are remembered for each index.
const maxLogged = 8192

// changeLog are the ids of users that have changed, the latest last.
type changeLog struct {
	ids   []string
	first uint64 // position of ids[0]
}

func (l *changeLog) add(id string) {
	if len(l.ids) == 2*maxLogged {
		l.first += maxLogged
		l.ids = append(make([]string, 0, 2*maxLogged), l.ids[maxLogged:]...)
	}
	l.ids = append(l.ids, id)
}

// Since gives the ids of users that came, changed or went after a position, some
// of them several times, and the present position. It is not ok if that is
// so long ago that it is not known any more.
func (n *Index) Since(position uint64) (ids []string, now uint64, ok bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	now = n.log.first + uint64(len(n.log.ids))
	if position < n.log.first || position > now {
		return nil, now, false
	}
	return n.log.ids[position-n.log.first:], now, true
}
