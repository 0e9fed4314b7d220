// Command kubectl-rollcall is a kubectl plugin: kubectl rollcall.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/rollcall-scim/rollcall/internal/plugin"
)

// version is set when the program is built: -ldflags "-X main.version=v1.2.3".
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()
	cmd := plugin.New(genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}, version)
	cmd.SetArgs(arguments(os.Args))
	err := cmd.ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	if message := plugin.Message(err); message != "" {
		fmt.Fprintln(os.Stderr, "error:", message)
	}
	os.Exit(1)
}

// completer is the program that kubectl asks to complete `kubectl rollcall`: a
// link of this name to this program does.
const completer = "kubectl_complete-rollcall"

// arguments gives those of the command.
func arguments(argv []string) []string {
	if strings.TrimSuffix(filepath.Base(argv[0]), ".exe") == completer {
		return append([]string{"__complete"}, argv[1:]...)
	}
	return argv[1:]
}
