//go:build unix

package targets

import (
	"errors"
	"syscall"
)

// ownGroup puts a target into a process group of its own: Ctrl-C on the terminal is for us, and what the target starts
// can be ended with it.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends the process group of that leader. That there is none left is fine.
func killGroup(pid int) error {
	if err := syscall.Kill(-pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}
