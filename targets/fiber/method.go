package fiber

import (
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/logger"
	"github.com/valyala/fasthttp"
)

// anyMethod stands for all methods fiber was not told of.
const anyMethod = "ANY-OTHER"

// maxMethods bounds the methods fiber is told of: it keeps a route stack for each,
// with every middleware in it.
const maxMethods = 40

// loggedMethod is the key of the method a request had before admit renamed it.
const loggedMethod = "method"

// methods are those fiber routes. It answers a request with any other method
// before all middleware, with 400; so such a request goes in under another name.
type methods struct {
	list  []string // fiber looks a method up from the front
	known map[string]bool
}

// newMethods knows fiber's default methods and those of the route table.
func newMethods(table []string) methods {
	m := methods{list: slices.Clone(fiber.DefaultMethods), known: map[string]bool{}}
	m.list = append(m.list, anyMethod)
	for _, method := range m.list {
		m.known[method] = true
	}
	for _, method := range table {
		if len(m.list) < maxMethods && !m.known[method] {
			m.known[method] = true
			m.list = append(m.list, method)
		}
	}
	return m
}

// admit renames unknown methods before fiber sees them.
func (m methods) admit(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if !m.known[string(ctx.Method())] {
			ctx.SetUserValue(loggedMethod, string(ctx.Method()))
			ctx.Request.Header.SetMethod(anyMethod)
		}
		next(ctx)
	}
}

// logMethod writes the method the client sent into the access log.
func logMethod(output logger.Buffer, c *fiber.Ctx, _ *logger.Data, _ string) (int, error) {
	if method, ok := c.Locals(loggedMethod).(string); ok {
		return output.WriteString(method)
	}
	return output.WriteString(c.Method())
}
