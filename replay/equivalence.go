package replay

// Equivalent reports whether an answer stands for the logged one. Some differences are expected of every replay:
// conditional and range headers are not logged, a client that hung up does not hang up again, and credentials are
// not in the log.
func Equivalent(logged, answered int) bool {
	switch {
	case logged == answered:
		return true
	case logged < 200 || logged == 499: // 000, 009, 101 and 499: the recorded client saw no ordinary answer
		return true
	case answered == 401 || answered == 403:
		return logged < 400
	case answered == 200:
		return logged == 304 || logged == 206
	}
	return logged == 200 && answered == 206
}
