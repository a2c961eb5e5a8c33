package app

import (
	"fmt"
	"strconv"
	"strings"
)

// User is the answer of GET /api/user/:id.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// FindUser answers GET /api/user/:id. id is the path segment as sent, still
// percent-encoded. A router that lets a last parameter swallow slashes (echo)
// hands over more than a segment; that is not found, as in the others.
func FindUser(id string) (User, error) {
	if strings.Contains(id, "/") {
		return User{}, NotFound()
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return User{}, badRequest("invalid user id: send an integer")
	}
	return User{ID: n, Name: fmt.Sprintf("user %d", n), Email: fmt.Sprintf("user%d@example.org", n)}, nil
}
