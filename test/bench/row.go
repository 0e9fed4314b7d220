package bench

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/rollcall-scim/rollcall/test/figure"
)

// Row is one result.
type Row struct {
	Name, Unit string
	Value      float64
	Baseline   float64 // 0: there is none
	Ratio      float64 // of Value to Baseline; 0 without a baseline
	Low, High  float64 // of the rounds' ratios, or of their values without a baseline
	Goal       Goal
	Cost       *Cost  // of the operator; nil: not measured
	Note       string // for people
}

// Goal is what design and documentation promise.
type Goal struct {
	Of    string // "ratio" or "value"; empty: no goal
	Least bool   // at least Bound, otherwise at most
	Bound float64
}

func atLeast(ratio float64) Goal { return Goal{Of: "ratio", Least: true, Bound: ratio} }
func atMost(ratio float64) Goal  { return Goal{Of: "ratio", Bound: ratio} }
func within(value float64) Goal  { return Goal{Of: "value", Bound: value} }

// String is the goal as in ratio>=0.75.
func (g Goal) String() string {
	switch {
	case g.Of == "":
		return "-"
	case g.Least:
		return g.Of + ">=" + figure.Text(g.Bound)
	}
	return g.Of + "<=" + figure.Text(g.Bound)
}

// Met says whether a row reaches its goal: yes, no, or - without a goal.
func (r *Row) Met() string {
	if r.Goal.Of == "" {
		return "-"
	}
	figure := r.Value
	if r.Goal.Of == "ratio" {
		figure = r.Ratio
	}
	if r.Goal.Least && figure >= r.Goal.Bound || !r.Goal.Least && figure <= r.Goal.Bound {
		return "yes"
	}
	return "no"
}

// Line is the row for programs.
func (r *Row) Line() string {
	line := fmt.Sprintf("BENCH name=%s value=%s baseline=%s ratio=%s goal=%s unit=%s spread=%s met=%s",
		r.Name, figure.Text(r.Value), orNone(r.Baseline), orNone(r.Ratio), r.Goal, r.Unit, r.spread(), r.Met())
	if c := r.Cost; c != nil {
		line += fmt.Sprintf(" operator_cpu_us=%s operator_alloc_bytes=%s etcd_puts=%s etcd_bytes=%s",
			figure.Text(c.CPU), figure.Text(c.Allocated), figure.Text(c.Puts), figure.Text(c.Bytes))
	}
	return line
}

func (r *Row) spread() string { return figure.Text(r.Low) + ".." + figure.Text(r.High) }

// WriteTable writes rows for people.
func WriteTable(out io.Writer, rows []Row) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "ROW\tVALUE\tBASELINE\tUNIT\tRATIO\tSPREAD\tGOAL\tMET\tCPU µs\tALLOC kB\tETCD PUTS\tETCD BYTES\t\n")
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t", r.Name, figure.Text(r.Value), orNone(r.Baseline), r.Unit,
			orNone(r.Ratio), r.spread(), r.Goal, r.Met())
		if c := r.Cost; c != nil {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t\n", figure.Text(c.CPU), figure.Text(c.Allocated/1000), figure.Text(c.Puts), figure.Text(c.Bytes))
		} else {
			fmt.Fprintf(table, "\t\t\t\t\n")
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i := range rows {
		if rows[i].Note == "" {
			continue
		}
		if _, err := fmt.Fprintf(out, "%s: %s\n", rows[i].Name, rows[i].Note); err != nil {
			return err
		}
	}
	return nil
}

func orNone(v float64) string {
	if v == 0 {
		return "-"
	}
	return figure.Text(v)
}
