package main

import (
	"fmt"
	"regexp"
	"strings"
)

// block is what a Markdown document has a reader type, and shows of what that
// prints.
type block struct {
	commands string
	load     bool   // it brings the image into the cluster
	prints   string // empty: nothing is said of it
}

// blocks reads the fenced blocks tagged `sh run` and `sh load`. The output of one
// is the block tagged `text` that follows before any other.
func blocks(document string) []block {
	var all []block
	last := -1
	for lines := strings.Split(document, "\n"); len(lines) > 0; lines = lines[1:] {
		tag, fenced := strings.CutPrefix(lines[0], "```")
		if !fenced {
			continue
		}
		var content []string
		for lines = lines[1:]; len(lines) > 0 && lines[0] != "```"; lines = lines[1:] {
			content = append(content, lines[0])
		}
		text := strings.Join(content, "\n") + "\n"
		switch {
		case tag == "sh run" || tag == "sh load":
			all = append(all, block{commands: text, load: tag == "sh load"})
			last = len(all) - 1
		case tag == "text" && last >= 0:
			all[last].prints = text
			last = -1
		default:
			last = -1
		}
		if len(lines) == 0 {
			break
		}
	}
	return all
}

// leftOut stands in a document for any number of lines.
const leftOut = "..."

var (
	// A word with a digit is a time, an age, a count or a random name.
	varying = regexp.MustCompile(`[\pL\d]*\d[\pL\d]*([-.:/][\pL\d]*\d[\pL\d]*)*`)
	spaces  = regexp.MustCompile(`\s+`)
	// What kubectl port-forward says behind any command, of a client that ended
	// before it had read all.
	forwarded = regexp.MustCompile(`(?m)^E\d{4} .* portforward\.go:\d+\] .*\n?`)
)

// shape is a line without what differs from run to run.
func shape(line string) string {
	return strings.TrimSpace(spaces.ReplaceAllString(varying.ReplaceAllString(line, "#"), " "))
}

// compare says which line of a document is not in what was printed.
func compare(document, printed string) error {
	got := strings.Split(strings.TrimSpace(forwarded.ReplaceAllString(printed, "")), "\n")
	anywhere := false
	for _, line := range strings.Split(strings.TrimSpace(document), "\n") {
		if line == leftOut {
			anywhere = true
			continue
		}
		for anywhere && len(got) > 0 && shape(got[0]) != shape(line) {
			got = got[1:]
		}
		if len(got) == 0 {
			return fmt.Errorf("the document shows the line %q, which was not printed", line)
		}
		if shape(got[0]) != shape(line) {
			return fmt.Errorf("the document shows the line %q, and printed was %q", line, got[0])
		}
		got, anywhere = got[1:], false
	}
	if len(got) > 0 && !anywhere {
		return fmt.Errorf("the document does not show the line %q", got[0])
	}
	return nil
}
