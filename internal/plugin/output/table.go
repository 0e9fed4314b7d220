package output

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// gap is between two columns.
const gap = "   "

// Grid is a table of cells.
type Grid struct {
	headers []string
	rows    [][]Styled
	indent  string
	widths  []int // at least, by what was written before
	goesOn  bool  // the headers were written
}

// NewGrid begins a table. A header that begins with "+" is of a column that is
// shown with --output wide only.
func NewGrid(headers ...string) *Grid { return &Grid{headers: headers} }

// Indented moves the table to the right.
func (g *Grid) Indented(indent string) *Grid {
	g.indent = indent
	return g
}

// Row adds a row of strings and Styled.
func (g *Grid) Row(cells ...any) {
	row := make([]Styled, len(cells))
	for i, cell := range cells {
		switch cell := cell.(type) {
		case Styled:
			row[i] = cell
		case string:
			row[i] = Styled{text: cell}
		}
	}
	g.rows = append(g.rows, row)
}

// Continue makes a table for further rows below this one, which was written.
func (g *Grid) Continue() *Grid {
	return &Grid{headers: g.headers, indent: g.indent, widths: g.widths, goesOn: true}
}

// Len is how many rows there are.
func (g *Grid) Len() int { return len(g.rows) }

// Grid adds a table: its columns are as wide as their widest cell.
func (t *Text) Grid(g *Grid) {
	var shown []int
	for i, header := range g.headers {
		if t.wide || !strings.HasPrefix(header, "+") {
			shown = append(shown, i)
		}
	}
	widths := make([]int, len(g.headers))
	copy(widths, g.widths)
	g.widths = widths
	for _, i := range shown {
		widths[i] = max(widths[i], columns(strings.TrimPrefix(g.headers[i], "+")))
		for _, row := range g.rows {
			widths[i] = max(widths[i], columns(Clean(row[i].text)))
		}
	}
	line := func(cell func(i int) Styled) {
		var b strings.Builder
		pad := 0
		for n, i := range shown {
			c := cell(i)
			b.WriteString(strings.Repeat(" ", pad))
			if n > 0 {
				b.WriteString(gap)
			}
			b.WriteString(t.render(c))
			pad = widths[i] - columns(Clean(c.text))
		}
		t.b.WriteString(strings.TrimRight(g.indent+b.String(), " ") + "\n")
	}
	if !g.goesOn {
		line(func(i int) Styled { return Styled{text: strings.TrimPrefix(g.headers[i], "+")} })
	}
	for _, row := range g.rows {
		line(func(i int) Styled {
			if row[i].text == "" {
				return Faint("-")
			}
			return row[i]
		})
	}
}

// columns is how wide a text is on a terminal.
func columns(text string) int {
	n := 0
	for _, r := range text {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case kind == width.EastAsianWide, kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
