//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// startRecorder serves on a port of its own until the stop function, which gives the stamps.
func startRecorder(t *testing.T) (address string, stop func() []stamp) {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { read.Close() })
	r := newRecorder(int(read.Fd()), 10)
	require.NoError(t, r.open(0))
	name, err := unix.Getsockname(r.listen)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- r.serve() }()
	return fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port), func() []stamp {
		require.NoError(t, write.Close())
		require.NoError(t, <-ended)
		return r.stamps
	}
}

func TestRecorderStampsWhatArrives(t *testing.T) {
	start := now()
	before := start
	address, stop := startRecorder(t)
	for connection := range 2 {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		answers := bufio.NewReader(conn)
		answered := func(n int) {
			for range n {
				resp, err := http.ReadResponse(answers, nil)
				require.NoError(t, err)
				body, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.Len(t, body, answerBytes)
			}
		}
		_, err = fmt.Fprintf(conn, "GET /?_s=%d HTTP/1.1\r\nHost: a\r\n\r\nGET /b?_s=%d HTTP/1.1\r\nHo", connection, 10+connection) // one and a half
		require.NoError(t, err)
		answered(1)
		_, err = fmt.Fprint(conn, "st: a\r\n\r\n")
		require.NoError(t, err)
		answered(1)
		require.NoError(t, conn.Close())
	}
	stamps := stop()
	require.Len(t, stamps, 4)
	for i, want := range []stamp{{Number: 0}, {Number: 10}, {Number: 1, Connection: 1}, {Number: 11, Connection: 1}} {
		require.Greater(t, stamps[i].At, before)
		require.Less(t, stamps[i].At, now())
		before = stamps[i].At
		require.Greater(t, stamps[i].Came, start)
		require.LessOrEqual(t, stamps[i].Came, stamps[i].At+int64(time.Millisecond)) // two clocks of one system
		want.At, want.Came = stamps[i].At, stamps[i].Came
		require.Equal(t, want, stamps[i])
	}
}

func TestStampsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stamps")
	want := []stamp{{1, 2, 3, 4}, {-1, 1 << 60, 0, 0}}
	require.NoError(t, writeStamps(path, want))
	got, err := readStamps(path)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
