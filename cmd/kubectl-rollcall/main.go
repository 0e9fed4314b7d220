// Command kubectl-rollcall is a kubectl plugin: kubectl rollcall.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
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
	err := plugin.New(genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}, version).ExecuteContext(ctx)
	stop()
	if err == nil {
		return
	}
	if message := plugin.Message(err); message != "" {
		fmt.Fprintln(os.Stderr, "error:", message)
	}
	os.Exit(1)
}
