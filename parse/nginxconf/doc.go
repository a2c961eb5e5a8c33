// Package nginxconf reads from nginx.conf what a log is written in: the log_format directives, and the access_log
// directives that say which file uses which.
//
// Includes are followed as nginx does: relative to the folder of the first file, with patterns, in their order. A
// configuration is trusted no more than a log: cycles, size and depth are bounded.
package nginxconf
