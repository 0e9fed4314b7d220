package output

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Text collects lines for people.
type Text struct {
	out   io.Writer
	color bool
	wide  bool
	b     strings.Builder
}

// Text begins a text that goes to the Printer's stream.
func (p *Printer) Text() *Text { return &Text{out: p.Out, color: p.Color, wide: p.IsWide()} }

// Wide tells whether all columns are wanted.
func (t *Text) Wide() bool { return t.wide }

// Line adds one line. Its arguments are cleaned, the format is not.
func (t *Text) Line(format string, args ...any) {
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			args[i] = Clean(arg)
		case Styled:
			args[i] = t.render(arg)
		case error:
			args[i] = Clean(arg.Error())
		case fmt.Stringer:
			args[i] = Clean(arg.String())
		}
	}
	fmt.Fprintf(&t.b, format+"\n", args...)
}

// Title adds a heading, with an empty line before it unless it comes first.
func (t *Text) Title(format string, args ...any) {
	if t.b.Len() > 0 {
		t.b.WriteByte('\n')
	}
	t.Line("%s", Styled{fmt.Sprintf(format, args...), bold})
}

// Flush writes what was collected, and begins anew.
func (t *Text) Flush() error {
	_, err := io.WriteString(t.out, t.b.String())
	t.b.Reset()
	return err
}

// style is how a text stands out on a terminal.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// Styled is a text with a style, for Line and for the cells of a table.
type Styled struct {
	text  string
	style style
}

// Plain is a text without a style.
func Plain(format string, args ...any) Styled { return Styled{sprint(format, args), plain} }

// Good is what is as it should be.
func Good(format string, args ...any) Styled { return Styled{sprint(format, args), green} }

// Fair is what may need a look.
func Fair(format string, args ...any) Styled { return Styled{sprint(format, args), yellow} }

// Bad is what is wrong.
func Bad(format string, args ...any) Styled { return Styled{sprint(format, args), red} }

// Faint is what matters less than the rest.
func Faint(format string, args ...any) Styled { return Styled{sprint(format, args), dim} }

// Strong is what matters more than the rest.
func Strong(format string, args ...any) Styled { return Styled{sprint(format, args), bold} }

func sprint(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

func (t *Text) render(s Styled) string {
	text := Clean(s.text)
	if !t.color || s.style == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s.style) + "m" + text + "\x1b[0m"
}

// Clean replaces what could steer a terminal, or make text read otherwise than
// it is stored: control characters, and formatting ones such as U+202E.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
