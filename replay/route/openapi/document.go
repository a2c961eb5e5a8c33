package openapi

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxDocument bounds a file of a description, in bytes.
const maxDocument = 32 << 20

// load reads a description, YAML or JSON, and resolves its references.
func load(name string) (*openapi3.T, error) {
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	base := filepath.Base(name)
	data, err := readFile(root, base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	loader := openapi3.NewLoader()
	loader.IncludeOrigin = true
	loader.ReadFromURIFunc = func(_ *openapi3.Loader, location *url.URL) ([]byte, error) { return readReference(root, location) }
	doc, err := loader.LoadFromDataWithPath(data, &url.URL{Path: base})
	if version := swaggerVersion(data); version != "" && (err != nil || doc.OpenAPI == "") {
		return nil, fmt.Errorf("%s: Swagger %s: want OpenAPI 3; converters such as swagger2openapi make one of it", name, version)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: not an OpenAPI 3 description: %w", name, err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.") {
		return nil, fmt.Errorf("%s: openapi version %q: want a description that says openapi: 3.x", name, doc.OpenAPI)
	}
	return doc, nil
}

// readReference reads a file that a description refers to.
func readReference(root *os.Root, location *url.URL) ([]byte, error) {
	if location.Host != "" || location.Scheme != "" && location.Scheme != "file" {
		return nil, fmt.Errorf("reference %s: nothing is fetched: put a copy beside the description, or bundle it into one file", location)
	}
	data, err := readFile(root, filepath.FromSlash(location.Path))
	if err != nil {
		return nil, fmt.Errorf("reference %s: only files beside the description or below it are read: %w", location, err)
	}
	return data, nil
}

func readFile(root *os.Root, name string) (data []byte, err error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("no regular file")
	}
	if info.Size() > maxDocument {
		return nil, fmt.Errorf("larger than %d MiB", maxDocument>>20)
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxDocument))
}

// reason is a path error without the path, which is said already.
func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

var swagger = regexp.MustCompile(`(?m)^[\s{]*["']?swagger["']?\s*:\s*["']?([0-9][0-9.]*)`)

// swaggerVersion is the version of a description older than OpenAPI 3, "" of others.
func swaggerVersion(data []byte) string {
	if match := swagger.FindSubmatch(data); match != nil {
		return string(match[1])
	}
	return ""
}
