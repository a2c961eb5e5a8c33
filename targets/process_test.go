package targets

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ngxreplay/targets/contract"
)

// script makes a target program of a shell script.
func script(t *testing.T, name, body string) Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), contract.ProgramPrefix+name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return Program{name, path}
}

const sayReady = `echo '{"name":"x","framework":"f","version":"v1","url":"http://127.0.0.1:1","admin":"http://127.0.0.1:2"}'` + "\n"

func TestProcess(t *testing.T) {
	dir := t.TempDir()
	// It leaves a child behind that holds its output, which must not make us wait for the child.
	program := script(t, "good", `echo "$@" > `+dir+`/args; cat "$6" > `+dir+`/routes; echo "$HOME" > `+dir+`/home
trap 'exit 0' TERM
(sleep 20) &
`+sayReady+`wait
`)
	p, err := Start(t.Context(), program, []contract.Route{{Name: "/user/:id", Methods: []string{"GET"}, Requests: 3}})
	if err != nil {
		t.Fatal(err)
	}
	if p.Ready.URL != "http://127.0.0.1:1" || p.Ready.Version != "v1" || p.PID() == 0 {
		t.Errorf("%+v", p.Ready)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(content))
	}
	home := read("home")
	if want := "--listen 127.0.0.1:0 --admin 127.0.0.1:0 --routes " + home + "/routes.json"; read("args") != want {
		t.Errorf("args %q, want %q", read("args"), want)
	}
	if want := `{"routes":[{"name":"/user/:id","methods":["GET"],"requests":3}]}`; read("routes") != want {
		t.Errorf("routes %s", read("routes"))
	}
	if _, err := os.Stat(home); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s was left behind", home)
	}
}

func TestProcessThatDoesNotStart(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		p, err := Start(t.Context(), script(t, "bad", body), nil)
		if err == nil {
			t.Error(p.Stop())
			t.Fatalf("it started: want %q", want)
		}
		if !strings.Contains(err.Error(), "target bad: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f("exit 3\n", "ended before it was ready (exit status 3)")
	f("echo one >&2; echo 'two: no such file' >&2; exit 1\n", `(exit status 1): "two: no such file"`)
	f("echo hello; exec sleep 20\n", `first line of output is no ready line: "hello"`)
	f("echo '{}'; exec sleep 20\n", "no ready line")
	if _, err := Start(t.Context(), Program{"bad", "/nonexistent"}, nil); err == nil || !strings.Contains(err.Error(), "does not start") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, script(t, "slow", "exec sleep 20\n"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestProcessThatDies(t *testing.T) {
	p, err := Start(t.Context(), script(t, "mortal", sayReady+"echo 'out of memory' >&2; kill -9 $$\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if got := p.Death(); got != `signal: killed: "out of memory"` {
		t.Errorf("death: %s", got)
	}
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

func TestProcessThatFailsAtTheEnd(t *testing.T) {
	p, err := Start(t.Context(), script(t, "sore", "trap 'echo leak >&2; exit 9' TERM\n"+sayReady+"while :; do sleep 0.01; done\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), `exit status 9: "leak"`) {
		t.Errorf("got %v", err)
	}
}

func TestFind(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for path, mode := range map[string]os.FileMode{
		filepath.Join(first, "ngxreplay-target-a"):  0o700,
		filepath.Join(second, "ngxreplay-target-a"): 0o700,
		filepath.Join(second, "ngxreplay-target-b"): 0o700,
		filepath.Join(second, "ngxreplay-target-c"): 0o600, // cannot be run
		filepath.Join(second, "other"):              0o700,
	} {
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	places := []string{first, second, "/nonexistent"}
	list := List(places)
	if len(list) != 2 || list[0].Path != filepath.Join(first, "ngxreplay-target-a") || list[1].Name != "b" {
		t.Errorf("%+v", list)
	}
	if _, err := Find("c", places); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "there are a, b") {
		t.Errorf("got %v", err)
	}
	if _, err := Find("c", nil); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "make build") {
		t.Errorf("got %v", err)
	}
}
