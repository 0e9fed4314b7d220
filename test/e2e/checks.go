package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// views checks that kubectl's tables are filled.
func (e *environment) views(ctx context.Context) error {
	views := []struct {
		arguments string
		has       string
	}{
		{"get idps -A", `entra +EntraID +True +3\d\d`},
		{"get scimusers -n " + e.namespace, `@example\.com .* true +(true|false)`},
		{"get scimgroups -n " + e.namespace, `k8s-\S+ +\d+ +true`},
		{"describe idps -n " + e.namespace + " entra", `Last Request Time`},
		{"explain idps.spec.groupFilter", `case-sensitive`},
	}
	for _, view := range views {
		printed, err := e.kubectl(ctx, strings.Fields(view.arguments)...)
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimSpace(printed), "\n")
		fmt.Printf("$ kubectl %s\n%s\n... %d lines\n", view.arguments, strings.Join(lines[:min(4, len(lines))], "\n"), len(lines))
		if !regexp.MustCompile(view.has).MatchString(printed) {
			return fmt.Errorf("kubectl %s shows nothing like %q:\n%s", view.arguments, view.has, printed)
		}
	}
	return nil
}

const binding = `apiVersion: v1
kind: Namespace
metadata: {name: payments}
---
apiVersion: scim.rollcall.dev/v1alpha1
kind: GroupRoleBinding
metadata: {name: view, namespace: payments}
spec:
  groupRefs: [{syncRef: {namespace: NAMESPACE, name: entra}, displayName: "GROUP"}]
  roleRef: {kind: ClusterRole, name: view}
`

// access binds the largest group and follows one member who is removed, comes
// back, is disabled and enabled.
func (e *environment) access(ctx context.Context) error {
	c := e.client("entra")
	group, user, err := c.someMember(ctx)
	if err != nil {
		return err
	}
	manifest := strings.NewReplacer("NAMESPACE", e.namespace, "GROUP", group.name).Replace(binding)
	if err := e.apply(ctx, manifest); err != nil {
		return err
	}
	changes := []struct {
		title string
		do    func(context.Context) error
		may   bool
	}{
		{"is bound", func(context.Context) error { return nil }, true},
		{"leaves the group", func(ctx context.Context) error { return c.removeMember(ctx, group, user) }, false},
		{"joins it", func(ctx context.Context) error { return c.addMember(ctx, group, user) }, true},
		{"is disabled", func(ctx context.Context) error { return c.setActive(ctx, user, false) }, false},
		{"is enabled", func(ctx context.Context) error { return c.setActive(ctx, user, true) }, true},
	}
	for _, change := range changes {
		if err := change.do(ctx); err != nil {
			return fmt.Errorf("%s %s: %w", user.name, change.title, err)
		}
		begun := time.Now()
		if err := eventually(ctx, 20*time.Second, "access follows", e.may(user.name, change.may)); err != nil {
			return fmt.Errorf("%s %s: %w", user.name, change.title, err)
		}
		fmt.Printf("%s %s: can-i list pods in payments is %v after %d ms, kubectl's own time included\n",
			user.name, change.title, change.may, time.Since(begun).Milliseconds())
	}
	return nil
}

func (e *environment) apply(ctx context.Context, manifest string) error {
	cmd := e.command(ctx, "kubectl", "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(manifest)
	if printed, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl apply: %w: %s", err, printed)
	}
	return nil
}

// may asks the API server's authorizer.
func (e *environment) may(user string, want bool) func(context.Context) error {
	return func(ctx context.Context) error {
		printed, _ := e.kubectl(ctx, "auth", "can-i", "list", "pods", "-n", "payments", "--as", user) // no: exit status 1
		if got := strings.TrimSpace(printed); got != map[bool]string{true: "yes", false: "no"}[want] {
			return fmt.Errorf("can-i says %q", got)
		}
		return nil
	}
}

// plugin runs what an admin asks next.
func (e *environment) plugin(ctx context.Context) error {
	group, user, err := e.client("entra").someMember(ctx)
	if err != nil {
		return err
	}
	sync := e.namespace + "/entra"
	commands := []struct {
		arguments []string
		has       string
	}{
		{[]string{"status", "entra"}, `entra`},
		// People of the same name are in all three syncs.
		{[]string{"why", user.name, "--sync", sync, "--can", "list pods", "-n", "payments"}, regexp.QuoteMeta(group.name)},
		{[]string{"members", group.name, "--sync", sync}, regexp.QuoteMeta(user.name)},
		{[]string{"users", user.name, "--sync", sync}, regexp.QuoteMeta(group.name)},
		{[]string{"tokens", "list", "entra"}, `Valid`},
		{[]string{"log", "entra"}, `Disabled`},
		{[]string{"filter", "try", "entra", "--prefix", "none-"}, `\d`},
		{[]string{"test", "entra", "--insecure"}, `nothing is left of the test`},
		{[]string{"test", "entra", "--port-forward"}, `nothing is left of the test`},
	}
	for _, c := range commands {
		arguments := c.arguments
		if !strings.Contains(strings.Join(arguments, " "), "-n ") {
			arguments = append(arguments, "-n", e.namespace)
		}
		printed, err := e.show(ctx, "kubectl-rollcall", arguments...)
		if err != nil {
			return err
		}
		if !regexp.MustCompile(c.has).MatchString(printed) {
			return fmt.Errorf("kubectl rollcall %s shows nothing like %q", strings.Join(arguments, " "), c.has)
		}
	}
	return nil
}

// metrics reads those of every replica and looks for the main ones.
func (e *environment) metrics(ctx context.Context) error {
	pods, err := e.pods(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, pod := range pods {
		text, err := e.kubectl(ctx, "get", "--raw", "/api/v1/namespaces/"+e.namespace+"/pods/"+pod+":8080/proxy/metrics")
		if err != nil {
			return err
		}
		lines := 0
		for _, line := range strings.Split(text, "\n") {
			if strings.HasPrefix(line, "rollcall_") {
				name, _, _ := strings.Cut(strings.ReplaceAll(line, " ", "{"), "{")
				seen[name] = true
				lines++
			}
		}
		fmt.Printf("%s: %d series of Rollcall\n", pod, lines)
	}
	for _, name := range []string{"rollcall_build_info", "rollcall_scim_requests_total", "rollcall_users", "rollcall_groups", "rollcall_leader", "rollcall_token_valid"} {
		if !seen[name] {
			return fmt.Errorf("no replica has the metric %s", name)
		}
	}
	return nil
}

func (e *environment) pods(ctx context.Context) ([]string, error) {
	names, err := e.kubectl(ctx, "get", "pods", "-n", e.namespace, "-l", "app.kubernetes.io/name=rollcall", "-o", "jsonpath={.items[*].metadata.name}")
	if err != nil {
		return nil, err
	}
	if len(strings.Fields(names)) != 2 {
		return nil, fmt.Errorf("there are the pods %q, not two", names)
	}
	return strings.Fields(names), nil
}

var resident = regexp.MustCompile(`(?m)^process_resident_memory_bytes (\S+)$`)

// memory prints what each replica holds in memory.
func (e *environment) memory(ctx context.Context) error { return e.resident(ctx, "replica_memory") }

func (e *environment) resident(ctx context.Context, name string) error {
	pods, err := e.pods(ctx)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		text, err := e.kubectl(ctx, "get", "--raw", "/api/v1/namespaces/"+e.namespace+"/pods/"+pod+":8080/proxy/metrics")
		if err != nil {
			return err
		}
		match := resident.FindStringSubmatch(text)
		if match == nil {
			return errors.New("process_resident_memory_bytes is missing")
		}
		bytes, err := strconv.ParseFloat(match[1], 64)
		if err != nil {
			return err
		}
		fmt.Printf("E2E name=%s value=%.0f unit=MiB pod=%s\n", name, bytes/(1<<20), pod)
	}
	return nil
}

// rotate replaces the token while the identity provider is at work: first with
// the old one, then with the new one.
func (e *environment) rotate(ctx context.Context) error {
	const sync = "rotation"
	old, err := e.startLoad(ctx, sync, "okta", 30)
	if err != nil {
		return err
	}
	const name = "renewed"
	arguments := []string{"tokens", "rotate", sync, "-n", e.namespace, "--name", name, "--timeout", "2m"}
	fmt.Printf("$ kubectl-rollcall %s\n", strings.Join(arguments, " "))
	rotation := e.command(ctx, "kubectl-rollcall", arguments...)
	var printed strings.Builder
	rotation.Stdout, rotation.Stderr = &printed, &printed
	if err := rotation.Start(); err != nil {
		return err
	}
	if err := old.finish(); err != nil { // all of it with the old token
		return err
	}
	if err := eventually(ctx, patience, "the new token is there", func(ctx context.Context) error { return e.saveToken(ctx, sync, 1) }); err != nil {
		return fmt.Errorf("%w\n%s", err, printed.String())
	}
	if _, err := e.show(ctx, "idpsim", e.idpsimArguments(sync, "okta", "--phase", "test")...); err != nil {
		return err
	}
	if err := rotation.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, printed.String())
	}
	left, err := e.kubectl(ctx, "get", "idps", sync, "-n", e.namespace, "-o", "jsonpath={.spec.tokens[*].name}")
	if err != nil {
		return err
	}
	if left != name {
		return fmt.Errorf("the sync's tokens are %q, want %q alone", left, name)
	}
	return nil
}
