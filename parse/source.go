package parse

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// PeekSize is how many bytes [Source.Peek] shows at most.
const PeekSize = 256 << 10

// Stdin is the name that stands for standard input.
const Stdin = "-"

// A Source is the bytes of one log, uncompressed.
type Source struct {
	Name        string // as given to Open
	Compression string // "gzip", "zstd", "bzip2" or "xz"; "" for a plain log

	buf     *bufio.Reader
	file    *os.File    // of a plain log, to look ahead in it; nil for others
	closers []io.Closer // the decompressor first; none for standard input
	sniffed bool
	wrapped Envelope // once sniffed
	sum     *summer  // when the raw bytes are summed
}

// Open opens a log: a file, or standard input for "-". Compression is recognised by its content, whatever the name
// is.
func Open(name string) (*Source, error) {
	return open(name, func(r io.Reader) (*Source, error) { return OpenReader(name, r) })
}

func open(name string, of func(io.Reader) (*Source, error)) (*Source, error) {
	if name == Stdin {
		return of(os.Stdin)
	}
	if err := checkFile(name); err != nil {
		return nil, err
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	s, err := of(file)
	if err != nil {
		file.Close()
		return nil, err
	}
	s.closers = append(s.closers, file)
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && s.Compression == "" {
		s.file = file
	}
	return s, nil
}

// checkFile refuses what is no file before it is opened, because opening a device can have effects. A named pipe is
// as good as a file: that is how a shell passes the output of a command.
func checkFile(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return fmt.Errorf("open log: %s is a directory: name the files in it, for example %s/*.log", name, name)
	case mode&fs.ModeSocket != 0:
		return fmt.Errorf("open log: %s is a socket: name a file", name)
	case mode&fs.ModeDevice != 0:
		return fmt.Errorf("open log: %s is a device: name a file, or - for standard input", name)
	}
	return nil
}

// OpenReader makes a source of any reader, for standard input and for tests. Close does not close r.
func OpenReader(name string, r io.Reader) (*Source, error) {
	s := &Source{Name: name, buf: bufio.NewReaderSize(r, PeekSize)}
	magic, err := s.buf.Peek(longestMagic)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	for _, c := range compressions {
		if !bytes.HasPrefix(magic, []byte(c.magic)) {
			continue
		}
		z, err := c.open(s.buf)
		if err != nil {
			return nil, fmt.Errorf("open log: %s: %w", name, c.explain(err))
		}
		s.Compression = c.name
		s.closers = append(s.closers, z)
		s.buf = bufio.NewReaderSize(&archive{compression: c, r: z}, PeekSize)
		break
	}
	s.skipNUL()
	return s, nil
}

// skipNUL passes over NUL bytes at the beginning of the log when they fill all that can be looked at: copytruncate
// leaves them by the megabyte, and they would hide the lines from detection. A shorter run is the reader's to judge.
func (s *Source) skipNUL() {
	for {
		if first, _ := s.buf.Peek(1); len(first) == 0 || first[0] != 0 {
			return // nothing is waited for that is not needed
		}
		head := s.Peek()
		if len(head) < PeekSize || len(bytes.TrimLeft(head, "\x00")) > 0 {
			return
		}
		_, _ = s.buf.Discard(len(head)) // they are buffered
	}
}

// Envelope is what the lines of the log are wrapped in, judged by its beginning. Like Peek, it waits for that.
func (s *Source) Envelope() Envelope {
	if !s.sniffed {
		s.wrapped, s.sniffed = DetectEnvelope(s.Sample()), true
	}
	return s.wrapped
}

// Read reads the log. What Peek showed comes again.
func (s *Source) Read(p []byte) (int, error) { return s.buf.Read(p) }

// Peek shows the beginning of the log without consuming it: PeekSize bytes, or all there are. It waits until it has
// them. The bytes are valid until the next Read. An error in reading shows up there again.
func (s *Source) Peek() []byte {
	b, _ := s.buf.Peek(PeekSize)
	return b
}

// sampleSize is how much of each place Sample shows.
const sampleSize = PeekSize / 4

// Sample shows whole lines from the beginning of the log, and where it is a plain file also from its middle and its
// end: a format that was changed in between shows up there. Like Peek, it consumes nothing.
func (s *Source) Sample() []byte {
	head := s.Peek()
	if s.file == nil || len(head) < PeekSize {
		return head
	}
	info, err := s.file.Stat()
	if err != nil {
		return head
	}
	out := wholeLines(bytes.Clone(head[:2*sampleSize]))
	for _, at := range []int64{info.Size() / 2, info.Size() - sampleSize} {
		part := make([]byte, sampleSize)
		n, _ := s.file.ReadAt(part, max(at, int64(len(out))))
		_, part, _ = bytes.Cut(part[:n], []byte{'\n'})
		out = append(out, wholeLines(part)...)
	}
	return out
}

// wholeLines cuts off what follows the last line feed.
func wholeLines(b []byte) []byte { return b[:bytes.LastIndexByte(b, '\n')+1] }

// Close closes the file.
func (s *Source) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	s.closers = nil
	return errors.Join(errs...)
}
