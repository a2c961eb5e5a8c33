package report

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A hdrWriter writes histograms as base64 of the HdrHistogram V2 compressed encoding, which the tools of that family read.
// The library's own EncodeV2 makes a compressor of 1 MB for each histogram; a report of a hundred routes has four hundred.
type hdrWriter struct {
	payload    []byte
	compressed bytes.Buffer
	zlib       *zlib.Writer
}

// The numbers that begin an encoding and what is compressed in it.
const (
	compressedCookie = 0x1c849314
	payloadCookie    = 0x1c849313
	payloadHeader    = 40 // bytes
)

func (w *hdrWriter) encode(h *hdrhistogram.Histogram) (string, error) {
	w.fill(h.Export())
	w.compressed.Reset()
	w.compressed.Write(make([]byte, 8)) // cookie and length, which is not known yet
	if w.zlib == nil {
		w.zlib = zlib.NewWriter(&w.compressed)
	} else {
		w.zlib.Reset(&w.compressed)
	}
	if _, err := w.zlib.Write(w.payload); err != nil {
		return "", fmt.Errorf("encode histogram: %w", err)
	}
	if err := w.zlib.Close(); err != nil {
		return "", fmt.Errorf("encode histogram: %w", err)
	}
	all := w.compressed.Bytes()
	binary.BigEndian.PutUint32(all, compressedCookie)
	binary.BigEndian.PutUint32(all[4:], uint32(len(all)-8))
	return base64.StdEncoding.EncodeToString(all), nil
}

// fill writes the counts up to the last that is not 0, as zigzag LEB128: a negative one is that many zeros. No
// count is so large that it takes the ninth byte, where this encoding differs from Go's.
func (w *hdrWriter) fill(h *hdrhistogram.Snapshot) {
	b := append(w.payload[:0], make([]byte, payloadHeader)...)
	for zeros, i := int64(0), 0; i < len(h.Counts); i++ {
		if h.Counts[i] == 0 {
			zeros++
			continue
		}
		switch {
		case zeros == 1:
			b = binary.AppendVarint(b, 0)
		case zeros > 1:
			b = binary.AppendVarint(b, -zeros)
		}
		zeros = 0
		b = binary.AppendVarint(b, h.Counts[i])
	}
	if len(b) == payloadHeader {
		b = binary.AppendVarint(b, 0) // as the library writes an empty one
	}
	order := binary.BigEndian
	order.PutUint32(b, payloadCookie)
	order.PutUint32(b[4:], uint32(len(b)-payloadHeader))
	order.PutUint32(b[8:], 0) // nothing is shifted
	order.PutUint32(b[12:], uint32(h.SignificantFigures))
	order.PutUint64(b[16:], uint64(h.LowestTrackableValue))
	order.PutUint64(b[24:], uint64(h.HighestTrackableValue))
	order.PutUint64(b[32:], math.Float64bits(1))
	w.payload = b
}
