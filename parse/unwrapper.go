package parse

// An unwrapper takes lines out of their envelopes and joins those that came in parts. Standard output and standard
// error are cut independently of each other, so each has a line of its own that waits for its end.
type unwrapper struct {
	envelope Envelope
	opener   opener
	waiting  [2]parts // of standard output, and of standard error
}

// parts of a line whose end has not come.
type parts struct {
	text []byte // at most MaxLine+1 bytes: the bound of one line holds for a joined one too
	open bool   // a part has come
	used bool   // text was handed out, and is free again
}

// next returns what is in the envelope of the line. ok is false when more of it has to come. A line in no envelope is
// its own letter: most programs write a few of these at their start.
func (u *unwrapper) next(line []byte) (l letter, why missKind, ok bool) {
	if !u.opener.open(u.envelope, line, &l) {
		return letter{line: line}, missNone, true
	}
	if !u.envelope.splits() {
		return l, missNone, true
	}
	p := &u.waiting[0]
	if l.stderr {
		p = &u.waiting[1]
	}
	if p.used {
		p.text, p.used = p.text[:0], false
	}
	if !l.part && !p.open {
		return l, missNone, true
	}
	p.text = append(p.text, l.line[:min(len(l.line), MaxLine+1-len(p.text))]...)
	p.open = l.part
	if p.open {
		return l, missNone, false
	}
	l.line, l.start = p.text, 0
	p.used = true
	if len(p.text) > MaxLine {
		why = missLong
	}
	return l, why, true
}

// rest returns a line whose end has not come when the log is over.
func (u *unwrapper) rest() (line []byte, ok bool) {
	for i := range u.waiting {
		if p := &u.waiting[i]; p.open {
			p.open, p.used = false, true
			return p.text, true
		}
	}
	return nil, false
}
