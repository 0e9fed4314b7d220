// Package output writes what a command found: as aligned text for people, or
// as JSON or YAML of a documented shape for programs.
//
// Names in the text come from an identity provider, and a terminal obeys what
// is written to it: every value is stripped of control and formatting
// characters on its way out.
package output

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// The formats of --output.
const (
	Table = ""
	Wide  = "wide"
	JSON  = "json"
	YAML  = "yaml"
)

// Formats are those that people may ask for.
var Formats = []string{Wide, JSON, YAML}

// Printer writes to a stream in one format.
type Printer struct {
	Out    io.Writer
	Format string
	Color  bool
}

// New makes a Printer. Text is in colors only on a terminal, and not when
// NO_COLOR is set (no-color.org) or TERM is dumb.
func New(out io.Writer, format string) (*Printer, error) {
	if format != Table && !slices.Contains(Formats, format) {
		return nil, fmt.Errorf("unknown output format %q: choose one of %s", format, strings.Join(Formats, ", "))
	}
	return &Printer{Out: out, Format: format, Color: colorful(out)}, nil
}

func colorful(out io.Writer) bool {
	return IsTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// IsTerminal tells whether a stream is one that a person looks at.
func IsTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// IsStructured tells whether the output is for programs.
func (p *Printer) IsStructured() bool { return p.Format == JSON || p.Format == YAML }

// IsWide tells whether all columns are wanted.
func (p *Printer) IsWide() bool { return p.Format == Wide }

// Print writes value for programs, or what text writes for people.
func (p *Printer) Print(value any, text func(*Text)) error {
	switch p.Format {
	case JSON:
		encoder := json.NewEncoder(p.Out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(value)
	case YAML:
		document, err := yaml.Marshal(value)
		if err != nil {
			return err
		}
		_, err = p.Out.Write(document)
		return err
	}
	t := p.Text()
	text(t)
	return t.Flush()
}
