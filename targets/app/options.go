package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
)

// options are the flags of a target program.
type options struct {
	listen    string
	admin     string
	routes    string
	accessLog string
}

// parseOptions reads the flags. flag.ErrHelp means that help was asked for and
// has been printed to stdout.
func parseOptions(p Program, args []string, stdout io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("ngxreplay-target-"+p.Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // errors are printed once, by run
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "")
	flags.StringVar(&o.admin, "admin", "127.0.0.1:0", "")
	flags.StringVar(&o.routes, "routes", "", "")
	flags.StringVar(&o.accessLog, "access-log", os.DevNull, "")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		_, printErr := fmt.Fprintf(stdout, help, p.Name, p.Framework, os.DevNull)
		return o, errors.Join(err, printErr)
	}
	if err != nil {
		return o, err
	}
	return o, errors.Join(o.validate(), noArguments(flags))
}

func (o options) validate() error {
	return errors.Join(
		checkAddress("--listen", o.listen),
		checkAddress("--admin", o.admin),
	)
}

func checkAddress(name, address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("%s %q is not an address: give host:port, port 0 picks a free one", name, address)
	}
	return nil
}

func noArguments(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: this program takes flags only", flags.Arg(0))
	}
	return nil
}

const help = `usage: ngxreplay-target-%[1]s [flags]

A system under test for ngxreplay, built with %[2]s. ngxreplay starts it by
itself; start it by hand to look at it or to send requests with another tool.

When it accepts connections it prints one line of JSON on standard output: its
url, its admin address (/metrics for Prometheus, /debug/pprof), the value of the
Authorization header that the routes under /api want, and how many routes of the
table its router holds. SIGTERM or SIGINT lets requests in flight finish, for at
most 10 seconds, and ends it with status 0.

flags:
  --listen HOST:PORT   where to serve (default 127.0.0.1:0, any free port)
  --admin HOST:PORT    where to serve /metrics and /debug/pprof (default 127.0.0.1:0)
  --routes FILE        route table written by ngxreplay, JSON (default: fixed routes only)
  --access-log FILE    one line a request, appended; - is standard error (default %[3]s)
  --help               this text

fixed routes:
  GET /ping · GET /api/user/:id · POST /api/order · PUT /api/config/:key
  GET /api/v1/items?limit=&offset= · POST /upload · GET /stream

Any request with the header "X-Ngxreplay-Expect: STATUS BYTES" is answered with
that status and a body of that size.

exit status: 0 ended by a signal · 1 failed · 2 wrong usage
`
