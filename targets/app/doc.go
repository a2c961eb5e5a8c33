// Package app is what every built-in target does, free of any web framework.
//
// A built-in target is a small program around one framework. The framework's
// adapter (targets/gin, targets/echo, ...) owns routing, middleware, binding and
// encoding, written as that framework's users write them. Everything that must
// be equal in all of them lives here: the contract with ngxreplay (flags, ready
// line, draining), the route table, the expectation header, tokens, and the
// business answers. So two targets differ by their framework and nothing else.
//
// # Expectations
//
// A replayed request carries [contract.ExpectHeader], the status and size that production
// logged. After the whole chain has run (request id, access log, recovery,
// routing, token check, binding), it is answered with exactly that status and
// that many bytes. Without the header only the fixed routes of [FixedRoutes]
// answer; everything else, the routes of the table included, is a 404 with one
// text, so that a target's answer does not depend on which routes its router
// could hold.
//
// # What a target does not decide
//
// A request that the HTTP parser of a framework refuses never reaches the chain:
// net/http and fasthttp answer `GET /%zz`, a bad Host or an over-long header by
// themselves, with 400 or 431 and a closed connection. A request body above
// [MaxBody] ends in 413. fasthttp (fiber) sees that before the chain runs.
//
// Binders differ where they were left as they are: fiber refuses bytes after the
// JSON value, the others ignore them; and a malformed pair in a query is dropped by
// net/http and passed on by fasthttp.
package app
