package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Fingerprint is a short hash of what makes numbers comparable: the kind of machine and its kernel, not its name.
func (e Environment) Fingerprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%s\n%d\n%d", e.OS, e.Kernel, e.Arch, e.CPU, e.CPUs, e.Memory>>30))
	return hex.EncodeToString(sum[:6])
}
