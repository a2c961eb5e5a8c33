package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// manyRoutes is how many routes are shown without being asked for.
const manyRoutes = 20

// WriteHTML writes a run as one file that needs nothing else: no script, no font, no request. Whatever came from a
// log or a target is made printable here and escaped by html/template.
func WriteHTML(w io.Writer, run *Run) error {
	page, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("page template: %w", err)
	}
	if err := page.Execute(w, newPage(run)); err != nil {
		return fmt.Errorf("write html: %w", err)
	}
	return nil
}

// A page is what the template shows. All its texts are printable.
type page struct {
	CSS      template.CSS
	Title    string
	Headline []string
	Made     string
	Verdict  cell
	Reasons  []string
	Tables   []htmlTable
	Routes   *htmlTable
	Sections []section
	Targets  []targetPage
	Ratios   *htmlTable
	Sources  []source
	Facts    []facts
}

type targetPage struct {
	Name    string
	URL     string
	Trouble string
	Charts  []chart
	Facts   []fact
	Methods *htmlTable
	Routes  *htmlTable
	Errors  []failure
	Folded  bool // the routes are too many to show at once
}

type failure struct {
	Class    string
	Count    string
	Examples []string
}

type source struct {
	Name, Format string
	Facts        []fact
}

func newPage(run *Run) *page {
	p := &page{
		CSS: template.CSS(pageCSS), Headline: headline(run), Made: made(run), Title: title(run),
		Verdict: cell{printable(string(run.Verdict)), run.Verdict.tone()}, Reasons: printables(run.Reasons), Sections: sections(run),
		Ratios: ratios(run), Facts: []facts{configFacts(run), environmentFacts(run)},
	}
	if len(run.Targets) > 0 {
		blocks := comparison(run)
		p.Tables = []htmlTable{
			newTable("Answers", "target", labels(run), slices.Concat(blocks[0], blocks[1])),
			newTable("Cost and fidelity", "target", labels(run), blocks[2]),
		}
	}
	if routes := busyRoutes(run); routes != nil {
		p.Routes = routes.html("route")
	}
	a := newAxes(run)
	for i := range run.Targets {
		t := &run.Targets[i]
		p.Targets = append(p.Targets, targetPage{
			Name: t.label(), URL: excerpt(t.URL, 300), Trouble: printable(t.Trouble), Charts: a.charts(t), Facts: targetFacts(t),
			Methods: partTable("Methods", "method", t.Methods), Routes: partTable("Routes", "route", t.Routes),
			Errors: t.Errors.list(), Folded: len(t.Routes) > manyRoutes,
		})
	}
	for i := range run.Trace.Sources {
		s := &run.Trace.Sources[i]
		p.Sources = append(p.Sources, source{excerpt(s.Name, 300), excerpt(s.Format, 4000), sourceFacts(s)})
	}
	return p
}

func (e Errors) list() []failure {
	var list []failure
	for _, class := range e.classes() {
		of := failure{Class: printable(string(class)), Count: count(e.count(class))}
		if f := e[class]; f != nil {
			for _, text := range f.Examples {
				of.Examples = append(of.Examples, excerpt(text, 4*longestError))
			}
		}
		list = append(list, of)
	}
	return list
}

// statuses writes how often each status was answered.
func statuses(counts map[int]int64) string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d:%s%s", status, tie, count(counts[status])))
	}
	if len(parts) == 0 {
		return missing
	}
	return strings.Join(parts, ", ")
}
