package targets

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"ngxreplay/targets/contract"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/procfs"
)

// A Meter reads what a target has used so far.
type Meter struct {
	PID     int    // 0 when the process is not ours
	Metrics string // URL of Prometheus metrics, or ""
}

// Usage is a reading of a meter. Unknown numbers are -1.
type Usage struct {
	CPU     time.Duration // user and system
	PeakRSS int64         // bytes
	pauses  *dto.Histogram
}

// Used is the difference of two readings.
type Used struct {
	CPU        time.Duration
	PeakRSS    int64
	GCPauses   int64
	GCPauseP99 time.Duration // -1 when not known
}

// Known reports whether the meter has anything to read.
func (m Meter) Known() bool { return m.PID != 0 || m.Metrics != "" }

// Read takes a reading: CPU and memory from /proc when the process is ours, the rest from its metrics.
func (m Meter) Read(ctx context.Context) (Usage, error) {
	u := Usage{CPU: -1, PeakRSS: -1}
	if m.Metrics != "" {
		families, err := scrape(ctx, m.Metrics)
		if err != nil {
			return u, err
		}
		if v, ok := gauge(families["process_cpu_seconds_total"]); ok {
			u.CPU = time.Duration(v * float64(time.Second))
		}
		if v, ok := gauge(families["process_resident_memory_bytes"]); ok {
			u.PeakRSS = int64(v)
		}
		for _, name := range []string{contract.GCPauses, goPauses} {
			if f := families[name]; f != nil && len(f.Metric) > 0 && u.pauses == nil {
				u.pauses = f.Metric[0].Histogram
			}
		}
	}
	if m.PID == 0 {
		return u, nil
	}
	return u, u.readProcess(m.PID)
}

// goPauses is the histogram of the same pauses that Prometheus' own Go collector offers, in coarse buckets.
const goPauses = "go_sched_pauses_total_gc_seconds"

func (u *Usage) readProcess(pid int) error {
	proc, err := procfs.NewProc(pid)
	if err != nil {
		return fmt.Errorf("read resources of process %d: %w", pid, err)
	}
	status, err := proc.NewStatus()
	if err != nil {
		return fmt.Errorf("read resources of process %d: %w", pid, err)
	}
	u.PeakRSS = int64(status.VmHWM)
	if u.CPU, err = threadsCPU(pid); err == nil {
		return nil
	}
	stat, err := proc.Stat() // in steps of 10 ms, where the kernel keeps no finer account
	if err != nil {
		return fmt.Errorf("read resources of process %d: %w", pid, err)
	}
	u.CPU = time.Duration(stat.CPUTime() * float64(time.Second))
	return nil
}

// threadsCPU is the CPU time of all threads that live, in nanoseconds. Threads of Go programs hardly ever end.
func threadsCPU(pid int) (time.Duration, error) {
	threads, err := procfs.AllThreads(pid)
	if err != nil {
		return 0, err
	}
	var total uint64
	for _, thread := range threads {
		stat, err := thread.Schedstat()
		if err != nil {
			return 0, err
		}
		total += stat.RunningNanoseconds
	}
	return time.Duration(total), nil
}

// maxMetrics bounds what a metrics page may be, in bytes.
const maxMetrics = 16 << 20

func scrape(ctx context.Context, url string) (map[string]*dto.MetricFamily, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	// A transport of our own: no proxy from the environment, no connection that stays open.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read metrics: %s answers %s", url, response.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(io.LimitReader(response.Body, maxMetrics))
	if err != nil {
		return nil, fmt.Errorf("read metrics of %s: %w", url, err)
	}
	return families, nil
}

func gauge(f *dto.MetricFamily) (float64, bool) {
	if f == nil || len(f.Metric) == 0 {
		return 0, false
	}
	switch m := f.Metric[0]; {
	case m.Counter != nil:
		return m.Counter.GetValue(), true
	case m.Gauge != nil:
		return m.Gauge.GetValue(), true
	case m.Untyped != nil:
		return m.Untyped.GetValue(), true
	}
	return 0, false
}

// Since is what was used between an earlier reading and u.
func (u Usage) Since(before Usage) Used {
	used := Used{CPU: -1, PeakRSS: u.PeakRSS, GCPauseP99: -1}
	if u.CPU >= 0 && before.CPU >= 0 {
		used.CPU = u.CPU - before.CPU
	}
	if u.pauses == nil {
		return used
	}
	used.GCPauses, used.GCPauseP99 = pauseP99(u.pauses, before.pauses)
	return used
}

// pauseP99 is the upper bound of the bucket that holds the 99th percentile of the pauses since before: the
// histogram of the runtime tells no more. Without any pause it is 0. Buckets may be missing where they are empty.
func pauseP99(after, before *dto.Histogram) (count int64, p99 time.Duration) {
	if after.GetSampleCount() <= before.GetSampleCount() { // none, or the target was started again
		return 0, 0
	}
	total := after.GetSampleCount() - before.GetSampleCount()
	rank := uint64(math.Ceil(0.99 * float64(total)))
	bound := 0.0
	for _, b := range after.GetBucket() {
		if math.IsInf(b.GetUpperBound(), 1) {
			break
		}
		bound = b.GetUpperBound()
		if b.GetCumulativeCount()-countUpTo(before, bound) >= rank {
			break
		}
	}
	return int64(total), time.Duration(bound * float64(time.Second))
}

// countUpTo is how many values of h lie at or below bound.
func countUpTo(h *dto.Histogram, bound float64) uint64 {
	var count uint64
	for _, b := range h.GetBucket() {
		if b.GetUpperBound() > bound {
			break
		}
		count = b.GetCumulativeCount()
	}
	return count
}
