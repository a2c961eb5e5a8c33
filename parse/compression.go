package parse

import (
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// A compression is a way in which logs are compressed. Each of them takes several archives one after another in one
// file for one log: nginx itself writes gzip so.
type compression struct {
	name  string
	magic string // what an archive begins with
	open  func(io.Reader) (io.ReadCloser, error)
}

// longestMagic is how many bytes tell any compression.
const longestMagic = len("\xfd7zXZ\x00")

var compressions = []compression{
	{"gzip", "\x1f\x8b", openGzip},
	{"zstd", "\x28\xb5\x2f\xfd", openZstd},
	{"bzip2", "BZh", func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(bzip2.NewReader(r)), nil }},
	{"xz", "\xfd7zXZ\x00", openXZ},
}

// openGzip leaves Close out: it would only tell again what Read has told.
func openGzip(r io.Reader) (io.ReadCloser, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(z), nil
}

// maxWindow bounds the memory that an archive can ask for: zstd --ultra --long=27 and xz -9e stay below it.
const maxWindow = 128 << 20

// openZstd decodes in the reading goroutine, so that nothing is left behind when a source is dropped.
func openZstd(r io.Reader) (io.ReadCloser, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return z.IOReadCloser(), nil
}

func openXZ(r io.Reader) (io.ReadCloser, error) {
	z, err := xz.NewReader(r, maxWindow)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(z), nil
}

// An archive says what is wrong with a compressed log. Its errors are final, and what was readable comes before them.
type archive struct {
	compression compression
	r           io.Reader
	err         error
}

func (a *archive) Read(p []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.r.Read(p)
	if err != nil && err != io.EOF {
		err = a.compression.explain(err)
	}
	a.err = err
	return n, err
}

// explain puts an error of the decoder in words, the same for every compression.
func (c compression) explain(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF, errors.Is(err, xz.ErrBuf):
		return fmt.Errorf("the %s data is cut off: %w", c.name, io.ErrUnexpectedEOF)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch), errors.Is(err, xz.ErrFormat):
		return fmt.Errorf("bytes that are no %s data where %s data should begin: %w", c.name, c.name, err)
	}
	return fmt.Errorf("damaged %s data: %w", c.name, err)
}
