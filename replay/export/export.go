package export

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"ngxreplay/replay/trace"
	"ngxreplay/replay/wire"
)

// A Writer writes requests, in order, in the format of another tool.
type Writer interface {
	// Write writes one request, which it does not keep. An [UnfitError] says that the format cannot hold this one, of
	// which nothing was written then.
	Write(r *trace.Request) error
	// Close completes what was written, and does not close what it was written to.
	Close() error
}

// An UnfitError says why a format cannot hold a request.
type UnfitError string

func (e UnfitError) Error() string { return string(e) }

// DefaultBaseURL begins the URLs where the user gives none.
const DefaultBaseURL = "http://127.0.0.1:8080"

// Options say how a trace is exported.
type Options struct {
	BaseURL string // where the other tool is to send; default DefaultBaseURL
	Info    *trace.Info
	Version string // of this program
}

// A Format is a way to write a trace.
type Format struct {
	Name string
	// HasURLs says that the base URL stands in what is written.
	HasURLs bool
	open    func(target) Writer
}

// A target is where, and for whom, a Writer writes.
type target struct {
	out     *bufio.Writer
	base    string // scheme and host, without a slash
	wire    wire.Format
	info    *trace.Info
	version string
}

// Formats are all there are, by their names' order.
func Formats() []Format {
	return []Format{
		{Name: "ammo", open: newAmmo},
		{Name: "csv", open: newCSV},
		{Name: "curl", HasURLs: true, open: newCurl},
		{Name: "goreplay", open: newGoReplay},
		{Name: "har", HasURLs: true, open: newHAR},
		{Name: "k6", HasURLs: true, open: newK6},
		{Name: "vegeta", HasURLs: true, open: newVegeta},
	}
}

// Names are the names of the formats.
func Names() []string {
	var names []string
	for _, f := range Formats() {
		names = append(names, f.Name)
	}
	return names
}

// Find returns the format of that name.
func Find(name string) (Format, error) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, fmt.Errorf("format %q: want one of %s", name, strings.Join(Names(), ", "))
}

// NewWriter returns a Writer to w.
func (f Format) NewWriter(w io.Writer, opts Options) (Writer, error) {
	base, err := url.Parse(cmp.Or(opts.BaseURL, DefaultBaseURL))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" ||
		base.User != nil || strings.Trim(base.Path, "/") != "" || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("base URL %q: want scheme and host only, as %s", opts.BaseURL, DefaultBaseURL)
	}
	return f.open(target{
		out: bufio.NewWriterSize(w, 1<<16), base: base.Scheme + "://" + base.Host,
		wire: wire.Format{Host: base.Host}, info: opts.Info, version: opts.Version,
	}), nil
}

// A Result says what became of a trace.
type Result struct {
	Written int64
	LeftOut int64
	Why     error // of the first that was left out
}

// Copy writes all that reader holds, and closes w.
func Copy(ctx context.Context, w Writer, reader *trace.Reader) (Result, error) {
	var result Result
	batch := make([]trace.Request, 512)
	for {
		if err := ctx.Err(); err != nil {
			return result, err
		}
		n, readErr := reader.Read(batch)
		for i := range batch[:n] {
			err := w.Write(&batch[i])
			var unfit UnfitError
			switch {
			case errors.As(err, &unfit):
				if result.LeftOut++; result.Why == nil {
					result.Why = fmt.Errorf("%s:%d: %w", batch[i].Source, batch[i].Line, err)
				}
			case err != nil:
				return result, err
			default:
				result.Written++
			}
		}
		if readErr == io.EOF {
			return result, w.Close()
		}
		if readErr != nil {
			return result, readErr
		}
	}
}
