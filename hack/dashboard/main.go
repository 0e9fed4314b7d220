// Dashboard writes the Grafana dashboard of the chart:
//
//	go run ./hack/dashboard charts/rollcall/files/dashboard.json
//
// Each row answers a question (rows.go); here is what Grafana wants around it,
// which schema.sh compares with the types that Grafana publishes.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dashboard FILE")
		os.Exit(2)
	}
	text, err := encode(dashboard())
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o644) //nolint:gosec // a manifest
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func encode(d object) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(d)
	return text.Bytes(), err
}

type (
	object = map[string]any
	list   = []any
)

// The schema of dashboards of Grafana 10.4 and later.
const schemaVersion = 39

// The height of panels, and the width of the grid.
const (
	low, high = 4, 8
	width     = 24
)

var source = object{"type": "prometheus", "uid": "${datasource}"}

func dashboard() object {
	return object{
		"uid": "rollcall", "title": "Rollcall", "tags": list{"rollcall", "scim", "kubernetes"},
		"description":   "Users and groups from identity providers, and the access that they give.",
		"schemaVersion": schemaVersion, "version": 1, "editable": true, "graphTooltip": 1,
		"time": object{"from": "now-6h", "to": "now"}, "timezone": "browser", "refresh": "1m",
		"templating": object{"list": list{
			object{"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0},
			variable("namespace", "Namespace", `label_values(rollcall_sync_info, sync)`, `/^([^\/]+)\//`, "[^/]+"),
			variable("sync", "Sync", `label_values(rollcall_sync_info{sync=~"($namespace)/.+"}, sync)`, "", ""),
		}},
		"annotations": object{"list": list{}},
		"links":       list{link("Metrics", "metrics.md"), link("Alerts", "alerts.md")},
		"panels":      panels(),
	}
}

const repository = "https://github.com/rollcall-scim/rollcall/blob/main/docs/"

func link(title, page string) object {
	return object{
		"title": title, "type": "link", "url": repository + page, "targetBlank": true, "tooltip": "", "icon": "external link",
		"tags": list{}, "asDropdown": false, "includeVars": false, "keepTime": false,
	}
}

// variable is a choice of several; all is what all of them are, empty: each.
func variable(name, label, query, regex, all string) object {
	v := object{
		"name": name, "label": label, "type": "query", "datasource": source, "definition": query,
		"query": object{"query": query, "refId": "variable"}, "regex": regex, "refresh": 2, "sort": 1,
		"multi": true, "includeAll": true, "current": object{"text": "All", "value": "$__all"}, "hide": 0,
	}
	if all != "" {
		v["allValue"] = all
	}
	return v
}

// panels lays the rows out.
func panels() list {
	var all list
	id, y := 0, 0
	place := func(p object, x, w, h int) {
		id++
		p["id"], p["gridPos"] = id, object{"x": x, "y": y, "w": w, "h": h}
		all = append(all, p)
	}
	for _, r := range rows {
		place(object{"type": "row", "title": r.question, "collapsed": false, "panels": list{}}, 0, width, 1)
		y++
		x, line := 0, 0
		for _, p := range r.panels {
			if x+p.width > width {
				x, y = 0, y+line
				line = 0
			}
			place(p.object(), x, p.width, p.height)
			x, line = x+p.width, max(line, p.height)
		}
		y += line
	}
	return all
}

// panel is one panel.
type panel struct {
	title, about  string
	kind          string // stat, timeseries or table
	width, height int
	unit          string
	queries       []query
	thresholds    []threshold // stat and table
	text          string      // what a stat shows: value, or name
}

type query struct{ expr, legend string }

type threshold struct {
	color string
	from  any // nil: the lowest
}

func (p panel) object() object {
	defaults := object{"unit": p.unit, "color": object{"mode": "thresholds"}, "noValue": "–"}
	var options object
	steps := list{object{"color": "text", "value": nil}}
	if p.thresholds != nil {
		steps = nil
		for _, t := range p.thresholds {
			steps = append(steps, object{"color": t.color, "value": t.from})
		}
	}
	defaults["thresholds"] = object{"mode": "absolute", "steps": steps}
	switch p.kind {
	case "stat":
		options = object{
			"reduceOptions": object{"calcs": list{"lastNotNull"}, "fields": "", "values": false},
			"colorMode":     "value", "graphMode": "none", "textMode": p.text, "orientation": "auto", "justifyMode": "auto", "wideLayout": true,
		}
	case "timeseries":
		defaults["color"] = object{"mode": "palette-classic"}
		defaults["custom"] = object{
			"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "spanNulls": false, "axisSoftMin": 0,
			"stacking": object{"mode": "none", "group": "A"},
		}
		options = object{
			"legend":  object{"displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": list{"lastNotNull", "max"}},
			"tooltip": object{"mode": "multi", "sort": "desc"},
		}
	case "table":
		defaults["custom"] = object{"align": "auto", "cellOptions": object{"type": "color-text"}}
		options = object{"showHeader": true, "cellHeight": "sm", "sortBy": list{object{"displayName": "Value", "desc": false}}}
	}
	o := object{
		"type": p.kind, "title": p.title, "description": p.about, "datasource": source,
		"fieldConfig": object{"defaults": defaults, "overrides": list{}}, "options": options, "targets": p.targets(),
	}
	if p.kind == "table" {
		o["transformations"] = list{object{"id": "organize", "options": object{"excludeByName": object{"Time": true}}}}
	}
	return o
}

func (p panel) targets() list {
	var targets list
	for i, q := range p.queries {
		t := object{"refId": string(rune('A' + i)), "datasource": source, "expr": q.expr, "legendFormat": q.legend, "editorMode": "code", "range": true, "instant": false}
		if p.kind != "timeseries" {
			t["range"], t["instant"] = false, true
		}
		if p.kind == "table" {
			t["format"] = "table"
		}
		targets = append(targets, t)
	}
	return targets
}
