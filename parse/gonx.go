package parse

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/satyrius/gonx"
)

// Gonx returns the format read by [gonx] instead of by the compiled scanner: slower, and for lines that are as they
// should be with the same entries. It is there to compare. What gonx finds for a variable is decoded as always; where
// a value holds what ends it, gonx cuts too early, without notice.
//
// Formats that its regular expression cannot hold are refused.
//
// [gonx]: https://github.com/satyrius/gonx
func (f *Format) Gonx() (*Format, error) {
	if strings.Contains(f.text, "${") {
		return nil, errors.New("gonx does not know ${name}: write $name")
	}
	before, names, literals, err := splitVariables(f.text)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		switch {
		case name == pathArgs || literals[i] == "" && i < len(names)-1:
			return nil, fmt.Errorf("gonx cannot tell where $%s ends: put something between the variables", name)
		case slices.Contains(names[:i], name):
			return nil, fmt.Errorf("gonx takes $%s only once", name)
		case isDigit(name[0]) || before != "" && isNameByte(before[len(before)-1]):
			return nil, fmt.Errorf("gonx cannot tell where $%s begins: put a blank before it", name)
		}
		before = literals[i]
	}
	g := *f
	g.gonx = gonx.NewParser(f.text)
	return &g, nil
}

// throughGonx reads a line as gonx does: its values are put behind one another in memory of the parser, and take the
// way of all values from there.
func (p *Parser) throughGonx(line []byte, e *Entry) bool {
	entry, err := p.format.gonx.ParseString(string(line))
	if err != nil {
		p.scan.note(0, missGonx, "", 0)
		return false
	}
	if !p.keep {
		p.values = p.values[:0]
	}
	from := len(p.values)
	note := func(steps []step) {
		for i := range steps {
			value, err := entry.Field(steps[i].name)
			if err != nil {
				p.scan.spans[steps[i].span] = span{start: -1}
				continue
			}
			start := len(p.values) - from
			p.values = append(p.values, value...)
			p.scan.spans[steps[i].span] = span{start, len(p.values) - from}
		}
	}
	note(p.format.pattern.steps)
	for i := range p.format.keys {
		note(p.format.keys[i].pattern.steps)
	}
	return p.fill(p.values[from:len(p.values):len(p.values)], e)
}
