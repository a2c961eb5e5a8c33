package results

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"ngxreplay/internal/unnamed"
	"ngxreplay/replay"
	"ngxreplay/replay/wire"
)

// Outcomes keeps the outcomes of one replay by the numbers of their requests, in bounded memory. Add may be called by
// several goroutines; the rest is for when the replay is over.
type Outcomes struct {
	mu      sync.Mutex
	file    *unnamed.File
	blocks  [blocks]block // block b of the file is in blocks[b%blocks], if it is in memory
	end     int64         // no outcome has this number or a higher one
	counts  [replay.Dropped + 1]int64
	hashed  int64
	classes []wire.Class // by the number that stands for them, less 1
	err     error        // the first, of the file: nothing is kept after it
}

// A block is a stretch of the file in memory. Outcomes come nearly in the order of their requests, so that a few blocks
// are enough for the file to be written once.
type block struct {
	number int64 // in the file
	bytes  []byte
	dirty  bool
}

const (
	blocks    = 64
	blockSize = 256 // outcomes
)

// NewOutcomes opens a file in dir, "" for the system's directory, without leaving a name behind.
func NewOutcomes(dir string) (*Outcomes, error) {
	file, err := unnamed.Create(dir, "keep outcomes on disk")
	if err != nil {
		return nil, err
	}
	return &Outcomes{file: file}, nil
}

// Add keeps an outcome. Its errors are those of Err.
func (o *Outcomes) Add(x replay.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := o.load(x.Number / blockSize)
	if b == nil {
		return
	}
	o.encode(b.bytes[x.Number%blockSize*recordSize:], &x)
	b.dirty = true
	o.end = max(o.end, x.Number+1)
	o.counts[x.Fate]++
	if x.Hashed {
		o.hashed++
	}
}

// At returns the outcome of the request of that number. It is false when it was neither sent nor dropped.
func (o *Outcomes) At(number int64) (replay.Outcome, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if number < 0 || number >= o.end {
		return replay.Outcome{}, false
	}
	b := o.load(number / blockSize)
	if b == nil {
		return replay.Outcome{}, false
	}
	return o.decode(b.bytes[number%blockSize*recordSize:], number)
}

// End is beyond the highest number of a request with an outcome.
func (o *Outcomes) End() int64 { return o.end }

// Hashed is how many bodies were hashed.
func (o *Outcomes) Hashed() int64 { return o.hashed }

// Err is the first error of the file. What was added since is lost.
func (o *Outcomes) Err() error { return o.err }

// Check compares what was kept with the ledger of the replay. A difference is a bug of this program.
func (o *Outcomes) Check(l replay.Ledger) error {
	if o.err != nil {
		return o.err
	}
	answered, failed, dropped := o.counts[replay.Answered], o.counts[replay.Failed], o.counts[replay.Dropped]
	if answered != l.Responses || failed != l.Failed || dropped != l.Dropped {
		return fmt.Errorf("results: %d answered, %d failed and %d dropped, but the ledger has %d, %d and %d: a bug of ngxreplay, please report it",
			answered, failed, dropped, l.Responses, l.Failed, l.Dropped)
	}
	return nil
}

// Close gives the file up.
func (o *Outcomes) Close() error { return o.file.Close() }

// load returns a block of the file, for which another one may have to go. It returns nil after an error.
func (o *Outcomes) load(number int64) *block {
	b := &o.blocks[number%blocks]
	if o.err == nil && (b.bytes == nil || b.number != number) {
		o.err = o.exchange(b, number)
	}
	if o.err != nil {
		return nil
	}
	return b
}

// exchange writes b and reads another block in its place.
func (o *Outcomes) exchange(b *block, number int64) error {
	if b.bytes == nil {
		b.bytes = make([]byte, blockSize*recordSize)
	}
	if b.dirty {
		if _, err := o.file.WriteAt(b.bytes, b.number*int64(len(b.bytes))); err != nil {
			return err
		}
	}
	n, err := o.file.ReadAt(b.bytes, number*int64(len(b.bytes)))
	if err != nil && err != io.EOF {
		return err
	}
	clear(b.bytes[n:])
	b.number, b.dirty = number, false
	return nil
}

// A record is: due, sent, first byte, done, bytes, hash, status, fate, class, attempts, whether it was hashed. All zero
// is none: the fate of no request is 0.
const recordSize = 6*8 + 4 + 4

func (o *Outcomes) encode(dst []byte, x *replay.Outcome) {
	for i, n := range [...]uint64{uint64(x.Due), uint64(x.Sent), uint64(x.First), uint64(x.Done), uint64(x.Bytes), x.Hash} {
		binary.LittleEndian.PutUint64(dst[8*i:], n)
	}
	binary.LittleEndian.PutUint32(dst[48:], uint32(x.Status))
	dst[52], dst[53], dst[54], dst[55] = byte(x.Fate), o.class(x.Failed), byte(min(x.Attempts, 255)), 0
	if x.Hashed {
		dst[55] = 1
	}
}

func (o *Outcomes) decode(b []byte, number int64) (x replay.Outcome, ok bool) {
	at := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	x = replay.Outcome{
		Number: number, Due: time.Duration(at(0)), Sent: time.Duration(at(1)), First: time.Duration(at(2)), Done: time.Duration(at(3)),
		Bytes: int64(at(4)), Hash: at(5), Status: int(binary.LittleEndian.Uint32(b[48:])),
		Fate: replay.Fate(b[52]), Attempts: int(b[54]), Hashed: b[55] == 1,
	}
	if c := b[53]; c > 0 {
		x.Failed = o.classes[c-1]
	}
	return x, x.Fate != 0
}

// class is the number that stands for c: 0 for none. The set is closed, and small.
func (o *Outcomes) class(c wire.Class) byte {
	if c == "" {
		return 0
	}
	i := slices.Index(o.classes, c)
	if i < 0 {
		i = len(o.classes)
		o.classes = append(o.classes, c)
	}
	return byte(i + 1)
}
