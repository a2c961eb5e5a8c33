package nginxconf_test

import (
	"fmt"

	"ngxreplay/parse/nginxconf"
)

// Find the format of a log in the configuration that wrote it.
func Example() {
	conf, err := nginxconf.Load("../../testdata/nginx.conf")
	if err != nil {
		fmt.Println(err)
		return
	}
	format, err := conf.FormatFor("/backup/timed.log.2.gz")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(format.Name(), format)
	for _, log := range conf.Logs {
		fmt.Println(log.Path, log.Format)
	}
	// Output:
	// timed $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $msec $request_time $host $request_length
	// combined.log combined
	// timed.log timed
	// json.log json
}
