package output

import (
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
)

// Ago says how long ago something was; "never" if it has no time.
func Ago(t *metav1.Time, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return duration.HumanDuration(max(now.Sub(t.Time), 0)) + " ago"
}

// Until says in how long something is.
func Until(t time.Time, now time.Time) string {
	if !t.After(now) {
		return duration.HumanDuration(now.Sub(t)) + " ago"
	}
	return "in " + duration.HumanDuration(t.Sub(now))
}

// Stamp is a time as people write it down: RFC 3339 in UTC.
func Stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Count writes a number with what it counts.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
