//go:build unix

package targets

import (
	"errors"
	"syscall"
)

// killGroup ends the process group of that leader. That there is none left is fine.
func killGroup(pid int) error {
	if err := syscall.Kill(-pid, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}
