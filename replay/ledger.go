package replay

import (
	"errors"
	"fmt"
)

// A Ledger accounts for every request of a replay.
//
//	requests + repeated + copied = scheduled + thinned + beyond
//	scheduled = sent + dropped + abandoned
//	sent      = responses + failed
type Ledger struct {
	Requests  int64 `json:"requests"`  // in the trace
	Repeated  int64 `json:"repeated"`  // in further loops of the trace
	Copied    int64 `json:"copied"`    // of copies of clients
	Thinned   int64 `json:"thinned"`   // of clients that were left out
	Beyond    int64 `json:"beyond"`    // due after the end that --duration set
	Scheduled int64 `json:"scheduled"` // due within the replay
	Sent      int64 `json:"sent"`      // given to a connection, or to the attempt to open one
	Dropped   int64 `json:"dropped"`   // never sent, because too many were in flight
	Abandoned int64 `json:"abandoned"` // not sent, because the replay was stopped
	Responses int64 `json:"responses"` // complete answers, whatever their status
	Failed    int64 `json:"failed"`    // sent, but without a usable answer
}

// Check joins the equations that do not hold. Any is a bug of this program.
func (l Ledger) Check() error {
	var errs []error
	equal := func(name string, a, b int64) {
		if a != b {
			errs = append(errs, fmt.Errorf("ledger: %s: %d is not %d: a bug of ngxreplay, please report it", name, a, b))
		}
	}
	equal("requests + repeated + copied = scheduled + thinned + beyond", l.Requests+l.Repeated+l.Copied, l.Scheduled+l.Thinned+l.Beyond)
	equal("scheduled = sent + dropped + abandoned", l.Scheduled, l.Sent+l.Dropped+l.Abandoned)
	equal("sent = responses + failed", l.Sent, l.Responses+l.Failed)
	return errors.Join(errs...)
}
