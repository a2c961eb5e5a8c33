package report

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

const gap = 2 // blanks between columns

// width is what the column takes, without the gap.
func (c *column) width() int {
	n := text.StringWidth(c.Name)
	for _, cell := range c.Cells {
		n = max(n, text.StringWidth(cell.Text))
	}
	return n
}

// groups are the runs of neighbours in b with the same group, by their length.
func (b block) groups() []int {
	var lengths []int
	for i := range b {
		if i > 0 && b[i].Group != "" && b[i].Group == b[i-1].Group {
			lengths[len(lengths)-1]++
			continue
		}
		lengths = append(lengths, 1)
	}
	return lengths
}

// widths are what the columns of b take, when the last of each group makes room for the group's name.
func (b block) widths() []int {
	widths := make([]int, len(b))
	start := 0
	for _, n := range b.groups() {
		total := gap * (n - 1)
		for i := start; i < start+n; i++ {
			widths[i] = b[i].width()
			total += widths[i]
		}
		start += n
		widths[start-1] += max(0, text.StringWidth(b[start-1].Group)-total)
	}
	return widths
}

func sum(widths []int) int {
	total := 0
	for _, n := range widths {
		total += n + gap
	}
	return total
}

// table prints rows with their names and all columns. Blocks that find no room beside the others go into a table of
// their own below.
func (p *printer) table(what string, names []cell, blocks []block) {
	header := column{Name: what, Cells: names}
	left := header.width()
	for len(blocks) > 0 {
		columns := append(block{}, blocks[0]...)
		blocks = blocks[1:]
		for len(blocks) > 0 && left+sum(columns.widths())+sum(blocks[0].widths()) <= p.Width {
			columns = append(columns, blocks[0]...)
			blocks = blocks[1:]
		}
		p.line("")
		p.columns(header, columns)
	}
}

// columns prints one table. The groups are printed above it, as go-pretty v6.8.3 divides by zero when it merges header
// cells above columns of the same width.
func (p *printer) columns(header column, columns block) {
	w := table.NewWriter()
	w.SetStyle(tableStyle())
	widths := columns.widths()
	names := table.Row{header.Name}
	configs := []table.ColumnConfig{{Number: 1, WidthMin: header.width()}}
	for i, c := range columns {
		names = append(names, c.Name)
		configs = append(configs, table.ColumnConfig{
			Number: i + 2, WidthMin: widths[i], Align: text.AlignRight, AlignHeader: text.AlignRight,
		})
	}
	w.SetColumnConfigs(configs)
	w.AppendHeader(names)
	for row := range header.Cells {
		cells := table.Row{p.paint(header.Cells[row].Text, header.Cells[row].Tone)}
		for _, c := range columns {
			cells = append(cells, p.paint(c.Cells[row].Text, c.Cells[row].Tone))
		}
		w.AppendRow(cells)
	}
	if groups := strings.TrimRight(groupLine(columns, widths), " "); groups != "" {
		p.line(strings.Repeat(" ", header.width()) + p.paint(groups, faint))
	}
	rule := strings.Repeat("─", gap) // which the padding of the last column adds to the rule below the header
	for line := range strings.SplitSeq(w.Render(), "\n") {
		p.line(strings.TrimSuffix(line, rule))
	}
}

// groupLine holds the names of the groups of columns, each ruled to the width of what it stands above.
func groupLine(columns block, widths []int) string {
	var b strings.Builder
	start := 0
	for _, n := range columns.groups() {
		name := columns[start].Group
		rest := sum(widths[start:start+n]) - gap - text.StringWidth(name)
		if n > 1 && rest >= 4 {
			name = strings.Repeat("─", (rest-2)/2) + " " + name + " " + strings.Repeat("─", (rest-1)/2)
			rest = 0
		}
		b.WriteString(strings.Repeat(" ", gap+max(0, rest)) + name)
		start += n
	}
	return b.String()
}

// tableStyle rules the header off and uses blanks for everything else.
func tableStyle() table.Style {
	s := table.StyleLight
	s.Options = table.Options{SeparateHeader: true}
	s.Format = table.FormatOptions{}
	s.Box.PaddingLeft, s.Box.PaddingRight = "", strings.Repeat(" ", gap)
	return s
}

// routes prints a grid, its names cut to what the numbers leave.
func (p *printer) routes(g *grid) {
	p.line("")
	p.line(p.paint(g.Title, strong))
	room := max(16, min(60, p.Width-sum(g.Block.widths())-gap))
	names := make([]cell, len(g.Names))
	for i, name := range g.Names {
		names[i].Text = excerpt(name, room)
	}
	p.columns(column{Name: "route", Cells: names}, g.Block)
	if g.Note != "" {
		p.line(p.paint(g.Note, faint))
	}
}
