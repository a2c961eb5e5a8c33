package wire

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"

	"github.com/valyala/fasthttp"
)

// A Response is what is kept of an answer.
type Response struct {
	Status    int
	BodyBytes int64 // of the content, without chunk framing
	Close     bool  // the connection cannot be used again
}

// ErrProtocol says that the peer does not speak HTTP/1 as it should.
var ErrProtocol = errors.New("protocol error")

// A Conn is a client's end of an HTTP/1 connection. Write and the read methods may be used by two goroutines at once.
type Conn struct {
	net.Conn
	in     *bufio.Reader
	header fasthttp.ResponseHeader
}

// readBuffer is what a connection holds for reading, in bytes. A longer header gets maxHeader.
const (
	readBuffer = 4 << 10
	maxHeader  = 256 << 10
)

// NewConn makes a Conn of an established connection.
func NewConn(conn net.Conn) *Conn {
	c := &Conn{Conn: conn, in: bufio.NewReaderSize(conn, readBuffer)}
	c.header.DisableNormalizing()
	return c
}

// Await blocks until the first byte of an answer is there.
func (c *Conn) Await() error {
	_, err := c.in.Peek(1)
	return err
}

// ReadResponse reads one final response. Interim ones (1xx other than 101) are passed over. noBody says that the
// request was a HEAD, whose answer has no body whatever its header announces.
func (c *Conn) ReadResponse(noBody bool) (Response, error) {
	for {
		if err := c.readHeader(); err != nil {
			return Response{}, err
		}
		if status := c.header.StatusCode(); status >= 200 || status == 101 {
			break
		}
	}
	r := Response{Status: c.header.StatusCode(), Close: c.header.ConnectionClose()}
	err := c.readBody(&r, noBody)
	// What follows a complete answer without being asked for would be taken for the answer to the next request.
	r.Close = r.Close || c.in.Buffered() > 0
	return r, err
}

func (c *Conn) readBody(r *Response, noBody bool) (err error) {
	if r.Status == 101 {
		r.Close = true
		return nil
	}
	if noBody || r.Status == 204 || r.Status == 304 {
		return nil
	}
	switch length := c.header.ContentLength(); {
	case length >= 0:
		r.BodyBytes, err = c.discard(int64(length))
	case length == -1:
		r.BodyBytes, err = c.discardChunks()
	default:
		r.BodyBytes, err = c.discardAll()
		r.Close = true
	}
	return err
}

func (c *Conn) readHeader() error {
	err := c.header.Read(c.in)
	if err != nil {
		err = c.readLongHeader(err)
	}
	return err
}

// readLongHeader reads a header that is longer than the buffer, and names errors that are the peer's. It stands apart
// so that nothing is allocated for headers that are fine.
func (c *Conn) readLongHeader(err error) error {
	var small *fasthttp.ErrSmallBuffer
	if errors.As(err, &small) && c.in.Size() < maxHeader {
		c.in = bufio.NewReaderSize(c.in, maxHeader) // reads what the small one holds first
		err = c.header.Read(c.in)
	}
	if err == nil || isConnectionError(err) {
		return err
	}
	return errors.Join(ErrProtocol, err)
}

// discardBuffers are shared by all connections: a body is read into one and forgotten.
var discardBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// discard reads and forgets n bytes. It returns how many there were before an error.
func (c *Conn) discard(n int64) (int64, error) {
	if n <= int64(c.in.Buffered()) {
		_, err := c.in.Discard(int(n))
		return n, err
	}
	buf := discardBuffers.Get().(*[32 << 10]byte)
	defer discardBuffers.Put(buf)
	var done int64
	for done < n {
		m, err := c.in.Read(buf[:min(n-done, int64(len(buf)))])
		done += int64(m)
		if err != nil {
			return done, unexpected(err)
		}
	}
	return done, nil
}

func (c *Conn) discardAll() (int64, error) {
	buf := discardBuffers.Get().(*[32 << 10]byte)
	defer discardBuffers.Put(buf)
	var done int64
	for {
		m, err := c.in.Read(buf[:])
		done += int64(m)
		if err == io.EOF {
			return done, nil
		}
		if err != nil {
			return done, err
		}
	}
}

// discardChunks reads a chunked body and its trailers.
func (c *Conn) discardChunks() (int64, error) {
	var done int64
	for {
		size, err := c.chunkSize()
		if err != nil {
			return done, err
		}
		if size == 0 {
			return done, c.discardTrailers()
		}
		n, err := c.discard(size)
		done += n
		if err != nil {
			return done, err
		}
		if line, err := c.line(); err != nil || len(line) != 0 {
			return done, errors.Join(ErrProtocol, errors.New("chunk is longer than its size"), err)
		}
	}
}

func (c *Conn) chunkSize() (int64, error) {
	line, err := c.line()
	if err != nil {
		return 0, err
	}
	digits := line
	for i, b := range line {
		if b == ';' || b == ' ' || b == '\t' {
			digits = line[:i]
			break
		}
	}
	size, err := strconv.ParseUint(string(digits), 16, 62)
	if err != nil {
		return 0, errors.Join(ErrProtocol, err)
	}
	return int64(size), nil
}

// maxTrailers bounds the lines after the last chunk.
const maxTrailers = 1000

func (c *Conn) discardTrailers() error {
	for range maxTrailers {
		if line, err := c.line(); err != nil || len(line) == 0 {
			return err
		}
	}
	return errors.Join(ErrProtocol, errors.New("too many trailers"))
}

// line reads a line without its end. It is valid until the next read.
func (c *Conn) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		return nil, errors.Join(ErrProtocol, errors.New("line too long"))
	}
	if err != nil {
		return nil, unexpected(err)
	}
	line = line[:len(line)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
