package trace

import "path/filepath"

// anonymize leaves of the sources what a trace that is given away may say of them. It holds for traces of which every
// source is an anonymized trace, too.
func (i *Info) anonymize() {
	i.Anonymized = true
	i.Filter.Where, i.Filter.Paths, i.Filter.Excludes = "", nil, nil // may name whom they look for
	for n := range i.Sources {
		source := &i.Sources[n]
		source.Name = filepath.Base(source.Name)
		if !source.Anonymized {
			source.SHA256 = "" // would tell who guesses the few addresses of a short log that the guess is right
		}
	}
}

// allAnonymized reports whether there are sources, all of them anonymized traces.
func allAnonymized(sources []Source) bool {
	for _, s := range sources {
		if !s.Anonymized {
			return false
		}
	}
	return len(sources) > 0
}
