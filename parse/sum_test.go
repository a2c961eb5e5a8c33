package parse

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// The sum is that of the file's own bytes, compressed or not, read to the end or not.
func TestSum(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, strings.Repeat("a line\n", 100_000))
	z.Close()
	for name, content := range map[string][]byte{
		"empty": nil, "plain": bytes.Repeat([]byte("a line\n"), 100_000), "packed": packed.Bytes(), "cut off": packed.Bytes()[:packed.Len()/2],
	} {
		path := filepath.Join(t.TempDir(), "a.log")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256(content)
		want := Sum{hex.EncodeToString(hash[:]), int64(len(content))}
		for _, read := range []int64{0, 100, 1 << 30} {
			s, err := OpenSummed(path)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.CopyN(io.Discard, s, read) // may be cut off
			if got, err := s.Sum(); err != nil || got != want {
				t.Errorf("%s, %d bytes read: %+v %v, want %+v", name, read, got, err, want)
			}
			s.Close()
		}
		if got, err := SumFile(path); err != nil || got != want {
			t.Errorf("%s: %+v %v, want %+v", name, got, err, want)
		}
	}
	s, err := OpenReader("x", strings.NewReader("a line\n"))
	if got, sumErr := s.Sum(); err != nil || sumErr != nil || got != (Sum{}) {
		t.Errorf("nobody asked for %+v, %v", got, sumErr)
	}
}
