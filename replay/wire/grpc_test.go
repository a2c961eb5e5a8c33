package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"ngxreplay/replay/trace"

	"pgregory.net/rapid"
)

// Whatever its size, a message that is made holds one field of Protocol Buffers that no server knows.
func TestAnyServerReadsTheMessage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := messageSize(rapid.OneOf(rapid.Int64Range(-5, 300), rapid.Int64Range(0, 1<<18)).Draw(t, "size"))
		message := appendUnknown([]byte("before"), size)[len("before"):]
		if int64(len(message)) != size {
			t.Fatalf("%d bytes, want %d", len(message), size)
		}
		if size == 0 {
			return
		}
		// One field, of a number that nobody has: a number, or a length and so many bytes.
		tag, n := binary.Uvarint(message)
		value, m := binary.Uvarint(message[n:])
		rest := len(message) - n - m
		if n <= 0 || m <= 0 || tag&7 != 0 && tag&7 != 2 || tag>>3 < 2047 || tag>>3 >= 1<<29 {
			t.Fatalf("field %d of type %d in %q", tag>>3, tag&7, message)
		}
		if tag&7 == 2 && value != uint64(rest) || tag&7 == 0 && rest != 0 {
			t.Fatalf("%d bytes announced, %d there", value, rest)
		}
	})
}

// A call that the log has no message of is as long as $request_length says it was.
func TestCallsAreAsLongAsLogged(t *testing.T) {
	call := trace.Request{Method: []byte("POST"), Target: []byte("/shop.Cart/Add"), RequestLength: 5000,
		Headers: []trace.Header{{Name: []byte("content-type"), Value: []byte("application/grpc+proto")}}}
	made := &Made{}
	format := Format{Host: "h", HTTP2: true, Made: made}
	sent := format.Append(nil, &call, Sending{})
	head, body, _ := bytes.Cut(sent, []byte("\r\n\r\n"))
	if len(sent) != 5000 || made.Calls.Load() != 1 || made.Filled.Load() != 1 {
		t.Errorf("%d bytes, %d calls, %d filled", len(sent), made.Calls.Load(), made.Filled.Load())
	}
	if body[0] != 0 || int(binary.BigEndian.Uint32(body[1:])) != len(body)-5 {
		t.Errorf("a message of %d bytes begins with %v", len(body)-5, body[:5])
	}
	if !strings.Contains(string(head), "\r\nTE: trailers\r\n") || !strings.Contains(string(head), fmt.Sprintf("Content-Length: %d", len(body))) {
		t.Errorf("%q", head)
	}
	format.HTTP2 = false
	if plain := format.Append(nil, &call, Sending{}); bytes.Contains(plain, []byte("TE:")) || made.Calls.Load() != 2 {
		t.Errorf("%q, %d calls", plain, made.Calls.Load())
	}
	call.Body = []byte("\x00\x00\x00\x00\x01a")
	format.HTTP2 = true
	if logged := format.Append(nil, &call, Sending{}); !bytes.HasSuffix(logged, append([]byte("\r\n\r\n"), call.Body...)) {
		t.Errorf("%q", logged)
	}
}

func TestWhatIsACall(t *testing.T) {
	for _, test := range []struct {
		method, contentType, agent string
		want                       bool
	}{
		{"POST", "application/grpc", "", true},
		{"POST", "Application/gRPC+json", "", true},
		{"POST", "application/grpc-web+proto", "", false},
		{"POST", "application/json", "grpc-go/1.70.0", false},
		{"POST", "", "shop/2.1 grpc-java-netty/1.70.0", true},
		{"POST", "", "grpc-web-javascript/0.1", false},
		{"POST", "", "curl/8", false},
		{"GET", "application/grpc", "", false},
	} {
		r := trace.Request{Method: []byte(test.method), UserAgent: []byte(test.agent)}
		if test.contentType != "" {
			r.Headers = []trace.Header{{Name: []byte("Content-Type"), Value: []byte(test.contentType)}}
		}
		if got := isGRPC(&r); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}
