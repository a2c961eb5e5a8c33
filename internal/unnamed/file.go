// Package unnamed holds temporary files that have no name: nothing is left behind, however the program ends.
package unnamed

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// An Error is one of a file without a name. It says what the file is for, where it is, and what to do.
type Error struct {
	Purpose, Dir string
	Err          error
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s in %s: %v: free some space there, or name another directory with --spill or TMPDIR", e.Purpose, e.Dir, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// A File is an open file without a name. Its errors are *[Error], but for those of Close and io.EOF.
type File struct {
	file         *os.File
	purpose, dir string
}

// Create opens a file in dir, "" for the system's directory. The purpose is for errors: "sort on disk".
func Create(dir, purpose string) (*File, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	f := &File{purpose: purpose, dir: dir}
	var err error
	if f.file, err = os.CreateTemp(dir, "ngxreplay-*"); err != nil {
		return nil, f.explain(err)
	}
	if err := os.Remove(f.file.Name()); err != nil {
		return nil, errors.Join(f.explain(err), f.file.Close())
	}
	return f, nil
}

// explain leaves the name out, which nobody can find any more.
func (f *File) explain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &Error{f.purpose, f.dir, err}
}

func (f *File) Write(b []byte) (int, error) {
	n, err := f.file.Write(b)
	if err != nil {
		err = f.explain(err)
	}
	return n, err
}

func (f *File) WriteAt(b []byte, at int64) (int, error) {
	n, err := f.file.WriteAt(b, at)
	if err != nil {
		err = f.explain(err)
	}
	return n, err
}

// ReadAt returns io.EOF as it is.
func (f *File) ReadAt(b []byte, at int64) (int, error) {
	n, err := f.file.ReadAt(b, at)
	if err != nil && err != io.EOF {
		err = f.explain(err)
	}
	return n, err
}

// Close gives the file and its space up.
func (f *File) Close() error { return f.file.Close() }
