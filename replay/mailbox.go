package replay

import "sync"

// A note is what a goroutine has to tell the loop about a connection: it was opened, it could not be, bytes came,
// or it broke.
type note struct {
	conn *conn
	link link   // of a connection that was opened
	b    []byte // came on link; good until the link is told to go on
	err  error
	// wrote: err is of writing, and nothing of the request left.
	wrote bool
	// Of HTTP/2, where a note without either says that an answer began:
	trunk   *trunk   // was opened
	passage *passage // came to its end
}

// A mailbox holds notes for the loop, and wakes it.
type mailbox struct {
	mu     sync.Mutex
	notes  []note
	wakeUp func() // nil when the loop has ended
}

// post leaves a note.
func (m *mailbox) post(n note) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notes = append(m.notes, n)
	if len(m.notes) == 1 && m.wakeUp != nil {
		m.wakeUp()
	}
}

// wake wakes the loop without a note.
func (m *mailbox) wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.wakeUp != nil {
		m.wakeUp()
	}
}

// take returns the notes that were left, and uses spare for those that come.
func (m *mailbox) take(spare []note) []note {
	m.mu.Lock()
	defer m.mu.Unlock()
	notes := m.notes
	m.notes = spare[:0]
	return notes
}

// close ends waking.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wakeUp = nil
}
