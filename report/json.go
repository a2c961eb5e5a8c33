package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// WriteJSON writes run.json.
func WriteJSON(w io.Writer, run *Run) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(run)
}

// ReadJSON reads a run.json of this schema.
func ReadJSON(r io.Reader) (*Run, error) {
	var run Run
	if err := json.NewDecoder(r).Decode(&run); err != nil {
		return nil, fmt.Errorf("not a run document: %w", err)
	}
	if run.Schema != Schema {
		return nil, errors.New("schema " + fmt.Sprintf("%q", run.Schema) + ", but this ngxreplay reads " + Schema)
	}
	return &run, nil
}
