package app

// Pong is the answer of GET /ping.
type Pong struct {
	Message string `json:"message"`
}

// Ping answers GET /ping.
func Ping() Pong { return Pong{Message: "pong"} }
