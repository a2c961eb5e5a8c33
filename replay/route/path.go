package route

import "bytes"

// Path is the path of a request target, borrowed from it: without query, fragment, and the scheme and authority of
// an absolute-form target. The target itself is sent as it is; the path only names it.
func Path(target []byte) []byte {
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		target = target[:i]
	}
	if i := bytes.IndexByte(target, '#'); i >= 0 {
		target = target[:i]
	}
	if len(target) > 0 && target[0] == '/' {
		return target
	}
	if i := bytes.Index(target, []byte("://")); i >= 0 {
		rest := target[i+3:]
		if j := bytes.IndexByte(rest, '/'); j >= 0 {
			return rest[j:]
		}
		return []byte("/")
	}
	return target
}

// next cuts the first segment off a path, which may begin with a slash.
func next(path []byte) (segment, rest []byte) {
	if len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	if i := bytes.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, nil
}

// isNamable reports whether a path can have a route at all: it begins with a slash and holds no "." and "..", which
// servers resolve in ways of their own and scanners send.
func isNamable(path []byte) bool {
	if len(path) == 0 || path[0] != '/' {
		return false
	}
	for rest := path; ; {
		i := bytes.Index(rest, []byte("/."))
		if i < 0 {
			return true
		}
		segment, _ := next(rest[i:])
		if len(segment) == 1 || len(segment) == 2 && segment[1] == '.' {
			return false
		}
		rest = rest[i+1:]
	}
}
