package parse

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
)

// PeekSize is how many bytes [Source.Peek] shows at most.
const PeekSize = 256 << 10

// Stdin is the name that stands for standard input.
const Stdin = "-"

// A Source is the bytes of one log, uncompressed.
type Source struct {
	Name        string // as given to Open
	Compression string // "gzip", or "" for a plain log

	buf    *bufio.Reader
	closer io.Closer // nil for standard input
}

// Open opens a log: a file, or standard input for "-". Gzip is recognised by its content, whatever the name is.
func Open(name string) (*Source, error) {
	if name == Stdin {
		return OpenReader(name, os.Stdin)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	s, err := openFile(name, file)
	if err != nil {
		file.Close()
		return nil, err
	}
	s.closer = file
	return s, nil
}

func openFile(name string, file *os.File) (*Source, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("open log: %s is a directory: name the files in it, for example %s/*.log", name, name)
	}
	return OpenReader(name, file)
}

// OpenReader makes a source of any reader, for standard input and for tests. Close does not close r.
func OpenReader(name string, r io.Reader) (*Source, error) {
	s := &Source{Name: name, buf: bufio.NewReaderSize(r, PeekSize)}
	magic, err := s.buf.Peek(len(magicXZ))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	for _, c := range unreadable {
		if bytes.HasPrefix(magic, []byte(c.magic)) {
			return nil, fmt.Errorf("open log: %s is compressed with %s: pipe it in with %s -dc %s", name, c.name, c.name, name)
		}
	}
	if bytes.HasPrefix(magic, []byte("\x1f\x8b")) {
		z, err := gzip.NewReader(s.buf)
		if err != nil {
			return nil, fmt.Errorf("open log: %s: %w", name, gzipError(err))
		}
		s.Compression = "gzip"
		s.buf = bufio.NewReaderSize(gzipReader{z}, PeekSize)
	}
	return s, nil
}

const magicXZ = "\xfd7zXZ\x00"

// unreadable are the compressions that are known but not read.
var unreadable = []struct{ magic, name string }{
	{magicXZ, "xz"},
	{"\x28\xb5\x2f\xfd", "zstd"},
	{"BZh", "bzip2"},
}

// Read reads the log. What Peek showed comes again.
func (s *Source) Read(p []byte) (int, error) { return s.buf.Read(p) }

// Peek shows the beginning of the log without consuming it: PeekSize bytes, or all there are. It waits until it has
// them. The bytes are valid until the next Read. An error in reading shows up there again.
func (s *Source) Peek() []byte {
	b, _ := s.buf.Peek(PeekSize)
	return b
}

// Close closes the file.
func (s *Source) Close() error {
	if s.closer == nil {
		return nil
	}
	return s.closer.Close()
}

// A gzipReader says what is wrong with a gzip stream, of one member or several.
type gzipReader struct{ z *gzip.Reader }

func (r gzipReader) Read(p []byte) (int, error) {
	n, err := r.z.Read(p)
	if err != nil && err != io.EOF {
		err = gzipError(err)
	}
	return n, err
}

func gzipError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return fmt.Errorf("the gzip data is cut off: %w", io.ErrUnexpectedEOF)
	case errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("bytes that are no gzip data where a gzip header should be: %w", err)
	}
	return fmt.Errorf("damaged gzip data: %w", err)
}
