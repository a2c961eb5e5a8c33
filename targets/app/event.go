package app

import "fmt"

// Media types of the answers.
const (
	MediaJSON   = "application/json"
	MediaFiller = "application/octet-stream"
	MediaEvents = "text/event-stream"
)

// EventCount is how many events GET /stream sends before it ends.
const EventCount = 5

// Event renders the server-sent event n of GET /stream, counted from 0. Adapters
// flush after each.
func Event(n int) []byte {
	return fmt.Appendf(nil, "id: %d\nevent: tick\ndata: {\"n\":%d}\n\n", n, n)
}
