package anonymize_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ngxreplay/parse"
	"ngxreplay/replay/anonymize"
	"ngxreplay/replay/trace"
)

// planted stand in every field of every request of the log below; none may be in its trace.
func planted() []string {
	return []string{"203.0.113.77", "198.51.100.4", "2001:67c:2e8::7", "alice", "s3cr3t", "hunter2", "c00kie", "corp.example", "c2lnbmF0dXJl", "p0st"}
}

func secretLog(n int) string {
	line := func(i int) string {
		entry := map[string]string{
			"msec": fmt.Sprintf("170000000%d.000", i), "remote_addr": []string{"203.0.113.77", "2001:67c:2e8::7", "::ffff:203.0.113.77"}[i%3],
			"remote_user": "alice", "status": "200", "request_body": "card=p0st",
			"request":              "POST /u/alice@corp.example/x;sid=s3cr3t?token=s3cr3t&to=%2Fy%3Fcode%3Ds3cr3t&jwt=eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl HTTP/1.1",
			"http_referer":         "https://alice:hunter2@shop.example/?email=alice%40corp.example&session=s3cr3t#access_token=s3cr3t",
			"http_user_agent":      "Mozilla/5.0 (alice@corp.example)",
			"http_x_forwarded_for": "198.51.100.4, 203.0.113.77", "http_x_real_ip": "198.51.100.4", "http_forwarded": `for="[2001:67c:2e8::7]:1";by=198.51.100.4`,
			"http_cookie": "sid=c00kie; who=alice", "http_authorization": "Bearer s3cr3t", "http_x_api_key": "s3cr3t", "http_x_unheard_of": "hunter2",
		}
		text, err := json.Marshal(entry)
		if err != nil {
			panic(err)
		}
		return string(text) + "\n"
	}
	var log strings.Builder
	for i := range n {
		log.WriteString(line(i))
	}
	return log.String()
}

const secretFormat = `{"msec":"$msec","remote_addr":"$remote_addr","remote_user":"$remote_user","status":"$status","request_body":"$request_body",` +
	`"request":"$request","http_referer":"$http_referer","http_user_agent":"$http_user_agent","http_x_forwarded_for":"$http_x_forwarded_for",` +
	`"http_x_real_ip":"$http_x_real_ip","http_forwarded":"$http_forwarded","http_cookie":"$http_cookie","http_authorization":"$http_authorization",` +
	`"http_x_api_key":"$http_x_api_key","http_x_unheard_of":"$http_x_unheard_of"}`

// build builds a trace of inputs and returns all that it says: its metadata, and the fields of its requests.
func build(t *testing.T, opts trace.BuildOptions, inputs ...string) (path, text string, info trace.Info, requests []trace.Request) {
	t.Helper()
	format, err := parse.Compile("", secretFormat, parse.EscapeJSON)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "out.trace")
	selection := trace.Selection{Inputs: inputs, Formats: trace.Formats{Given: []*parse.Format{format}}}
	if _, err := trace.Build(context.Background(), selection, opts, path); err != nil {
		t.Fatal(err)
	}
	reader, err := trace.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	metadata, err := json.Marshal(reader.Info())
	if err != nil {
		t.Fatal(err)
	}
	requests = make([]trace.Request, 100)
	n, err := reader.Read(requests)
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	all := bytes.NewBuffer(metadata)
	for _, r := range requests[:n] {
		for _, field := range [][]byte{r.Method, r.Target, r.Host, r.Referer, r.UserAgent, r.Body, r.Client, r.User, []byte(r.Route), []byte(r.Source)} {
			fmt.Fprintf(all, "%s\n", field)
		}
		for _, h := range r.Headers {
			fmt.Fprintf(all, "%s: %s\n", h.Name, h.Value)
		}
	}
	return path, all.String(), *reader.Info(), requests[:n]
}

// A trace that may be committed holds nothing of what identified people, and is the same traffic otherwise.
func TestAnAnonymizedTraceHoldsNoSecret(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "home-of-alice")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "access.log")
	if err := os.WriteFile(log, []byte(secretLog(9)), 0o644); err != nil {
		t.Fatal(err)
	}
	plain, text, _, original := build(t, trace.BuildOptions{}, log)
	for _, secret := range planted() {
		if !strings.Contains(text, secret) {
			t.Errorf("%q is not even in the plain trace", secret)
		}
	}
	key := []byte("a key of more than sixteen bytes")
	path, text, info, requests := build(t, trace.BuildOptions{Anonymize: anonymize.New(key).Request}, log)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range planted() {
		if strings.Contains(text, secret) || bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%q is still there", secret)
		}
	}
	if !info.Anonymized || info.Sources[0].Name != "access.log" {
		t.Errorf("the metadata does not say what it is, or where it is from: %+v", info)
	}
	for i, r := range requests {
		o := original[i]
		if r.Offset != o.Offset || r.Status != o.Status || string(r.Method) != string(o.Method) || len(r.Body) != len(o.Body) || len(r.Headers) != len(o.Headers) {
			t.Errorf("request %d: got %+v, want what is like %+v", i, r, o)
		}
	}
	// The same key, from the trace, gives the same requests; a trace of an anonymized one remains one.
	if _, again, _, _ := build(t, trace.BuildOptions{Anonymize: anonymize.New(key).Request}, plain); fields(again) != fields(text) || fields(text) == "" {
		t.Errorf("from the trace:\n%s\nfrom the log:\n%s", fields(again), fields(text))
	}
	if _, _, derived, _ := build(t, trace.BuildOptions{}, path); !derived.Anonymized {
		t.Error("a trace of an anonymized trace does not say so")
	}
	if _, _, mixed, _ := build(t, trace.BuildOptions{}, path, log); mixed.Anonymized {
		t.Error("a trace of an anonymized trace and a log says that it is anonymized")
	}
}

// fields is text without the metadata, which end where the first method begins.
func fields(text string) string {
	_, rest, _ := strings.Cut(text, "}POST\n")
	return rest
}
