package app

import (
	"errors"
	"net/http"

	"ngxreplay/targets/contract"
)

// Error is an answer that is not a success: a status and a text for the client.
// Adapters return or write it in their framework's way; status and text are equal
// everywhere.
type Error struct {
	Status int
	Text   string
}

// Error implements error.
func (e *Error) Error() string { return e.Text }

// Body is the JSON answer of an error.
func (e *Error) Body() ErrorBody { return ErrorBody{Error: e.Text} }

// ErrorBody is the JSON shape of every error: {"error":"..."}.
type ErrorBody struct {
	Error string `json:"error"`
}

// AsError finds the answer for any error. One that is not an [Error] is ours, not
// the client's: it is answered with 500 and no detail.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return TooLarge()
	}
	return Internal()
}

// Internal is the answer to a panic.
func Internal() *Error {
	return &Error{Status: http.StatusInternalServerError, Text: "internal server error"}
}

// TooLarge is the answer to a request body above [MaxBody].
func TooLarge() *Error {
	return &Error{Status: http.StatusRequestEntityTooLarge, Text: "request body is too large: send at most 64 MiB"}
}

// NotFound is the answer to a request without an expectation that no fixed route
// serves. The routes of the table are such: they know how production answered
// only when the request says so.
func NotFound() *Error {
	return &Error{
		Status: http.StatusNotFound,
		Text:   "not found: only the fixed routes answer without the " + contract.ExpectHeader + " header",
	}
}

func badRequest(text string) *Error {
	return &Error{Status: http.StatusBadRequest, Text: text}
}
