package gin

import (
	"ngxreplay/targets/app"

	"github.com/gin-gonic/gin"
)

// requestID keeps the id of the client or makes one, and answers with it.
func requestID(c *gin.Context) {
	id := c.GetHeader(app.RequestIDHeader)
	if id == "" {
		id = app.NewRequestID()
	}
	c.Header(app.RequestIDHeader, id)
	c.Next()
}

// recovered answers after a panic; gin has logged the stack.
func recovered(c *gin.Context, _ any) {
	fail(c, app.Internal())
}

// authorize asks for a token under /api. It is not on the group: the routes of the
// table and NoRoute lie under /api too.
func (t *target) authorize(c *gin.Context) {
	err := t.service.Authorize(app.EncodedPath(c.Request.URL), c.GetHeader("Authorization"))
	if err != nil {
		c.Header("WWW-Authenticate", app.Challenge)
		fail(c, err)
		return
	}
	c.Next()
}
