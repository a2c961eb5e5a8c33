package targets

import "syscall"

// ownGroup puts a target into a process group of its own: Ctrl-C on the terminal is for us, and what the target starts
// can be ended with it. When we are killed, the kernel asks the target to end. (It does so too when the thread that
// started the target ends; threads of a Go program do not, unless a goroutine ends that is locked to one.)
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
