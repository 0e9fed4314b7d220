package connect

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// Questions asks on a terminal.
type Questions struct {
	in    *bufio.Reader
	out   io.Writer
	lines chan line
}

type line struct {
	text string
	err  error
}

// NewQuestions asks on out and reads answers from in.
func NewQuestions(in io.Reader, out io.Writer) *Questions {
	return &Questions{in: bufio.NewReader(in), out: out}
}

// Ask asks one question. An empty answer is the default. It ends with the
// context, so that Ctrl-C is not taken for an answer.
func (q *Questions) Ask(ctx context.Context, question, fallback string) (string, error) {
	if fallback == "" {
		fmt.Fprintf(q.out, "%s: ", question)
	} else {
		fmt.Fprintf(q.out, "%s [%s]: ", question, fallback)
	}
	if q.lines == nil {
		q.lines = make(chan line, 1)
	}
	go func() {
		text, err := q.in.ReadString('\n')
		q.lines <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(q.out)
		return "", context.Cause(ctx)
	case l := <-q.lines:
		text := strings.TrimSpace(l.text)
		if l.err != nil && text == "" {
			fmt.Fprintln(q.out)
			return "", fmt.Errorf("the answers ended at %q: give what is asked for by flags, with --yes", question)
		}
		if text == "" {
			return fallback, nil
		}
		return text, nil
	}
}

// List asks for a list, separated by commas; "none" is an empty one.
func (q *Questions) List(ctx context.Context, question, fallback string) ([]string, error) {
	text, err := q.Ask(ctx, question, fallback)
	if err != nil || strings.EqualFold(text, "none") {
		return nil, err
	}
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list, nil
}

// Confirm asks for a yes or no.
func (q *Questions) Confirm(ctx context.Context, question string, fallback bool) (bool, error) {
	choice := "y/N"
	if fallback {
		choice = "Y/n"
	}
	for {
		text, err := q.Ask(ctx, question+" ["+choice+"]", "")
		if err != nil {
			return false, err
		}
		switch strings.ToLower(text) {
		case "":
			return fallback, nil
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}
