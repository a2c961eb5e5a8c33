package app

import (
	"cmp"
	"errors"
	"mime/multipart"
	"net/http"
	"slices"
)

// UploadMemory is how much of an upload frameworks on net/http keep in memory;
// the rest goes to temporary files, which net/http removes.
const UploadMemory = 32 << 20

// UploadedFile is one file of POST /upload.
type UploadedFile struct {
	Field string `json:"field"`
	Name  string `json:"name"`
	Size  int64  `json:"size"`
}

// Uploaded is the answer of POST /upload.
type Uploaded struct {
	Files []UploadedFile `json:"files"`
}

// Upload answers POST /upload for what a framework's multipart parser returned,
// its error included. Fields come from a map, so the files are sorted.
func Upload(form *multipart.Form, err error) (Uploaded, error) {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return Uploaded{}, TooLarge()
	}
	if err != nil || form == nil || len(form.File) == 0 {
		return Uploaded{}, badRequest("malformed upload: send multipart/form-data with at least one file")
	}
	var u Uploaded
	for field, files := range form.File {
		for _, f := range files {
			u.Files = append(u.Files, UploadedFile{Field: field, Name: f.Filename, Size: f.Size})
		}
	}
	slices.SortFunc(u.Files, func(a, b UploadedFile) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Size, b.Size))
	})
	return u, nil
}
