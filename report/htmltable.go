package report

// An htmlTable is a table as a browser wants it: by rows, with the groups of columns above.
type htmlTable struct {
	Class   string
	Caption string
	What    string // is named by the first column
	Groups  []groupHead
	Grouped bool // any group has a name
	Columns []string
	Rows    []htmlRow
	Note    string
}

type groupHead struct {
	Name string
	Span int
}

type htmlRow struct {
	Name  cell
	Cells []cell
}

func newTable(caption, what string, names []cell, columns block) htmlTable {
	t := htmlTable{Caption: caption, What: what}
	start := 0
	for _, n := range columns.groups() {
		t.Groups = append(t.Groups, groupHead{columns[start].Group, n})
		t.Grouped = t.Grouped || columns[start].Group != ""
		start += n
	}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.Name)
	}
	for row, name := range names {
		cells := make([]cell, len(columns))
		for i := range columns {
			cells[i] = columns[i].Cells[row]
		}
		t.Rows = append(t.Rows, htmlRow{name, cells})
	}
	return t
}

func (g *grid) html(what string) *htmlTable {
	names := make([]cell, len(g.Names))
	for i, name := range g.Names {
		names[i].Text = excerpt(name, longestName)
	}
	t := newTable(g.Title, what, names, g.Block)
	t.Note = g.Note
	return &t
}

// longestName is where the name of a route is cut on a page.
const longestName = 120

// partTable shows the routes or the methods of one target; nil without any.
func partTable(caption, what string, parts []Part) *htmlTable {
	if len(parts) == 0 {
		return nil
	}
	measures := []struct {
		group, name string
		of          func(*Part) int64
	}{
		{"response ", "p50", func(p *Part) int64 { return p.Response.P50 }},
		{"response ", "p90", func(p *Part) int64 { return p.Response.P90 }},
		{"response ", "p99", func(p *Part) int64 { return p.Response.P99 }},
		{"response ", "max", func(p *Part) int64 { return p.Response.Max }},
		{"service ", "p99", func(p *Part) int64 { return p.Service.P99 }},
	}
	var all []float64
	for i := range parts {
		for _, m := range measures {
			all = append(all, parts[i].ifData(m.of(&parts[i])))
		}
	}
	u := unitFor(timeUnits, all...)
	columns := block{{Name: "responses"}, {Name: "failed"}}
	for _, m := range measures {
		columns = append(columns, column{Group: m.group + u.name, Name: m.name})
	}
	columns = append(columns, column{Name: "body"}, column{Name: "statuses"})
	names := make([]cell, len(parts))
	for row := range parts {
		p := &parts[row]
		names[row].Text = excerpt(p.Name, longestName)
		cells := []cell{{Text: count(p.Count)}, {Text: count(p.Failed)}}
		if p.Failed > 0 {
			cells[1].Tone = bad
		}
		for i := range measures {
			cells = append(cells, number(all[row*len(measures)+i], u))
		}
		cells = append(cells, cell{Text: size(p.Bytes)}, cell{Text: statuses(p.Status)})
		for i := range columns {
			columns[i].Cells = append(columns[i].Cells, cells[i])
		}
	}
	t := newTable(caption, what, names, columns)
	t.Class = "prose" // the last column is
	return &t
}

// ifData is v, or none without an answer.
func (p *Part) ifData(v int64) float64 {
	if p.Count == 0 {
		return none
	}
	return float64(v)
}

// ratios shows the comparisons; nil without any.
func ratios(run *Run) *htmlTable {
	if len(run.Comparisons) == 0 {
		return nil
	}
	metric, ratio := column{Name: "measure"}, column{Name: "ratio"}
	var names []cell
	for _, c := range run.Comparisons {
		names = append(names, cell{Text: excerpt(c.Target, longestLabel) + " / " + excerpt(c.Base, longestLabel)})
		metric.Cells = append(metric.Cells, cell{Text: printable(c.Metric)})
		ratio.Cells = append(ratio.Cells, cell{Text: digits(c.Ratio)})
	}
	t := newTable("Targets against the first", "targets", names, block{metric, ratio})
	return &t
}
