package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// A Reading reads one answer after another from bytes that come in any pieces. It does not wait and keeps nothing of a
// body; of a head or a line it keeps what there is until the rest comes. The zero value is ready for Begin.
//
// What it holds of an answer (Status, BodyBytes, Close) is good until the next Begin.
type Reading struct {
	Status    int
	BodyBytes int64 // of the content so far, without chunk framing
	Close     bool  // the connection cannot be used again

	noBody  bool
	stage   stage
	left    int64 // of the body or the chunk
	maxBody int64
	interim int // answers that were passed over
	lines   int // trailers so far
	kept    []byte
	seen    int // of kept: no head ends before it

	hash    *xxhash.Digest // of the body; nil when nobody asks
	hasBody bool           // which may be empty
}

// A stage is what comes next. A chunk's end follows the chunk, and complete the body.
type stage uint8

const (
	atHead stage = iota
	atChunkSize
	inChunk
	atChunkEnd
	atTrailer
	toEnd
	inBody
	complete
)

// What a target may send before an answer counts as broken.
const (
	maxInterim  = 64 // answers with a status of 1xx before the one that counts
	maxLine     = 4 << 10
	maxTrailers = 1000
	// keepRoom is the memory that a connection holds between answers, in bytes.
	keepRoom = 4 << 10
)

var (
	// ErrProtocol says that the peer does not speak HTTP/1 as it should.
	ErrProtocol = errors.New("protocol error")
	// ErrBodyTooLarge says that a body is longer than was allowed.
	ErrBodyTooLarge = errors.New("body too large")

	errIncomplete = errors.New("the rest is not there yet")
	errNoAnswer   = fmt.Errorf("closed without an answer: %w", io.EOF)
	errCutShort   = fmt.Errorf("closed before the answer was complete: %w", io.ErrUnexpectedEOF)
	errLine       = errors.Join(ErrProtocol, errors.New("line too long"))
	errHead       = errors.Join(ErrProtocol, fmt.Errorf("header longer than %d bytes", maxHead))
	errInterim    = errors.Join(ErrProtocol, fmt.Errorf("more than %d interim answers", maxInterim))
	errTrailers   = errors.Join(ErrProtocol, errors.New("too many trailers"))
	errChunkSize  = errors.Join(ErrProtocol, errors.New("chunk without a size"))
	errChunkEnd   = errors.Join(ErrProtocol, errors.New("chunk is longer than its size"))
)

// Begin makes r ready for the next answer. noBody says that the request was a HEAD, whose answer has no body whatever
// its header announces. A body of more than maxBody bytes is an error; 0 allows any.
func (r *Reading) Begin(noBody bool, maxBody int64) {
	kept := r.kept[:0]
	if cap(kept) > keepRoom {
		kept = nil
	}
	*r = Reading{noBody: noBody, maxBody: maxBody, kept: kept, hash: r.hash}
	if r.hash != nil {
		r.hash.Reset()
	}
}

// Feed takes the bytes that came next. It returns true when the answer is complete. Bytes beyond its end set Close:
// without being asked for, they would be taken for the answer to the next request. After an error r needs a Begin.
func (r *Reading) Feed(b []byte) (done bool, err error) {
	if len(r.kept) > 0 {
		r.kept = append(r.kept, b...)
		b = r.kept
	}
	for r.stage != complete {
		n, err := r.step(b)
		if err == errIncomplete {
			return false, r.keep(b)
		}
		if err != nil {
			return false, err
		}
		if b = b[n:]; len(b) == 0 && r.stage != complete {
			r.kept = r.kept[:0]
			return false, nil
		}
	}
	r.kept = r.kept[:0]
	r.Close = r.Close || len(b) > 0
	return true, nil
}

// keep holds on to b, which may be a part of what is kept already.
func (r *Reading) keep(b []byte) error {
	r.kept = append(r.kept[:0], b...)
	switch {
	case r.stage != atHead && len(b) > maxLine:
		return errLine
	case len(b) > maxHead:
		return errHead
	}
	return nil
}

// End takes the end of the connection. It returns nil when that ends the answer as it should.
func (r *Reading) End() error {
	switch {
	case r.stage == toEnd:
		r.stage = complete
		return nil
	case r.stage == atHead && len(r.kept) == 0 && r.interim == 0:
		return errNoAnswer
	}
	return errCutShort
}

// step takes what one stage needs from b, which is not empty, and returns how much that is.
func (r *Reading) step(b []byte) (n int, err error) {
	switch r.stage {
	case atHead:
		return r.head(b)
	case inBody, inChunk:
		n = int(min(int64(len(b)), r.left))
		if r.left -= int64(n); r.left == 0 {
			r.stage++ // to complete, or to the end of the chunk
		}
		return n, r.take(b[:n])
	case toEnd:
		return len(b), r.take(b)
	default:
		return r.line(b)
	}
}

// take counts the next bytes of the body, and hashes them when asked.
func (r *Reading) take(b []byte) error {
	r.BodyBytes += int64(len(b))
	if r.hash != nil {
		_, _ = r.hash.Write(b) // it has no errors
	}
	return r.allow(r.BodyBytes)
}

// allow returns an error when a body of n bytes is too large.
func (r *Reading) allow(n int64) error {
	if r.maxBody > 0 && n > r.maxBody {
		return fmt.Errorf("%w: more than %d bytes", ErrBodyTooLarge, r.maxBody)
	}
	return nil
}

func (r *Reading) head(b []byte) (int, error) {
	h, n, usual := head{}, 0, false
	if r.seen == 0 { // the usual way: all of it in one piece
		h, n, usual = scanHead(b)
	} else if n = findHeadEnd(b, r.seen); n > 0 {
		h, n, usual = scanHead(b)
	}
	if n == 0 {
		r.seen = max(len(b)-2, 0) // LF and CR at the end of b may be the beginning of its end
		return 0, errIncomplete
	}
	r.seen = 0
	if n > maxHead {
		return 0, errHead
	}
	if !usual {
		var err error
		if h, n, err = readHead(b[:n]); err != nil {
			return 0, err
		}
	}
	if h.status < 200 && h.status != 101 {
		if r.interim++; r.interim > maxInterim {
			return 0, errInterim
		}
		return n, nil // the answer itself follows
	}
	r.Status, r.Close, r.left = h.status, h.close, h.length
	r.hasBody = HasBody(r.noBody, h.status)
	switch {
	case h.status == 101:
		r.Close, r.stage = true, complete
	case !r.hasBody || h.length == 0:
		r.stage = complete
	case h.length > 0:
		r.stage = inBody
		return n, r.allow(h.length)
	case h.length == lengthChunked:
		r.stage = atChunkSize
	default:
		r.Close, r.stage = true, toEnd
	}
	return n, nil
}

// line takes a line that belongs to the framing of chunks.
func (r *Reading) line(b []byte) (int, error) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return 0, errIncomplete
	}
	if end > maxLine {
		return 0, errLine
	}
	line := bytes.TrimSuffix(b[:end], []byte("\r"))
	switch r.stage {
	case atChunkSize:
		size, err := chunkSize(line)
		if err != nil {
			return 0, err
		}
		r.left, r.stage = size, inChunk
		if size == 0 {
			r.stage = atTrailer
		} else if err := r.allow(r.BodyBytes + size); err != nil {
			return 0, err
		}
	case atChunkEnd:
		if len(line) != 0 {
			return 0, errChunkEnd
		}
		r.stage = atChunkSize
	case atTrailer:
		if r.lines++; r.lines > maxTrailers {
			return 0, errTrailers
		}
		if len(line) == 0 {
			r.stage = complete
		}
	}
	return end + 1, nil
}
