// Package scale fills a directory with very many users, groups and memberships,
// and measures what that takes: memory, beside a bare informer of the same
// objects; time, from the start of a process and for each request; room, in
// etcd and in the API server. It prints figures and never fails on one; it
// fails when counts do not match or a request has not the effect it should.
//
// etcd, the API server, the operator and the bare informer are processes of
// their own. The operator is wired as in cmd/rollcall.
//
// Not all is filled through SCIM: what one user costs there is known (make
// bench), and 100,000 would take minutes on two processors. internal/idpsim
// pushes the first as an identity provider does. The other users are written
// into etcd as copies of these, in the bytes that the API server stored, with
// their own names, ids and slots. All groups, and with them all slices, are
// made by the operator. docs/scale.md has the results.
//
// Beside it, BenchmarkFilters compares requests at different sizes:
//
//	make scale USERS=100000 GROUPS=5000 MEMBERSHIPS=1000000
//	make bench-filter
package scale
