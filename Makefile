# Upprop. The first two targets are all that a newcomer needs.
SHELL := /bin/bash
GO ?= go
SEEDS ?= 10000
export CGO_ENABLED := 1

.PHONY: demo build test check fmt vet lint race sim bench fuzz netns soak vuln tools clean

demo: tools ## three nodes and a handheld on this machine, with a link you can cut
	$(GO) run ./cmd/upprop demo

build: tools ## bin/upprop
	$(GO) build -trimpath -o bin/upprop ./cmd/upprop

test: tools ## every test
	@command -v chromium >/dev/null || echo "test: chromium is not installed, so the browser tests are skipped (Debian: apt-get install chromium)"
	$(GO) test -p 3 -timeout 30m ./... # browsers and real processes mostly wait
	UPPROP_ALONE=1 $(GO) test -run TestCopiedFolder ./cmd/upprop

check: fmt vet lint test race sim ## what CI runs

fmt:
	@out=$$($(GO) tool gofumpt -l .); if [ -n "$$out" ]; then echo "not gofumpt-formatted:"; echo "$$out"; exit 1; fi

vet:
	$(GO) vet ./...

lint:
	$(GO) tool staticcheck ./...

race: ## the concurrent packages under the race detector
	GO="$(GO)" ./cmd/internal/race.sh -short -timeout 40m ./crdt/... ./mesh/... ./node/...

bench: ## ratios against the physical floor, measured in the same run
	$(GO) test -run '^$$' -bench . -benchtime 2s ./crdt ./crdt/store ./crdt/seal ./crdt/shape ./mesh/link ./node ./evac ./cmd/internal/app
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 30m ./node/nodetest

fuzz: ## each decoder for FUZZTIME
	./cmd/internal/fuzzall.sh $${FUZZTIME:-20s}

netns: tools ## real processes, real links that are cut, flap, lose, delay and move; needs root
	$(GO) test -count=1 -v ./cmd/internal/netns
	$(GO) test -count=1 -v -run Netns ./cmd/upprop

sim: ## 200 simulated campuses, every promise checked
	$(GO) run ./cmd/upprop sim --seed 1 --seeds 200

soak: ## SEEDS simulated campuses, a longer life, and the race detector and real processes again and again
	$(GO) run ./cmd/upprop sim --seeds $(SEEDS)
	$(GO) run ./cmd/upprop sim --seeds $$(($(SEEDS) / 50 + 1)) --steps 30 --faults drawer,alarm
	UPPROP_SOAK=1 $(GO) test -count=1 -timeout 60m -v -run PlantedBugs ./cmd/internal/sim
	UPPROP_GROWTH_DAYS=240 $(GO) test -count=1 -timeout 60m -run NothingGrows ./node
	UPPROP_SOAK=1 $(GO) test -count=1 -timeout 60m -run TwoYears ./node
	$(GO) test -race -count=3 ./crdt/... ./mesh/... ./node/...
	$(GO) test -race ./evac/... ./kiosk/...
	UPPROP_FLOWS=all $(GO) test -count=1 -timeout 60m ./evac ./kiosk ./kiosk/office
	$(GO) test -count=5 -run 'Process|Kill' ./cmd/upprop

vuln: ## known vulnerabilities; needs the network
	@$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.8.0 ./... || echo "vuln: no verdict if its database cannot be reached from here"

tools:
	@command -v $(GO) >/dev/null || { echo "Go 1.26 or newer is needed: https://go.dev/dl"; exit 1; }
	@command -v gcc >/dev/null || { echo "gcc is needed for cgo (Debian: apt-get install gcc libc6-dev)"; exit 1; }

clean:
	rm -rf bin out
