// Package bench measures the operator against what it is made of: bare
// client-go on the same API server, and a bare net/http handler.
//
// Machines differ and are noisy, so every figure is compared with a baseline
// that is measured in turns with it: A B, B A, A B … Each pair gives a ratio;
// the median of all is the result, the least and the greatest its spread.
//
// The operator is a process of its own: its memory, its garbage collector and
// its processor time are then not the client's, and it can be stopped
// (SIGSTOP) while a baseline runs, which would otherwise have to feed its
// watches. It has the rights of config/rbac; the baselines on users and groups
// use the same credentials. docs/performance.md says what each row means.
package bench
