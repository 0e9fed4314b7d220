// Package chaos runs replicas of cmd/rollcall on a real control plane, under load
// and behind a balancer, while everything around them fails; and then checks
// that nothing acknowledged is lost, nothing is there in part, and nobody is
// bound who should not be.
//
// The load knows what to expect: each worker has users and groups that nobody
// else changes, and parts of groups that all change; it sends one request at a
// time, and writes a token of its own with each change. What was acknowledged
// must be there. What failed, or was not answered, may be there, whole, at any
// time since it was sent (see history).
//
// Between each replica and the API server is a line, which can be slow, fail,
// lose answers, be cut, and drop packets. The check itself goes around it.
package chaos
