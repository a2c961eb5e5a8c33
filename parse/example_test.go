package parse_test

import (
	"fmt"
	"strings"

	"ngxreplay/parse"
)

const exampleLog = `1.2.3.4 - - [07/Feb/2024:00:00:01 +0500] "GET /a HTTP/1.1" 200 12 "-" "curl"
nginx: [warn] something else
1.2.3.4 - - [07/Feb/2024:00:00:02 +0500] "\x16\x03\x01" 400 150 "-" "-"
`

// Read a log whose format is not known.
func Example() {
	src, err := parse.OpenReader("access.log", strings.NewReader(exampleLog))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer src.Close()
	found, err := parse.Detect(src.Peek())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found.Format.Name(), found.Fit, "of", found.Lines)

	r := parse.NewReader(src, src.Name, found.Formats...)
	for r.Scan() {
		e, bad := r.Entry()
		switch {
		case bad != nil:
			fmt.Println(bad)
		case e.Unreplayable != "":
			fmt.Println("unreplayable:", e.Unreplayable)
		default:
			fmt.Printf("%s %s %d\n", e.Method, e.Target, e.Status)
		}
	}
	if err := r.Err(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// combined 2 of 3
	// GET /a 200
	// access.log:2:7: expected " - "
	// unreplayable: tls
}

// A format of one's own, as it stands in nginx.conf.
func ExampleCompile() {
	f, err := parse.Compile("mine", `$msec $request_time "$request" $status`, parse.EscapeDefault)
	if err != nil {
		fmt.Println(err)
		return
	}
	var e parse.Entry
	if err := f.Parse([]byte(`1707246001.123 0.045 "GET /a HTTP/1.1" 200`), &e); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Time, e.Precision, e.RequestTime, string(e.Target))
	_, err = parse.Compile("bad", `$remote_addr $status`, parse.EscapeDefault)
	fmt.Println(err)
	// Output:
	// 1707246001123000000 1ms 45ms /a
	// log format "bad": this format holds no request: nothing to replay; add $request, or $request_method and $request_uri
}

// A format that nobody knows is inferred, and says what it only guessed.
func ExampleDetect() {
	const log = `1.2.3.4 [10/Sep/2015:17:57:59 +0000] "GET /a/b/c.jpeg HTTP/1.1" 200 363 7013 0.138 "x100" 92
5.6.7.8 [10/Sep/2015:17:58:00 +0000] "GET /a/b/d.jpeg HTTP/1.1" 304 412 0 0.007 "-" -
`
	found, err := parse.Detect([]byte(log))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found.Format)
	fmt.Printf("%.0f %% of the lines fit\n", 100*found.Share())
	for _, guess := range found.Guessed {
		fmt.Println("guessed", guess)
	}
	// Output:
	// $remote_addr [$time_local] "$request" $status $request_length $body_bytes_sent $request_time "$text_8" $word_9
	// 100 % of the lines fit
	// guessed $request_length for values like "363"
	// guessed $body_bytes_sent for values like "7013"
	// guessed $request_time for values like "0.138"
}
