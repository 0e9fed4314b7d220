// Links checks the links of Markdown files: that what a relative link names
// exists, and that a heading has the anchor it names. It asks no other host.
//
//	go run ./hack/docs/links README.md docs
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

var (
	link    = regexp.MustCompile(`\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)`)
	heading = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
	code    = regexp.MustCompile("`[^`]*`")
	fence   = regexp.MustCompile("^\\s*(```|~~~)")
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: links FILE-OR-FOLDER...")
		os.Exit(2)
	}
	broken := 0
	for _, root := range os.Args[1:] {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".md" {
				return err
			}
			problems, err := check(path)
			for _, problem := range problems {
				fmt.Fprintln(os.Stderr, problem)
			}
			broken += len(problems)
			return err
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, "links:", err)
			os.Exit(1)
		}
	}
	if broken > 0 {
		fmt.Fprintf(os.Stderr, "%d links lead nowhere\n", broken)
		os.Exit(1)
	}
}

// check lists the links of a file that lead nowhere.
func check(path string) (problems []string, err error) {
	lines, err := prose(path)
	if err != nil {
		return nil, err
	}
	for number, line := range lines {
		for _, match := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
			if problem := follow(path, match[1]); problem != "" {
				problems = append(problems, fmt.Sprintf("%s:%d: %s: %s", path, number+1, match[1], problem))
			}
		}
	}
	return problems, nil
}

// follow says why a link leads nowhere, or nothing.
func follow(from, target string) string {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return ""
	}
	name, anchor, _ := strings.Cut(target, "#")
	to := from
	if name != "" {
		to = filepath.Join(filepath.Dir(from), name)
	}
	if _, err := os.Stat(to); err != nil {
		return "there is no such file"
	}
	if anchor == "" || filepath.Ext(to) != ".md" {
		return ""
	}
	found, err := anchors(to)
	if err != nil {
		return err.Error()
	}
	if !found[anchor] {
		return "there is no such heading"
	}
	return ""
}

// prose is a file's lines; those of code blocks are empty.
func prose(path string) ([]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(content), "\n")
	inside := false
	for i, line := range lines {
		fenced := fence.MatchString(line)
		if inside || fenced {
			lines[i] = ""
		}
		inside = inside != fenced
	}
	return lines, nil
}

// anchors are the names that GitHub gives to the headings of a file.
func anchors(path string) (map[string]bool, error) {
	lines, err := prose(path)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, line := range lines {
		match := heading.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		name := anchor(match[1])
		for n, unique := 1, name; ; n++ {
			if !found[unique] {
				found[unique] = true
				break
			}
			unique = fmt.Sprintf("%s-%d", name, n)
		}
	}
	return found, nil
}

func anchor(title string) string {
	title = link.ReplaceAllString(title, "]")
	var name strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case unicode.IsLetter(r), unicode.IsNumber(r), r == '-', r == '_':
			name.WriteRune(r)
		case r == ' ':
			name.WriteByte('-')
		}
	}
	return name.String()
}
