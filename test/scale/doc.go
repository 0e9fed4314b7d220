// Package scale measures what grows with a directory and what does not: the
// same requests over HTTP against the operator on a real API server, with a
// thousand users and with a hundred thousand. It prints figures and never fails
// on one.
//
//	make bench-filter
//	go test -run '^$' -bench . ./test/scale -users 1000,10000
package scale
