// Package route gives request paths bounded names: /user/17 and /user/42 are both /user/:id.
//
// Raw paths cannot label measurements: a day of traffic holds as many of them as it likes. A [Learner] looks at the
// traffic and makes a [Table] of at most a stated number of routes; what fits none of them is [Other].
//
// A path is cut into segments. A segment that looks generated (a number, a UUID, a hash, a date, an encoded or long
// text) is a parameter; a word is a literal, unless its place holds so many different words that it must be a slug.
// The package uses the standard library only and none of its siblings.
package route

// Other is the route of everything that the table does not name.
const Other = "other"
