package parse

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
)

// A Sum identifies the bytes of a file as they lie there, compressed or not.
type Sum struct {
	SHA256 string // in hexadecimal
	Bytes  int64
}

// OpenSummed is Open for a log whose sum is wanted: it is computed of the bytes as they are read.
func OpenSummed(name string) (*Source, error) {
	return open(name, func(r io.Reader) (*Source, error) {
		sum := newSummer(r)
		s, err := OpenReader(name, sum)
		if err != nil {
			return nil, err
		}
		s.sum = sum
		return s, nil
	})
}

// Sum reads what is left of a log that [OpenSummed] opened, and returns the sum of all of it; the zero Sum when it was
// opened otherwise. Nobody may be reading the log.
func (s *Source) Sum() (Sum, error) {
	if s.sum == nil {
		return Sum{}, nil
	}
	sum, err := s.sum.finish()
	if err != nil {
		return Sum{}, fmt.Errorf("read %s: %w", s.Name, err)
	}
	return sum, nil
}

// SumFile is the sum of a file.
func SumFile(name string) (Sum, error) {
	file, err := os.Open(name)
	if err != nil {
		return Sum{}, err
	}
	defer file.Close() // it was only read
	return newSummer(file).finish()
}

// A summer is a reader that sums what goes through it.
type summer struct {
	r    io.Reader
	hash hash.Hash
	n    int64
}

func newSummer(r io.Reader) *summer { return &summer{r: r, hash: sha256.New()} }

func (s *summer) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.hash.Write(p[:n])
	s.n += int64(n)
	return n, err
}

func (s *summer) finish() (Sum, error) {
	rest, err := io.CopyBuffer(s.hash, s.r, make([]byte, 64<<10))
	s.n += rest
	return Sum{hex.EncodeToString(s.hash.Sum(nil)), s.n}, err
}
