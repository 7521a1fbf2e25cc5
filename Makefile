# Everything a developer or CI runs. `make` alone prints the list.
# Each configuration builds in a place of its own, so that switching between them rebuilds nothing.

SWIFT   ?= swift
SEEDS   ?= 200
# Each of 2,000 mutations.
CACHE_SEEDS ?= $(SEEDS)
RUNS    ?= 1000000
VERSION ?= v0.1.0
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
IMAGE   ?= ghcr.io/lora-operator/lora-operator:$(VERSION)

RESULTS := build/test-results
# More tests at once than these make each other late.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH := 10
TEST    := $(SWIFT) test --skip-build --disable-xctest
DEBUG   := --explicit-target-dependency-import-check error
RELEASE := --configuration release --scratch-path build/release --static-swift-stdlib
SIMULATE := SWIFT_DETERMINISTIC_HASHING=1 build/release/release/simulate-operator
ASAN    := --sanitize address --scratch-path build/asan

# A filter that matches nothing passes, as far as `swift test` is concerned.
some_ran = @if grep -qs '<testsuite [^>]* tests="0"' $(1); then echo "no test matches the filter"; exit 1; fi

.DEFAULT_GOAL := help
.PHONY: help bootstrap build release test lint format check replicas test-asan simulate fuzz planted-bugs bench bench-parts demo conformance e2e image image-root sbom clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bootstrap: ## install what is missing beyond Swift and make (apt, sudo); the targets below do it themselves
	@scripts/bootstrap.sh

build: bootstrap ## build everything, tests included, for debugging
	$(SWIFT) build --build-tests $(DEBUG)

release: bootstrap ## build the optimised binary, build/release/release/lora-operator
	$(SWIFT) build --product lora-operator $(RELEASE)

test: build ## run every test; FILTER=name runs some
	@mkdir -p $(RESULTS)
	$(TEST) $(DEBUG) --xunit-output $(RESULTS)/test.xml $(if $(FILTER),--filter $(FILTER))
	$(call some_ran,$(RESULTS)/test.xml)

lint: ## check format, file length, forbidden words, YAML, Dockerfile, scripts
	@scripts/lint.sh

format: ## format all Swift code in place
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

check: lint build test ## what must pass before every commit

replicas: build ## measure how two replicas hand over, with nothing else beside them
	@mkdir -p $(RESULTS)
	REPLICA_STRICT=1 REPLICA_STOP_SECONDS=60 $(TEST) $(DEBUG) --no-parallel --xunit-output $(RESULTS)/replicas.xml --filter ReplicaTests

# Leaks are not looked for: Foundation's Process and libXCTest have some of their own.
test-asan: bootstrap ## run the tests near C code under AddressSanitizer
	@mkdir -p $(RESULTS)
	$(SWIFT) build --build-tests $(ASAN)
	ASAN_OPTIONS=detect_leaks=0 $(TEST) $(ASAN) --xunit-output $(RESULTS)/asan.xml --filter CurlHTTPTests
	$(call some_ran,$(RESULTS)/asan.xml)

simulate: bootstrap ## run the operator, its caches and an outage under SEEDS=N seeds of faults, and kill it at each effect of the core stories
	$(SWIFT) build --product simulate-operator $(RELEASE)
	$(SIMULATE) --seeds $(SEEDS) $(ARGS)
	$(SIMULATE) --scenario cache --seeds $(CACHE_SEEDS)
	$(SIMULATE) --scenario outage --seeds 60
	$(SIMULATE) --scenario stories --crash all --seeds 25

bench-parts: bootstrap ## measure decoding, store, queue and planning, each alone
	$(SWIFT) build --product bench-parts $(RELEASE)
	build/release/release/bench-parts

bench: bootstrap ## measure the operator on simulated fleets; ARGS="--size 1000x10@0 --json build/bench.json"
	$(SWIFT) build --product lora-operator $(RELEASE)
	$(SWIFT) build --product bench-fleet $(RELEASE)
	scripts/bench.sh build/release/release/bench-fleet build/release/release/lora-operator $(ARGS)

fuzz: bootstrap ## feed RUNS=1000000 hostile inputs to everything that decodes bytes from outside, with libFuzzer
	scripts/fuzz.sh $(RUNS)

planted-bugs: bootstrap ## plant each bug of Tests/PlantedBugs in a copy and look how soon the simulation notices; BUGS=names
	@SEEDS=$(if $(filter file,$(origin SEEDS)),2000,$(SEEDS)) scripts/planted-bugs.sh $(BUGS)

demo: bootstrap ## watch adapters being loaded, lost and repaired on simulated servers, without a cluster
	@scripts/demo.sh

conformance: build ## hold the operator to a real vLLM from PyPI, and simulated ones to the same; VLLM_URL names another
	@mkdir -p $(RESULTS)
	@rm -f $(RESULTS)/conformance.xml
	@scripts/conformance.sh $(TEST) $(DEBUG) --xunit-output $(RESULTS)/conformance.xml --filter ConformanceTests
	$(call some_ran,$(RESULTS)/conformance.xml)

e2e: bootstrap ## run against a real kube-apiserver; KUBEBUILDER_ASSETS names the directory of its binaries
	@if [ -n "$$KUBEBUILDER_ASSETS" ]; then $(SWIFT) build --build-tests $(DEBUG); fi
	@scripts/e2e.sh $(TEST) $(DEBUG) --filter EndToEnd

image: ## build the container image, IMAGE=…
	docker build --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) --tag $(IMAGE) .

image-root: release ## run the binary in a Debian root that holds only what the image does; prints sizes and memory
	@scripts/image-root.sh build/release/release/lora-operator

sbom: ## write build/sbom.json (CycloneDX): Swift packages, and the image's Debian packages after make image-root
	@mkdir -p build
	@scripts/sbom.sh >build/sbom.json && echo "build/sbom.json"

clean: ## remove everything that was built
	rm -rf .build build
