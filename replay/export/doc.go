// Package export writes traces in the formats of other tools.
//
// What is written is what ngxreplay would send: the bytes of [wire.Format], taken apart where a format wants parts. No
// value of a log decides where another tool connects: URLs begin with the base URL that the user gives, and the logged
// host is sent as a header. A request that a format cannot hold is left out, counted and named.
package export
