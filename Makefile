# make help lists what there is. Nothing here needs more than Go, git and make; `make deps` installs the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := check

PACKAGES := ./... ./testdata/generate
TARGETS  := gin echo fiber chi buffalo nethttp
FUZZTIME ?= 30s
LINES    ?= 1000000
SOAK     ?= 15m
PEERS    ?= -k6
DUCKDB   := replay/trace/testdata/duckdb

.PHONY: help build demo deps check test real-logs race fuzz bench bench-trace bench-deps bench-peers soak golden testdata clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build ngxreplay and the six built-in targets into bin/
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/...

demo: build ## replay a log against all six targets, ten seconds each; report in out/demo
	bin/ngxreplay run testdata/timed.log $(TARGETS:%=--target %) --speed 13.7 --connections 512 -o out/demo

deps: ## install what the tests need: nginx, curl, gcc for the race detector, node for DuckDB
	@need=(); command -v nginx /usr/sbin/nginx >/dev/null || need+=(nginx-light); \
	command -v curl >/dev/null || need+=(curl); \
	command -v gcc >/dev/null || need+=(gcc libc6-dev); \
	command -v node >/dev/null || need+=(nodejs); command -v npm >/dev/null || need+=(npm); \
	as_root() { if [ "$$(id -u)" = 0 ]; then "$$@"; else sudo "$$@"; fi; }; \
	[ $${#need[@]} -eq 0 ] || { as_root apt-get update -qq && \
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${need[@]}"; }
	@cmp -s $(DUCKDB)/package-lock.json $(DUCKDB)/node_modules/.installed || { \
		npm ci --prefix $(DUCKDB) --no-audit --no-fund --loglevel=error && \
		cp $(DUCKDB)/package-lock.json $(DUCKDB)/node_modules/.installed; }

check: ## gofmt, vet and staticcheck
	@unformatted=$$(gofmt -l bench cmd internal parse replay report targets testdata *.go); \
	[ -z "$$unformatted" ] || { echo "not formatted (gofmt -w):"; echo "$$unformatted"; exit 1; }
	go vet $(PACKAGES)
	go tool staticcheck $(PACKAGES)

test: deps check ## install what the tests need and run every test, with the race detector where there are goroutines
	go test -shuffle=on ./parse/... ./report/... ./testdata/generate .
	go test -race -shuffle=on ./replay/... ./targets/... ./cmd/... ./bench/...
	$(MAKE) soak SOAK=15s

real-logs: ## check parse against logs from the field and their counts: LOGS=folder with facts.json
	NGXREPLAY_LOGS=$(abspath $(LOGS)) go test -count=1 -tags reallogs ./parse

race: deps ## run every test with the race detector
	go test -race -shuffle=on ./...

fuzz: ## run every fuzz target for FUZZTIME (30s)
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep ^Fuzz); do \
			echo "$$package $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

bench: build ## run the benchmarks, and measure reading a log of LINES (1000000) beside other tools
	go test -run '^$$' -bench . ./parse/... ./replay/...
	go run ./bench/inspect -lines $(LINES)

bench-trace: build ## measure making a trace of a log of LINES (1000000; 20000000 take 4.5 GB of disk): CPU, memory
	go run ./bench/trace -lines $(LINES)

bench-deps: ## install the tools that bench-peers measures beside ngxreplay, as far as Debian has them
	@need=(); command -v nginx /usr/sbin/nginx >/dev/null || need+=(nginx-light); \
	command -v gcc >/dev/null || need+=(gcc libc6-dev); \
	command -v wrk >/dev/null || need+=(wrk); command -v httperf >/dev/null || need+=(httperf); \
	command -v h2load >/dev/null || need+=(nghttp2-client); command -v hey >/dev/null || need+=(hey); \
	as_root() { if [ "$$(id -u)" = 0 ]; then "$$@"; else sudo "$$@"; fi; }; \
	[ $${#need[@]} -eq 0 ] || { as_root apt-get update -qq && \
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${need[@]}"; }

bench-peers: build bench-deps ## measure CPU, timing and start beside other load generators; PEERS=-short for a first look
	go run ./bench/peers $(PEERS)

soak: ## replay for SOAK (15m) at 5,000 requests a second; fails when memory or lag grows
	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/ngxreplay
	go run ./bench/soak -for $(SOAK)

golden: ## write the golden files again; read the diff before you commit it
	go test ./report ./replay/export ./cmd/ngxreplay -update

testdata: deps ## let a real nginx write the logs in testdata again (two minutes)
	go run ./testdata/generate

clean: ## remove what was built
	rm -rf bin out
