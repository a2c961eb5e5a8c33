package app

import "strings"

// Setting is the body of PUT /api/config/:key.
type Setting struct {
	Value string `json:"value" binding:"required,max=1024" validate:"required,max=1024"`
}

// StoredSetting is the answer of PUT /api/config/:key.
type StoredSetting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Stored bool   `json:"stored"`
}

// Store answers PUT /api/config/:key. key is the path segment as sent, still
// percent-encoded; see FindUser for the slash. Nothing is kept: an answer that
// depended on earlier requests would differ between targets.
func Store(key string, s Setting) (StoredSetting, error) {
	switch {
	case strings.Contains(key, "/"):
		return StoredSetting{}, NotFound()
	case len(key) > 64 || !plain(key):
		return StoredSetting{}, badRequest("invalid config key: send 1 to 64 letters, digits, dots, dashes, tildes or underscores")
	}
	return StoredSetting{Key: key, Value: s.Value, Stored: true}, nil
}
