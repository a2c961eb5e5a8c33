//go:build unix && !linux

package targets

import "syscall"

// ownGroup puts a target into a process group of its own: Ctrl-C on the terminal is for us, and what the target starts
// can be ended with it.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
