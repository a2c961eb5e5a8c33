package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"ngxreplay/parse"
	"ngxreplay/replay/anonymize"
	"ngxreplay/replay/export"
	"ngxreplay/replay/trace"

	"github.com/spf13/cobra"
)

// exportFlags say in which form a trace is given away.
type exportFlags struct {
	to, baseURL string
	anonymize   bool
	keyFile     string
}

func (f *exportFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "", "write the requests for another tool, in this `format`: "+strings.Join(export.Names(), ", "))
	flags.StringVar(&f.baseURL, "base-url", "", "scheme and host that URLs begin with in what --to writes (default "+export.DefaultBaseURL+")")
	flags.BoolVar(&f.anonymize, "anonymize", false, "replace addresses, users, cookies, tokens and e-mail addresses by pseudonyms, and bodies by filler")
	flags.StringVar(&f.keyFile, "anonymize-key", "", "anonymize with the key in this `file`: the same key gives the same pseudonyms (default: a random key)")
	_ = cmd.RegisterFlagCompletionFunc("to", cobra.FixedCompletions(export.Names(), cobra.ShellCompDirectiveNoFileComp))
}

// check refuses what contradicts itself, before anything is read.
func (f *exportFlags) check(output string, asJSON bool) error {
	if f.to == "" {
		if output == parse.Stdin {
			return errors.New("a trace is a file that is read again: name one with -o FILE")
		}
		if f.baseURL != "" {
			return errors.New("--base-url is for --to: a trace holds no URLs")
		}
		return nil
	}
	format, err := export.Find(f.to)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	if !format.HasURLs && f.baseURL != "" {
		return fmt.Errorf("--base-url: %s holds no URLs: say in that tool where to send", f.to)
	}
	if output == parse.Stdin && asJSON {
		return errors.New("--json and -o - would both write to standard output: name a file with -o FILE")
	}
	_, err = format.NewWriter(io.Discard, export.Options{BaseURL: f.baseURL})
	return err
}

// anonymizer returns what replaces identifying values, or nil when nothing is to be replaced.
func (t *terminal) anonymizer(f *exportFlags) (func(*trace.Request), error) {
	if f.keyFile != "" {
		key, err := readKey(f.keyFile)
		if err != nil {
			return nil, err
		}
		return anonymize.New(key).Request, nil
	}
	if !f.anonymize {
		return nil, nil
	}
	key := make([]byte, 2*anonymize.MinKey)
	rand.Read(key) // never fails: it ends the program instead
	fmt.Fprintln(t.err, "ngxreplay: anonymized with a random key: pseudonyms differ from run to run (--anonymize-key FILE keeps them the same)")
	return anonymize.New(key).Request, nil
}

// readKey reads a key: any bytes, without the newline that an editor leaves at their end.
func readKey(name string) ([]byte, error) {
	const longest = 1 << 16
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("anonymize key: %w", err)
	}
	key, err := io.ReadAll(io.LimitReader(file, longest+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("anonymize key: %w", err)
	}
	key = []byte(strings.TrimRight(string(key), "\r\n"))
	if len(key) < anonymize.MinKey || len(key) > longest {
		return nil, fmt.Errorf("anonymize key %s: %d bytes, want %d to %d (head -c 32 /dev/urandom | base64 makes one)", name, len(key), anonymize.MinKey, longest)
	}
	return key, nil
}

// exportTrace writes the requests in the format of another tool.
func (t *terminal) exportTrace(s *runSettings, f *exportFlags, output string, asJSON bool) (err error) {
	if output != parse.Stdin {
		if output, err = replaceable(output); err != nil {
			return usageError(err)
		}
	}
	if format, err := export.Find(f.to); err == nil && format.HasURLs && f.baseURL == "" {
		fmt.Fprintf(t.err, "ngxreplay: URLs begin with %s (--base-url names another)\n", export.DefaultBaseURL)
	}
	path, built, cleanup, err := t.obtainTrace(s)
	if err != nil {
		return inputError(err)
	}
	defer func() { err = errors.Join(err, cleanup()) }()
	var result export.Result
	write := func(w io.Writer) (err error) {
		result, err = t.copyTrace(w, path, f)
		return err
	}
	if output == parse.Stdin {
		err = write(t.out)
	} else {
		err = writeFile(output, write)
	}
	if err != nil {
		return err
	}
	if result.LeftOut > 0 {
		fmt.Fprintf(t.err, "ngxreplay: %d of %d requests do not fit the format %s and are left out; the first is %v\n",
			result.LeftOut, result.LeftOut+result.Written, f.to, result.Why)
	}
	switch {
	case asJSON:
		return json.NewEncoder(t.out).Encode(built.Info)
	case output != parse.Stdin:
		_, err = fmt.Fprintf(t.out, "%s: %d requests for %s\n", output, result.Written, f.to)
	}
	return err
}

func (t *terminal) copyTrace(w io.Writer, path string, f *exportFlags) (result export.Result, err error) {
	reader, err := trace.Open(path)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	format, err := export.Find(f.to)
	if err != nil {
		return result, err
	}
	writer, err := format.NewWriter(w, export.Options{BaseURL: f.baseURL, Info: reader.Info(), Version: version()})
	if err != nil {
		return result, err
	}
	return export.Copy(t.ctx, writer, reader)
}

// replaceable is the file that an output replaces.
func replaceable(output string) (string, error) {
	path, err := trace.Replaceable(output)
	if err != nil {
		return "", fmt.Errorf("output %s is no regular file: name another with -o", path)
	}
	return path, nil
}
