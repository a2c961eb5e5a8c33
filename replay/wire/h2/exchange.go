package h2

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"ngxreplay/replay/wire"

	"github.com/cespare/xxhash/v2"
)

// An Exchange is a request and what is wanted of its answer.
type Exchange struct {
	Request []byte // as [wire.Format] writes it; not to be changed any more
	MaxBody int64  // most bytes of the answer's body; 0 is any number
	Hash    bool   // the body is hashed as it passes
	// Left is called just before the first byte leaves, and Began when the answer begins; neither may be called at all.
	// They are called on other goroutines.
	Left, Began func()
}

// An Answer is what came back whole.
type Answer struct {
	Status int
	Bytes  int64 // of the body
	GRPC   GRPC
	// Hash is the XXH64 of the body, where one was asked for and the answer can have one.
	Hash   uint64
	Hashed bool
}

// Do sends a request, in the room that [Conn.Reserve] took, and reads its answer. It sends it once. When ctx ends it
// gives up, and tells the target.
func (c *Conn) Do(ctx context.Context, x Exchange) (Answer, error) {
	r, err := newRequest(x.Request, c.scheme)
	if err != nil {
		c.client.Release()
		return Answer{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var left atomic.Bool
	r = r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaderField: func(string, []string) {
			if !left.Swap(true) {
				x.Left()
			}
		},
		GotFirstResponseByte: x.Began,
	}))
	response, err := c.client.RoundTrip(r)
	if err != nil {
		return Answer{}, inBrief(c.explain(err, left.Load()))
	}
	inHeader := response.Header.Get(grpcStatusName)
	response.Header = nil // a target may send large ones for many requests, and bodies that do not end
	sink, hash := io.Discard, (*xxhash.Digest)(nil)
	if x.Hash && wire.HasBody(r.Method == http.MethodHead, response.StatusCode) {
		hash = xxhash.New()
		sink = hash
	}
	n, err := drain(sink, response, x.MaxBody)
	if err != nil {
		cancel() // before Close, which would wait
	}
	_ = response.Body.Close() // what came was read, or is not wanted
	if err != nil {
		return Answer{}, inBrief(c.explain(err, true))
	}
	a := Answer{Status: response.StatusCode, Bytes: n, GRPC: grpcStatus(r, response.Trailer, inHeader)}
	if hash != nil {
		a.Hash, a.Hashed = hash.Sum64(), true
	}
	return a, nil
}

// drain counts the body, and writes it to sink.
func drain(sink io.Writer, response *http.Response, most int64) (int64, error) {
	if most <= 0 {
		return io.Copy(sink, response.Body)
	}
	n := response.ContentLength
	if n <= most || response.Request.Method == "HEAD" {
		var err error
		n, err = io.Copy(sink, io.LimitReader(response.Body, most+1))
		if err != nil {
			return n, err
		}
	}
	if n > most && response.Request.Method != "HEAD" {
		return n, fmt.Errorf("%w: more than %d bytes", wire.ErrBodyTooLarge, most)
	}
	return n, nil
}
