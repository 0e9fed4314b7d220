package scale

import (
	"fmt"
	"strings"

	"github.com/rollcall-scim/rollcall/test/figure"
)

// Line is one figure.
type Line struct {
	Name, Unit string
	Value      float64
	AtMost     float64 // the goal; 0: none
	more       []string
}

func line(name string, value float64, unit string) *Line {
	return &Line{Name: name, Value: value, Unit: unit}
}

func (l *Line) atMost(goal float64) *Line {
	l.AtMost = goal
	return l
}

// with adds what the figure is about.
func (l *Line) with(name string, value any) *Line {
	l.more = append(l.more, fmt.Sprintf("%s=%v", name, value))
	return l
}

// Met says whether the figure reaches its goal: yes, no, or - without a goal.
func (l *Line) Met() string {
	switch {
	case l.AtMost == 0:
		return "-"
	case l.Value <= l.AtMost:
		return "yes"
	}
	return "no"
}

// String is the line for programs.
func (l *Line) String() string {
	goal := "-"
	if l.AtMost != 0 {
		goal = "<=" + figure.Text(l.AtMost)
	}
	text := fmt.Sprintf("SCALE name=%s value=%s goal=%s unit=%s met=%s", l.Name, figure.Text(l.Value), goal, l.Unit, l.Met())
	return strings.Join(append([]string{text}, l.more...), " ")
}

// add keeps lines and writes them.
func (r *runner) add(lines ...*Line) {
	for _, l := range lines {
		r.lines = append(r.lines, l)
		if r.Out != nil {
			fmt.Fprintln(r.Out, l)
		}
	}
}
