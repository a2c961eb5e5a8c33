package app

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-playground/validator/v10"
)

// Validator checks the `validate` tags of a bound value. It has the method that
// echo asks of a validator. Safe for concurrent use.
type Validator struct {
	validate *validator.Validate
}

// NewValidator builds a validator; it caches what it learns about types, so keep it.
func NewValidator() *Validator {
	return &Validator{validate: validator.New(validator.WithRequiredStructEnabled())}
}

// Validate checks a bound value.
func (v *Validator) Validate(value any) error {
	return v.validate.Struct(value)
}

// CheckJSON looks at a request before its body is bound. Frameworks differ in what
// they do with a foreign content type or an empty body; after this they agree.
// length is the Content-Length, negative when unknown.
func CheckJSON(contentType string, length int64) error {
	media, _, _ := strings.Cut(contentType, ";")
	if strings.TrimSpace(media) != MediaJSON {
		return &Error{
			Status: http.StatusUnsupportedMediaType,
			Text:   "unsupported content type: send application/json",
		}
	}
	if length == 0 {
		return notJSON()
	}
	return nil
}

// BindError turns what any framework's binder returned into one answer. The texts
// of decoders differ between frameworks, so a broken body has a single text; a
// failed validation names the first field and its rule.
func BindError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if fields, ok := errors.AsType[validator.ValidationErrors](err); ok && len(fields) > 0 {
		return invalidField(fields[0])
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return TooLarge()
	}
	return notJSON()
}

func invalidField(f validator.FieldError) *Error {
	_, field, _ := strings.Cut(strings.ToLower(f.StructNamespace()), ".")
	rule := f.Tag()
	if f.Param() != "" {
		rule += "=" + f.Param()
	}
	return &Error{
		Status: http.StatusUnprocessableEntity,
		Text:   fmt.Sprintf("invalid %s: must satisfy %s", field, rule),
	}
}

func notJSON() *Error {
	return badRequest("malformed request body: send the json object of this route")
}
