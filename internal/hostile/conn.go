package hostile

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// A Conn is the server's end of a connection, as steps see it. The embedded connection is that which they write to: a
// step can put TLS over it.
type Conn struct {
	net.Conn
	Number int // of the connection, from 0
	Served int // requests read on it
	ID     int // of the request read last

	server *Server
	in     *bufio.Reader
	unread int64 // of the body of that request
}

// noID is the id of a connection on which no request came yet, and of requests without one.
const noID = -1

// Status and Size are those of the good answer to a request: no two ids share one, and no status is any that a server
// would send otherwise.
func Status(id int) int { return 220 + id }

// Size is in bytes. See [Status].
func Size(id int) int64 { return 100 + 7*int64(id) }

// prefix is what comes before the id.
const prefix = "/r/"

// Target is the request target with an id.
func Target(id int) string { return prefix + strconv.Itoa(id) }

// expand replaces what stands in braces: {id}, {status}, {size} and {body} are those of the good answer, {connection}
// is the header line that says whether the connection stays.
func (c *Conn) expand(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	id := max(c.ID, 0)
	connection := "Connection: close\r\n"
	if c.server.keepAlive {
		connection = ""
	}
	return strings.NewReplacer(
		"{id}", strconv.Itoa(id),
		"{status}", strconv.Itoa(Status(id)),
		"{size}", strconv.FormatInt(Size(id), 10),
		"{body}", strings.Repeat("x", int(Size(id))),
		"{connection}", connection,
	).Replace(text)
}

// readHead reads the head of a request and remembers its id and how long its body is.
func (c *Conn) readHead() error {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return err
	}
	_, path, _ := strings.Cut(line, " ")
	path, _, _ = strings.Cut(path, " ")
	c.ID, c.unread = noID, 0
	if id, err := strconv.Atoi(strings.TrimPrefix(path, prefix)); err == nil {
		c.ID = id
	}
	c.Served++
	c.server.count(c.ID)
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return err
		}
		line = strings.TrimSuffix(line, "\r\n")
		if line == "" {
			return nil
		}
		if value, found := strings.CutPrefix(line, "Content-Length: "); found {
			if c.unread, err = strconv.ParseInt(value, 10, 64); err != nil {
				return fmt.Errorf("hostile server: %q: %w", line, err)
			}
		}
	}
}

// readBody reads n bytes of the body of the request, or what there is of it.
func (c *Conn) readBody(n int64) error {
	n = min(n, c.unread)
	c.unread -= n
	_, err := io.CopyN(io.Discard, c.in, n)
	return err
}
