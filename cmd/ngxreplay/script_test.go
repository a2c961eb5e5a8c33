package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ngxreplay/report"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = os.Getenv("UPDATE_SCRIPTS") != ""

// TestScripts runs the stories in testdata/script.
func TestScripts(t *testing.T) {
	logs, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("LOGS", logs)
			env.Setenv("CLOSED", closedPort(t))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "ledgers": ledgers,
		},
	})
}

// closedPort is an address on loopback where nobody listens.
func closedPort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// exits runs a command and demands its exit code: exits 2 ngxreplay run nope.log
//
// "measured" stands for 0, and for the 4 of a replay that a busy machine kept from being faithful: how busy it is, is
// not what these stories are about.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGS...]")
	}
	want, got := 0, 0
	if args[0] != "measured" {
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		want = n
	}
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got == exitNoVerdict && args[0] == "measured" && strings.Contains(ts.ReadFile("stderr"), "was not faithful") {
		return
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// ledgers demands that a run.json adds up and that each target got that many answers: ledgers out/run.json 100 chi nethttp
func ledgers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: ledgers FILE RESPONSES TARGET...")
	}
	file, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer file.Close()
	run, err := report.ReadJSON(file)
	ts.Check(err)
	ts.Check(run.Ledger.Check())
	for i, name := range args[2:] {
		if i >= len(run.Targets) || run.Targets[i].Name != name {
			ts.Fatalf("target %d is not %s", i, name)
		}
		l := run.Targets[i].Ledger
		ts.Check(l.Check())
		if strconv.FormatInt(l.Responses, 10) != args[1] {
			ts.Fatalf("%s: %+v, want %s responses", name, l, args[1])
		}
	}
}
