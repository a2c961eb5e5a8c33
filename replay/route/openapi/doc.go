// Package openapi reads the paths of an OpenAPI 3 description as route patterns: "/user/{id}" below a server
// "https://api.example/v1" is the pattern /v1/user/:id.
//
// Nothing is fetched: references to other files are followed when these lie in the directory of the description or
// below it, and refused otherwise.
package openapi
