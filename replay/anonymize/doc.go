// Package anonymize replaces what identifies people in the requests of a trace by pseudonyms.
//
// A pseudonym is a keyed hash (HMAC-SHA-256) in the shape of what it stands for: an address stays an address, an
// e-mail address one, a token a token of that length. Under one key equal values have equal pseudonyms, wherever they
// stand, so that clients, sessions and routes stay what they are; without the key nobody can tell whose they were, nor
// try out a guess.
//
// What is replaced is what [secret.Matcher] and the shape of a value show to be personal or secret. Free text (a search
// for a name, a title in a path) is not recognized; neither are hosts, which are servers.
package anonymize
