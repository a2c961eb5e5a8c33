package hostile

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// An HTTP2 is a server that speaks HTTP/2 without TLS, frame by frame.
type HTTP2 struct {
	Address  string
	listener net.Listener
	settings []http2.Setting
	answer   func(*Stream)
	work     sync.WaitGroup

	mu       sync.Mutex
	conns    []net.Conn
	requests int
}

// ListenHTTP2 starts a server that calls answer for each request that is complete, those of a connection one after the
// other. Close ends it.
func ListenHTTP2(answer func(*Stream), settings ...http2.Setting) (*HTTP2, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &HTTP2{Address: listener.Addr().String(), listener: listener, answer: answer, settings: settings}
	s.work.Go(func() {
		for {
			raw, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			number := len(s.conns)
			s.conns = append(s.conns, raw)
			s.mu.Unlock()
			s.work.Go(func() { s.serve(raw, number) })
		}
	})
	return s, nil
}

// Requests is how many requests came, and Connections how many connections were made.
func (s *HTTP2) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Connections is how many connections were made.
func (s *HTTP2) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Close ends the server and its connections.
func (s *HTTP2) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
}

// A Stream is a request as it came, and the way to answer it.
type Stream struct {
	ID         uint32
	Connection int // from 0
	Number     int // of the request on its connection, from 0
	Fields     []hpack.HeaderField
	Body       []byte
	Framer     *http2.Framer
	Conn       net.Conn
}

// Field is the value of a header; "" when there is none.
func (s *Stream) Field(name string) string {
	for _, f := range s.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// serve reads requests until the connection ends. A client that goes away, or that speaks something else, ends it.
func (s *HTTP2) serve(raw net.Conn, number int) {
	defer raw.Close()
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(raw, preface); err != nil || string(preface) != http2.ClientPreface {
		return
	}
	framer := http2.NewFramer(raw, raw)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if framer.WriteSettings(s.settings...) != nil {
		return
	}
	open := map[uint32]*Stream{}
	count := 0
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return
		}
		var complete *Stream
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() && framer.WriteSettingsAck() != nil {
				return
			}
		case *http2.PingFrame:
			if !f.IsAck() && framer.WritePing(true, f.Data) != nil {
				return
			}
		case *http2.MetaHeadersFrame:
			stream := &Stream{ID: f.StreamID, Connection: number, Number: count, Fields: f.Fields, Framer: framer, Conn: raw}
			count++
			open[f.StreamID] = stream
			if f.StreamEnded() {
				complete = stream
			}
		case *http2.DataFrame:
			if stream := open[f.StreamID]; stream != nil {
				stream.Body = append(stream.Body, f.Data()...)
				if f.StreamEnded() {
					complete = stream
				}
			}
		}
		if complete != nil {
			delete(open, complete.ID)
			s.mu.Lock()
			s.requests++
			s.mu.Unlock()
			s.answer(complete)
		}
	}
}

// Respond answers with a body, and with trailers after it as name, value, name ...; without a body the trailers are the
// header's.
func (s *Stream) Respond(status int, body string, trailers ...string) {
	fields := []string{":status", strconv.Itoa(status)}
	if body == "" {
		s.headers(true, append(fields, trailers...)...)
		return
	}
	s.headers(false, fields...)
	_ = s.Framer.WriteData(s.ID, len(trailers) == 0, []byte(body)) // the client may be gone
	if len(trailers) > 0 {
		s.headers(true, trailers...)
	}
}

// Begin sends the header of an answer only.
func (s *Stream) Begin(fields ...string) {
	s.headers(false, append([]string{":status", "200"}, fields...)...)
}

func (s *Stream) headers(end bool, fields ...string) {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}) // into memory
	}
	_ = s.Framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: s.ID, BlockFragment: block.Bytes(), EndStream: end, EndHeaders: true,
	}) // the client may be gone
}

// Reset breaks the request off.
func (s *Stream) Reset(code http2.ErrCode) {
	_ = s.Framer.WriteRSTStream(s.ID, code) // the client may be gone
}

// GoAway says that no request after last is taken.
func (s *Stream) GoAway(last uint32, code http2.ErrCode) {
	_ = s.Framer.WriteGoAway(last, code, nil) // the client may be gone
}
