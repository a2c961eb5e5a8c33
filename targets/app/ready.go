package app

import (
	"encoding/json"
	"io"
	"net"

	"ngxreplay/targets/contract"
)

// printReady writes the one line of JSON that says that the target accepts connections.
func printReady(w io.Writer, r contract.Ready) error {
	return json.NewEncoder(w).Encode(r)
}

// baseURL is the address of l for a client on this machine.
func baseURL(l net.Listener) string {
	address, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return "http://" + l.Addr().String()
	}
	local := *address
	if local.IP.IsUnspecified() {
		local.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + local.String()
}
