package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const quickStartDocument = "docs/quickstart.md"

// quickStart does what the quick start says, in one shell, as somebody would who
// copies one command after the other; each has to print what is shown there. It
// tells how long it took from `helm install` on.
func (e *environment) quickStart(ctx context.Context) (err error) {
	if e.node == nil {
		fmt.Println("left out: it loads the image into a node of its own")
		return nil
	}
	document, err := os.ReadFile(quickStartDocument)
	if err != nil {
		return err
	}
	s, err := e.openShell(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var begun time.Time
	marks := []struct{ command, name string }{
		{"helm install", "install"}, {"--phase test", "first_test_connection"}, {"kubectl wait grb", "first_role_binding"},
	}
	for _, b := range blocks(string(document)) {
		if b.load {
			if err := e.loadImage(ctx, filepath.Join("bin", "image", "rollcall.tar")); err != nil {
				return err
			}
			continue
		}
		if strings.Contains(b.commands, "helm install") {
			begun = time.Now()
		}
		printed, err := s.run(b.commands)
		if err != nil {
			return err
		}
		if b.prints != "" {
			if err := compare(b.prints, printed); err != nil {
				return fmt.Errorf("%s: after\n%s%w", quickStartDocument, b.commands, err)
			}
		}
		for _, mark := range marks {
			if strings.Contains(b.commands, mark.command) {
				fmt.Printf("E2E name=quickstart_%s value=%.1f unit=s\n", mark.name, time.Since(begun).Seconds())
			}
		}
	}
	return nil
}

// loadImage brings an image into the node, as `kind load` does.
func (e *environment) loadImage(ctx context.Context, archive string) error {
	_, err := e.show(ctx, "ctr", "--address", filepath.Join(e.folder, "node", "run", "containerd.sock"), "--namespace", "k8s.io",
		"images", "import", archive)
	return err
}

// shell is a terminal in which commands are typed.
type shell struct {
	cmd    *exec.Cmd
	input  io.WriteCloser
	output *bufio.Reader
}

// openShell starts one that ends at the first command that fails.
func (e *environment) openShell(ctx context.Context) (*shell, error) {
	cmd := e.command(ctx, "bash")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with what it runs in the background
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	_, err = io.WriteString(input, "exec 2>&1\nset -euo pipefail\n")
	return &shell{cmd: cmd, input: input, output: bufio.NewReader(output)}, err
}

// endOfOutput is printed after the commands of a block.
const endOfOutput = "\x04"

// run types commands and gives what they print.
func (s *shell) run(commands string) (string, error) {
	for _, line := range strings.Split(strings.TrimSpace(commands), "\n") {
		fmt.Println("$", line)
	}
	// In braces they are read as a whole, and cannot read what is typed next.
	if _, err := fmt.Fprintf(s.input, "{\n%s} </dev/null\nprintf '\\004\\n'\n", commands); err != nil {
		return "", err
	}
	var printed strings.Builder
	for {
		line, err := s.output.ReadString('\n')
		if before, ended := strings.CutSuffix(line, endOfOutput+"\n"); ended {
			fmt.Print(before)
			return printed.String() + before, nil
		}
		fmt.Print(line)
		printed.WriteString(line)
		if err != nil {
			return "", fmt.Errorf("these commands failed:\n%s%s", commands, printed.String())
		}
	}
}

// close ends the shell, and what still runs in it.
func (s *shell) close() error {
	err := s.input.Close()
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
	_ = s.cmd.Wait() // ended by the signal
	return err
}
