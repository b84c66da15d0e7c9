# Upprop. The first two targets are all that a newcomer needs.
SHELL := /bin/bash
GO ?= go
export CGO_ENABLED := 1

.PHONY: demo build test check fmt vet lint race bench fuzz netns soak vuln tools clean

demo: tools ## three nodes and a handheld on this machine, with a link you can cut
	$(GO) run ./cmd/upprop demo

build: tools ## bin/upprop
	$(GO) build -trimpath -o bin/upprop ./cmd/upprop

test: tools ## every test
	@command -v chromium >/dev/null || echo "test: chromium is not installed, so the browser tests are skipped (Debian: apt-get install chromium)"
	$(GO) test ./...

check: fmt vet lint test race ## what CI runs

fmt:
	@out=$$($(GO) tool gofumpt -l .); if [ -n "$$out" ]; then echo "not gofumpt-formatted:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...

lint:
	$(GO) tool staticcheck ./...

race: ## the concurrent packages under the race detector
	$(GO) test -race -short -p 1 ./crdt/... ./mesh/... ./node/... ./evac/... ./kiosk/...

bench: ## ratios against the physical floor, measured in the same run
	$(GO) test -run '^$$' -bench . -benchtime 2s ./crdt ./crdt/store ./crdt/seal ./crdt/shape ./mesh/link ./node ./evac

fuzz: ## each decoder for FUZZTIME
	./cmd/internal/fuzzall.sh $${FUZZTIME:-20s}

soak: ## the race detector and the real-process tests, again and again
	$(GO) test -race -count=5 ./crdt/... ./mesh/... ./node/...
	$(GO) test -count=5 -run 'Process|Kill' ./cmd/upprop

netns: ## real processes in network namespaces: cut, flapping, losing and moving links; needs root, iproute2, nftables
	$(GO) test -count=1 -v -run 'Netns|Lab' ./cmd/internal/netns ./cmd/upprop

vuln: ## known vulnerabilities; needs the network
	@$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.8.0 ./... || echo "vuln: no verdict if its database cannot be reached from here"

tools:
	@command -v $(GO) >/dev/null || { echo "Go 1.26 or newer is needed: https://go.dev/dl"; exit 1; }
	@command -v gcc >/dev/null || { echo "gcc is needed for cgo (Debian: apt-get install gcc libc6-dev)"; exit 1; }

clean:
	rm -rf bin out
