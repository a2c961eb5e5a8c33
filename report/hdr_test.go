package report

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"io"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is compressed is byte for byte what the library compresses, whatever was written before.
func TestHistogramsAreEncodedAsTheLibraryDoes(t *testing.T) {
	var w hdrWriter
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.IntRange(1, 4).Draw(t, "digits")
		h := hdrhistogram.New(100, 3_600_000_000_000, digits)
		for _, v := range rapid.SliceOfN(rapid.Int64Range(0, 3_600_000_000_000), 0, 50).Draw(t, "values") {
			require.NoError(t, h.RecordValues(v, rapid.SampledFrom([]int64{1, 2, 1 << 40}).Draw(t, "times")))
		}
		encoded, err := w.encode(h)
		require.NoError(t, err)
		want, err := h.EncodeV2()
		require.NoError(t, err)
		require.Equal(t, inflate(t, want), inflate(t, []byte(encoded)))
		back, err := hdrhistogram.Decode([]byte(encoded))
		require.NoError(t, err)
		require.True(t, h.Equals(back))
	})
}

// inflate returns an encoding's header, without the length of what is compressed, and that.
func inflate(t require.TestingT, encoded []byte) []byte {
	raw, err := base64.StdEncoding.DecodeString(string(encoded))
	require.NoError(t, err)
	in, err := zlib.NewReader(bytes.NewReader(raw[8:]))
	require.NoError(t, err)
	payload, err := io.ReadAll(in)
	require.NoError(t, err)
	return append(raw[:4:4], payload...)
}

func BenchmarkEncodeHistogram(b *testing.B) {
	h := hdrhistogram.New(100, 3_600_000_000_000, 2)
	for i := range int64(2000) {
		require.NoError(b, h.RecordValue(50_000+i*i))
	}
	b.Run("shared", func(b *testing.B) {
		var w hdrWriter
		b.ReportAllocs()
		for b.Loop() {
			_, err := w.encode(h)
			require.NoError(b, err)
		}
	})
	b.Run("library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := h.EncodeV2()
			require.NoError(b, err)
		}
	})
}
