package main

import (
	"runtime/debug"
)

// linkedVersion is set by the linker in releases: -ldflags "-X main.linkedVersion=v1.2.3".
var linkedVersion string

// version says which ngxreplay this is: what the linker was told, else the module version, else the commit.
func version() string {
	if linkedVersion != "" {
		return linkedVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	revision := settings["vcs.revision"]
	if revision == "" {
		return "devel"
	}
	if settings["vcs.modified"] == "true" {
		return revision[:min(12, len(revision))] + "+changes"
	}
	return revision[:min(12, len(revision))]
}
