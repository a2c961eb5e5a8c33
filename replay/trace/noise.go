package trace

import (
	"bytes"
	"slices"
)

// The probes and files that users call noise: they come from machines or caches and say little about an application.
var (
	noisePaths = [][]byte{
		[]byte("/favicon.ico"), []byte("/robots.txt"), []byte("/health"), []byte("/healthz"), []byte("/healthcheck"),
		[]byte("/livez"), []byte("/readyz"), []byte("/ready"), []byte("/live"), []byte("/ping"), []byte("/nginx_status"),
		[]byte("/_health"), []byte("/-/healthy"), []byte("/-/ready"), []byte("/metrics"),
	}
	noiseAgents = [][]byte{
		[]byte("kube-probe/"), []byte("ELB-HealthChecker/"), []byte("GoogleHC/"), []byte("HAProxy"),
		[]byte("Consul Health Check"), []byte("UptimeRobot"), []byte("Prometheus/"),
	}
	noiseExtensions = [][]byte{
		[]byte(".css"), []byte(".js"), []byte(".mjs"), []byte(".map"), []byte(".png"), []byte(".jpg"), []byte(".jpeg"),
		[]byte(".gif"), []byte(".svg"), []byte(".webp"), []byte(".avif"), []byte(".ico"), []byte(".woff"),
		[]byte(".woff2"), []byte(".ttf"), []byte(".otf"), []byte(".eot"), []byte(".mp4"), []byte(".webm"),
	}
)

func isNoise(path, agent []byte) bool {
	if trimmed := bytes.TrimSuffix(path, []byte("/")); containsBytes(noisePaths, trimmed, bytes.Equal) {
		return true
	}
	return containsBytes(noiseAgents, agent, bytes.HasPrefix) || containsBytes(noiseExtensions, path, bytes.HasSuffix)
}

func containsBytes(list [][]byte, b []byte, match func(b, item []byte) bool) bool {
	return slices.ContainsFunc(list, func(item []byte) bool { return match(b, item) })
}
