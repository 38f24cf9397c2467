# Allmenning. `make` alone prints what there is. A machine with Go, make, git and gcc is
# enough; only the install targets need kubectl.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# Everything but the race detector is built without cgo and without paths of this machine, as the image and the
# control plane are: programs come out static, and all of them share the build cache, so that nothing is compiled twice.
export CGO_ENABLED := 0
export GOFLAGS := $(strip $(filter-out -trimpath,$(GOFLAGS)) -trimpath)

IMG ?= ghcr.io/allmenning/manager:dev
# What the programs say of themselves.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
COMMIT = $(shell git log -1 --format=%H 2>/dev/null)
DATE = $(shell TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null)
PROVENANCE := github.com/allmenning/allmenning/internal/provenance
PLATFORMS ?= linux/amd64,linux/arm64
FUZZTIME ?= 30s
PKG ?= ./...
NODE_PKG ?= ./test/node ./test/packets
TEST_ARGS ?=
# Packages tested at a time. Several start a control plane of 0.8 GB each, and their
# waits would time out if they fought over the cores, so more is not faster.
TEST_PROCS ?= 2
# For one package, not for all: the end-to-end tests wait for a real cluster.
TEST_TIMEOUT ?= 45m
# Tests that start our programs as processes of their own, or judge by another's program: the race detector would
# watch nothing but the test itself, and takes several times as long.
UNRACED := ./hack/image ./hack/release ./test/chart ./test/compat ./test/controlplane ./test/e2e ./test/perf ./test/restore ./test/upgrade ./test/walls
SCENARIO ?= norway
NAME ?= default
BENCH_ARGS ?=
# Of `make simulate`: how many worlds, and the seed of the first, which is another with each
# commit. WORLDS=20000 SEED=1 plays others.
WORLDS ?= 1000
SEED ?= $(shell printf '%d' 0x$$(git rev-parse --short=8 HEAD 2>/dev/null || echo 1))

# The tools are in the user's cache, beside the control plane, so that a fresh checkout has them. The
# folder is named by what they are built from, so that others are built when that changes.
TOOLS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/allmenning/tools/$(shell cat hack/tools/go.mod hack/tools/go.sum | cksum | cut -d' ' -f1)
CONTROLLER_GEN := $(TOOLS)/controller-gen
CRD_REF_DOCS := $(TOOLS)/crd-ref-docs
GOLANGCI_LINT := $(TOOLS)/golangci-lint-kube-api-linter
GOVULNCHECK := $(TOOLS)/govulncheck

# Sets KUBEBUILDER_ASSETS, unless the caller has a control plane of their own. Building
# one takes 12 minutes the first time, on two cores, and 2 seconds from then on.
WITH_CONTROLPLANE = KUBEBUILDER_ASSETS="$${KUBEBUILDER_ASSETS:-$$(hack/controlplane/build.sh)}"; export KUBEBUILDER_ASSETS

##@ Everyday

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile

.PHONY: generate
generate: $(CONTROLLER_GEN) ## Write deep copies and apply configurations of the API types.
	rm -rf api/v1alpha1/applyconfiguration
	$(CONTROLLER_GEN) object applyconfiguration paths=./api/v1alpha1

.PHONY: manifests
manifests: $(CONTROLLER_GEN) ## Write CRDs and the operator's role, from markers in the code.
	rm -f config/crd/bases/*.yaml
	$(CONTROLLER_GEN) crd paths=./api/v1alpha1 output:crd:dir=config/crd/bases
	$(CONTROLLER_GEN) rbac:roleName=allmenning-manager paths=./controllers/... paths=./cmd/... output:rbac:dir=config/rbac

.PHONY: docs
docs: $(CRD_REF_DOCS) ## Write docs/api.md, the reference of every field.
	mkdir -p docs
	$(CRD_REF_DOCS) --log-level=ERROR --source-path=api/v1alpha1 --config=hack/tools/docs/config.yaml \
	  --renderer=markdown --templates-dir=hack/tools/docs --output-path=docs/api.md

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the Go code and order its imports.
	$(GOLANGCI_LINT) fmt

.PHONY: vet
vet: ## Run go vet.
	go vet $(PKG)

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run the linters of .golangci.yml, with those for Kubernetes APIs.
	$(GOLANGCI_LINT) run $(PKG)

.PHONY: govulncheck
govulncheck: $(GOVULNCHECK) ## Look for known vulnerabilities in what is called; needs vuln.go.dev, or VULNDB=file://...
	@TOOLS=$(TOOLS) hack/govulncheck.sh

##@ Tests (narrow down: PKG=./controllers/rollout TEST_ARGS='-run TestWave -v')

# The race detector is the one thing that needs cgo, hence gcc.
.PHONY: test
test: ## Run every test: unit, golden, CEL, behaviour and end to end, with the race detector.
	@$(WITH_CONTROLPLANE); \
	echo "==> go test -race $(PKG), control plane in $$KUBEBUILDER_ASSETS"; \
	packages="$$(go list $(PKG))"; apart="$$(go list $(UNRACED))"; code=0; \
	raced="$$(grep -vxF "$$apart" <<<"$$packages" || true)"; unraced="$$(grep -xF "$$apart" <<<"$$packages" || true)"; \
	[ -z "$$raced" ] || CGO_ENABLED=1 go test -race -p $(TEST_PROCS) -timeout $(TEST_TIMEOUT) $(TEST_ARGS) $$raced || code=$$?; \
	[ -z "$$unraced" ] || go test -p $(TEST_PROCS) -timeout $(TEST_TIMEOUT) $(TEST_ARGS) $$unraced || code=$$?; \
	exit $$code
	@# The kernel bounds a worker's memory only where the race detector does not take ten times as much.
	@[ "$(PKG)" != "./..." ] || go test -run 'TestHostileBundles|TestTooMuchMemory|TestWhatEarlierBuildsLeft' ./controllers/internal/buildpool
	@# Prometheus itself judges the alerts, in a module of its own.
	@[ "$(PKG)" != "./..." ] || go -C test/alerts test ./...
	@# What is signed is verified by Sigstore's library, in another.
	@[ "$(PKG)" != "./..." ] || go -C hack/sign test ./...
	@# The same worlds each time, and others with each commit.
	@[ "$(PKG)" != "./..." ] || $(MAKE) --no-print-directory simulate WORLDS=200 SEED=1
	@[ "$(PKG)" != "./..." ] || $(MAKE) --no-print-directory simulate WORLDS=40
	@# One guard in fifteen each time: which, follows from the commit.
	@[ "$(PKG)" != "./..." ] || $(MAKE) --no-print-directory guards TURN=$(SEED) OF=15

.PHONY: test-unit
test-unit: ## Run the tests that need no control plane: seconds.
	go test -short -timeout 5m $(TEST_ARGS) $(PKG)

# Not among `make test`: it needs root and packages, and says so where they are missing.
.PHONY: test-node
test-node: ## Run the tests on a real node: who reaches whom by packets; REQUIRED=1 fails where it can't.
	@hack/testnode.sh -timeout 20m $(TEST_ARGS) $(NODE_PKG)

.PHONY: simulate
simulate: ## Play WORLDS (1000) random worlds of rollouts from SEED (of the commit), and check every promise.
	@seed=$(SEED); echo "seed: $$seed"; go run ./test/simulation --worlds=$(WORLDS) --seed=$$seed

# Of 6 turns, turn 3 has the guards 3, 9, 15 and so on.
OF ?= 1
TURN ?= 0
.PHONY: guards
guards: ## Take each guard out of the planner, and see the simulator find out; OF=6 TURN=3 takes a sixth.
	@echo "guards: turn $(TURN) of $(OF)"; go test ./test/simulation -run TestGuards -timeout 60m -args -of=$(OF) -turn=$(TURN)

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (30s).
	FUZZTIME=$(FUZZTIME) hack/fuzz.sh

.PHONY: verify
verify: $(CONTROLLER_GEN) $(CRD_REF_DOCS) ## Fail, by name, on files that are stale: generated, go.mod, gofmt.
	TOOLS=$(TOOLS) hack/verify.sh

.PHONY: bench
bench: ## Measure requests, speed and memory; prints a table and writes dist/bench.json.
	@mkdir -p dist
	@$(WITH_CONTROLPLANE); go run ./test/perf $(BENCH_ARGS)

##@ A cluster on this machine

.PHONY: demo
demo: NAME = demo
demo: ## Show it all: SCENARIO=norway (357 municipalities) or vest-telemark (six).
	@$(WITH_CONTROLPLANE); go run ./hack/demo --scenario=$(SCENARIO) --name=$(NAME)

.PHONY: controlplane
controlplane: ## Build the control plane for tests and demo; prints its folder.
	@hack/controlplane/build.sh

.PHONY: up
up: ## Start a control plane; prints the KUBECONFIG line. NAME=demo for another one.
	@$(WITH_CONTROLPLANE); go run ./hack/cluster up --name=$(NAME)

.PHONY: run
run: ## Run the operator on the control plane of `make up`, with the rights it has in a cluster.
	kubeconfig=$$(go run ./hack/cluster for system:serviceaccount:allmenning-system:allmenning-manager --name=$(NAME)); \
	go run ./cmd/manager --kubeconfig="$$kubeconfig" --log-format=text --metrics-bind-address=0 --health-probe-bind-address=0

.PHONY: down
down: ## Stop it. NAME=demo for the demo's.
	@go run ./hack/cluster down --name=$(NAME)

##@ Build and install

# As in the image: no paths of this machine, no symbol table and no debug data.
# Stack traces and profiles name functions and lines all the same.
.PHONY: build
build: ## Build the programs of cmd/ into dist/, as they are released.
	@mkdir -p dist
	go build -ldflags='-s -w -X $(PROVENANCE).version=$(VERSION) -X $(PROVENANCE).commit=$(COMMIT) -X $(PROVENANCE).date=$(DATE)' -o dist/ ./cmd/...

.PHONY: image
image: ## Build the image IMG for PLATFORMS into dist/, without a container engine; PUSH=1 sends it to the registry.
	@mkdir -p dist
	go run ./hack/image --name=$(IMG) --version=$(VERSION) --platforms=$(PLATFORMS) --layout=dist/image --archive=dist/image.tar $(if $(PUSH),--push)

.PHONY: chart
chart: ## Write the parts of the Helm chart that follow from config/ and from its values.
	go run ./hack/chart

.PHONY: build-installer
build-installer: ## Write dist/install.yaml: config/default in one file, with the image IMG.
	go run ./hack/release manifest --image=$(IMG) --to=dist/install.yaml

.PHONY: release
release: ## Make all files of release VERSION=1.2.3 into dist/release; KEY=cosign.key signs them.
	go run ./hack/release --version=$(VERSION) --to=dist/release $(if $(KEY),--key=$(KEY))

.PHONY: install
install: ## Put the CRDs into the cluster of your KUBECONFIG.
	kubectl apply --server-side -k config/crd

.PHONY: deploy
deploy: ## Put CRDs, policies, roles and the operator into the cluster of your KUBECONFIG.
	kubectl kustomize config/default | sed 's#image: ghcr.io/allmenning/manager:dev#image: $(IMG)#' | kubectl apply --server-side -f -

.PHONY: uninstall
uninstall: ## Take the operator and its CRDs out again; tenants and their apps stay.
	@# CRDs first: the operator has to be there to let go of its finalizers.
	kubectl delete --ignore-not-found -k config/crd
	kubectl delete --ignore-not-found -k config/default

.PHONY: clean
clean: ## Remove what make built here (control plane and tools stay in the user's cache).
	rm -rf dist

# Tools are pinned in hack/tools/go.mod and built once, not at each use. The linters take 10 minutes
# of two cores where Go's build cache is empty.
$(CONTROLLER_GEN): PACKAGE := sigs.k8s.io/controller-tools/cmd/controller-gen
$(CRD_REF_DOCS): PACKAGE := github.com/elastic/crd-ref-docs
$(GOLANGCI_LINT): PACKAGE := sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter
$(GOVULNCHECK): PACKAGE := golang.org/x/vuln/cmd/govulncheck
$(CONTROLLER_GEN) $(CRD_REF_DOCS) $(GOLANGCI_LINT) $(GOVULNCHECK):
	@mkdir -p $(@D)
	@echo "==> building $(@F), once"
	@go -C hack/tools build -o $@ $(PACKAGE)
