package live

import (
	"bytes"
	"errors"
	"sync"

	"ngxreplay/parse"
	"ngxreplay/replay/trace"
)

// described is what a log is written in.
type described struct {
	formats []*parse.Format
	source  trace.Source
	wrapped parse.Envelope
}

// experience is what earlier logs were written in: the first line of a log after its rotation may be one that tells
// nothing.
type experience struct {
	mu     sync.Mutex
	byName map[string]described
	last   described
}

// recognise finds what a log is written in, by experience with its name or by some lines. There are no formats when
// the lines are blank.
func (x *experience) recognise(name string, sample []byte, formats trace.Formats) (described, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if known, ok := x.byName[name]; ok {
		return known, nil
	}
	source, err := parse.OpenReader(name, bytes.NewReader(sample))
	if err != nil {
		return described{}, err
	}
	d, err := describe(source, formats)
	if err := errors.Join(err, source.Close()); err != nil {
		if x.last.formats != nil {
			return x.last, nil
		}
		return d, err
	}
	if len(d.formats) > 0 {
		if x.byName == nil {
			x.byName = map[string]described{}
		}
		x.byName[name], x.last = d, d
	}
	return d, nil
}

func describe(source *parse.Source, formats trace.Formats) (d described, err error) {
	d.formats, d.source, err = formats.Describe(source)
	d.wrapped = source.Envelope()
	return d, err
}
