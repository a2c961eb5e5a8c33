package app

import (
	"net/http"
	"strconv"
	"strings"

	"ngxreplay/targets/contract"
)

// MaxExpectedBytes bounds the size a request may ask for: 1 TiB, far above any
// real response, far below an overflow.
const MaxExpectedBytes = 1 << 40

// Expectation is how production answered a request.
type Expectation struct {
	Status int   // 200 to 999; see ParseExpectation
	Bytes  int64 // body bytes, 0 to MaxExpectedBytes
}

// ParseExpectation reads the value of [contract.ExpectHeader]. A log also holds statuses
// that no server can send as a final answer (000, 009, 1xx); those become 200.
func ParseExpectation(value string) (Expectation, error) {
	status, size, found := strings.Cut(value, " ")
	code, codeOK := parseDigits(status, 999)
	bytes, bytesOK := parseDigits(size, MaxExpectedBytes)
	if !found || len(status) > 3 || !codeOK || !bytesOK {
		return Expectation{}, &Error{
			Status: http.StatusBadRequest,
			Text:   "malformed " + contract.ExpectHeader + ` header: send a status and a size in bytes, such as "200 512"`,
		}
	}
	if code < 200 {
		code = http.StatusOK
	}
	return Expectation{Status: int(code), Bytes: bytes}, nil
}

// String renders the value of [contract.ExpectHeader].
func (e Expectation) String() string {
	return strconv.Itoa(e.Status) + " " + strconv.FormatInt(e.Bytes, 10)
}

// Bodiless reports whether HTTP forbids a body for this status.
func (e Expectation) Bodiless() bool {
	return e.Status == http.StatusNoContent || e.Status == http.StatusNotModified
}

// parseDigits accepts decimal digits only: strconv alone would take "+5" and "-0".
func parseDigits(text string, limit int64) (int64, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n <= limit
}
