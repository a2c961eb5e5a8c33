package main

import (
	"io"
	"math"
	"path/filepath"
	"testing"

	"ngxreplay/replay/traffic"

	"github.com/spf13/pflag"
)

// A rate is that of what is sent, however far the clients that are kept or copied are from the factor.
func TestRateOfScaledClients(t *testing.T) {
	path := filepath.Join(t.TempDir(), "day.trace")
	if code, _, stderr := ngxreplay(t.Context(), "trace", "../../testdata/timed.log", "-o", path); code != exitFine {
		t.Fatal(stderr)
	}
	for _, amplify := range []float64{0.01, 0.5, 2, 2.3} {
		f := scaleFlags{speed: 1, rate: 300, pace: paceTrace, amplify: amplify, loop: 2}
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		flags.Float64("rate", 300, "")
		s, err := f.settings(flags, 1)
		if err == nil {
			err = s.fit(path)
		}
		if err != nil {
			t.Fatal(err)
		}
		if far := amplify == 0.01; far != (len(s.notes) > 0) { // one client sends more than that
			t.Errorf("amplify %v: %q", amplify, s.notes)
		}
		source, err := s.open(path)
		if err != nil {
			t.Fatal(err)
		}
		span := source.Span()
		batch := make([]traffic.Request, 512)
		for err == nil {
			_, err = source.Read(batch)
		}
		n := source.Counts().Requests()
		if closeErr := source.Close(); err != io.EOF || closeErr != nil {
			t.Fatal(err, closeErr)
		}
		if rate := float64(n) / s.plan.Due(span, n-1).Seconds(); math.Abs(rate-300) > 1e-3 {
			t.Errorf("amplify %v: %d requests at %v a second", amplify, n, rate)
		}
	}
}
