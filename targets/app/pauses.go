package app

import (
	"math"
	"runtime/metrics"

	"ngxreplay/targets/contract"

	"github.com/prometheus/client_golang/prometheus"
)

// runtimePauses is the Go runtime's histogram of stop-the-world pauses for garbage
// collection.
const runtimePauses = "/sched/pauses/total/gc:seconds"

// A pauseCollector exports the runtime's pauses with all of its buckets. The Go
// collector merges them into powers of ten, which cannot tell 1 ms from 9.
type pauseCollector struct {
	desc *prometheus.Desc
}

func newPauseCollector() *pauseCollector {
	return &pauseCollector{prometheus.NewDesc(contract.GCPauses,
		"Stop-the-world pauses for garbage collection, with the runtime's own buckets.", nil, nil)}
}

// Describe implements [prometheus.Collector].
func (c *pauseCollector) Describe(descs chan<- *prometheus.Desc) { descs <- c.desc }

// Collect implements [prometheus.Collector]. The runtime keeps no sum of pauses, so
// none is exported.
func (c *pauseCollector) Collect(out chan<- prometheus.Metric) {
	sample := []metrics.Sample{{Name: runtimePauses}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return // a runtime without it
	}
	h := sample[0].Value.Float64Histogram()
	buckets := make(map[float64]uint64)
	var count uint64
	for i, n := range h.Counts {
		count += n
		// An empty bucket before the first pause or after another says nothing.
		if upper := h.Buckets[i+1]; n > 0 && !math.IsInf(upper, 1) {
			buckets[upper] = count
		}
	}
	out <- prometheus.MustNewConstHistogram(c.desc, count, 0, buckets)
}
