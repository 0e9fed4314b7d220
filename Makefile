# `make help` lists what there is. Needs Go, git, make and bash; everything
# else is built from Go modules into bin/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

ROOT := $(CURDIR)
BIN := $(ROOT)/bin
TOOLS := $(ROOT)/hack/tools

VERSION ?= $(shell git describe --tags --always --dirty --match 'v*' 2>/dev/null || echo unknown)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# What `make test` runs: TEST_PACKAGES=./internal/... TEST_FLAGS='-run Patch'
TEST_PACKAGES ?= ./...
TEST_FLAGS ?=
TEST_TIMEOUT ?= 15m
# How long `make fuzz` tries each target, and how many inputs `make test` tries.
FUZZ_TIME ?= 10m
FUZZ_TEST_TIME ?= 2000x
# RACE= runs the tests without the race detector, which needs a C compiler.
RACE ?= -race

# A tool is a Go module's `tool`, built again when its go.mod or go.sum changes.
CONTROLLER_GEN := $(BIN)/controller-gen
GOTESTSUM := $(BIN)/gotestsum
GOLANGCI_LINT := $(BIN)/golangci-lint
PROMTOOL := $(BIN)/promtool
HELM := $(BIN)/helm
HELM_UNITTEST := $(BIN)/helm-unittest

##@ Try it

.PHONY: demo
demo: controlplane build ## Run the main job on a real API server; ONCE=1 checks every step and ends.
	@ONCE=$(ONCE) hack/demo.sh

##@ Develop

.PHONY: build
build: ## Build bin/rollcall, bin/idpsim and bin/kubectl-rollcall.
	@CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/...

# PUSH=REGISTRY/REPOSITORY:TAG pushes it, INSECURE=1 over plain HTTP.
.PHONY: image
image: ## Build the container image without Docker into bin/image/layout, and print its digest and size.
	@VERSION='$(VERSION)' PUSH='$(PUSH)' INSECURE='$(INSECURE)' hack/image.sh

.PHONY: plugin
plugin: ## Build the archives of the kubectl plugin that .krew.yaml names into bin/plugin, and print their checksums.
	@VERSION='$(VERSION)' COMMIT='$(COMMIT)' hack/plugin.sh

.PHONY: test
test: controlplane $(GOTESTSUM) $(HELM) c-compiler ## Run all tests: unit, property, integration (real API server), with the race detector; fuzz a little.
	@$(GOTESTSUM) --format pkgname -- $(RACE) -count=1 -timeout $(TEST_TIMEOUT) $(TEST_FLAGS) $(TEST_PACKAGES)
	@$(if $(TEST_FLAGS)$(filter-out ./...,$(TEST_PACKAGES)),,hack/fuzz.sh $(FUZZ_TEST_TIME) $(or $(RACE),-race=false))
	@$(if $(TEST_FLAGS)$(filter-out ./...,$(TEST_PACKAGES)),,$(MAKE) image-test helm-unittest)

.PHONY: image-test
image-test:
	@GOWORK=off go -C hack/image test -count=1 ./...

# URL and TOKEN name another service provider; ARGS='--run ^patch/ -o json'
.PHONY: conformance
conformance: ## Check SCIM conformance: of the operator on a control plane of its own, or of URL= with TOKEN=.
	@$(if $(URL),,$(MAKE) controlplane)
	@CONFORMANCE_TOKEN='$(TOKEN)' go run ./test/conformance/cmd/conformance --url '$(URL)' $(ARGS)

.PHONY: conformance-docs
conformance-docs: ## Write docs/conformance.md from the suite.
	@mkdir -p $(BIN)
	@go run ./test/conformance/cmd/conformance --docs >$(BIN)/conformance.md
	@mv $(BIN)/conformance.md docs/conformance.md

# ARGS='-run ^get_user$$ -users 100000 -cpuprofile /tmp/profiles'
.PHONY: bench
bench: controlplane ## Measure every row of docs/performance.md against bare client-go and bare net/http.
	@go run ./test/bench/cmd/bench $(ARGS)

# make scale USERS=100000 GROUPS=5000 MEMBERSHIPS=1000000 ARGS='-profiles /tmp/profiles'
USERS ?= 100000
.PHONY: scale
scale: controlplane ## Fill a control plane with USERS= GROUPS= MEMBERSHIPS= and measure what that takes: docs/scale.md.
	@go run ./test/scale/cmd/scale -users $(USERS) $(if $(GROUPS),-groups $(GROUPS)) $(if $(MEMBERSHIPS),-memberships $(MEMBERSHIPS)) $(ARGS)

# SEED=7 TIME=2m RACE=1 (a build with the race detector); SOAK=15m: no faults.
.PHONY: chaos
chaos: controlplane ## Run replicas under load while everything around them fails; check that nothing is lost (TIME, SEED, RACE=1, SOAK).
	@go run ./test/chaos/cmd/chaos $(if $(SEED),-seed $(SEED)) $(if $(TIME),-time $(TIME)) $(if $(SOAK),-soak $(SOAK)) $(if $(filter 1,$(RACE)),-race) $(ARGS)

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZ_TIME each (default 10m); what they find is in bin/fuzz.
	@hack/fuzz.sh $(FUZZ_TIME)

# BENCH_USERS=1000,10000 compares other numbers of users.
BENCH_USERS ?= 1000,100000
.PHONY: bench-filter
bench-filter: controlplane ## Print what filters and PATCH cost with 1,000 and with 100,000 users.
	@go test -run '^$$' -bench . -benchtime 2s -timeout 1h ./test/scale -users $(BENCH_USERS)

.PHONY: verify
verify: generate manifests fmt vet lint links alerts dockerfile ## Generate, format, vet, lint, check links, alerts and the Dockerfile, then fail unless the git tree is clean.
	@hack/clean-tree.sh

.PHONY: generate
generate: $(CONTROLLER_GEN) ## Generate the deepcopy methods of the API types, and docs/conformance.md.
	@$(CONTROLLER_GEN) object paths=./api/...
	@$(MAKE) --no-print-directory conformance-docs observability

.PHONY: manifests
manifests: $(CONTROLLER_GEN) ## Generate the CRDs, docs/reference from them, and the operator's ClusterRole.
	@$(CONTROLLER_GEN) crd paths=./api/... output:crd:dir=config/crd/bases
	@go run ./hack/docs/reference config/crd/bases config/samples docs/reference
	@$(CONTROLLER_GEN) rbac:roleName=rollcall-manager paths='{./cmd/...,./internal/...}' output:rbac:dir=config/rbac
	@$(MAKE) --no-print-directory chart

.PHONY: chart
chart: ## Generate what of charts/rollcall follows from config/ and the comments in values.yaml.
	@go run ./hack/chart

.PHONY: helm-lint
helm-lint: controlplane $(HELM) ## Lint the chart; apply it with each ci/*-values.yaml to a real API server (dry run); compare it with config/.
	@go test -count=1 ./test/chart

# On another cluster: KUBECONFIG=FILE IMAGE=REPOSITORY TAG=TAG UPGRADE_TAG=TAG
.PHONY: e2e
e2e: build $(HELM) ## Install the chart on a real cluster, connect identity providers, upgrade, uninstall: a node of its own (root on Linux), or KUBECONFIG.
	@hack/e2e.sh

.PHONY: helm-unittest
helm-unittest: $(HELM_UNITTEST) ## Run the chart's unit tests, charts/rollcall/tests.
	@$(HELM_UNITTEST) --strict --file 'tests/*_test.yaml' charts/rollcall

# VERSION=v1.2.3 is the git tag.
.PHONY: helm-package
helm-package: $(HELM) ## Package the chart in VERSION, with the image of the same version, into bin/rollcall-VERSION.tgz.
	@[[ '$(VERSION)' =~ ^v[0-9]+\.[0-9]+\.[0-9]+ ]] || { echo "VERSION is $(VERSION); a chart needs one like v1.2.3" >&2; exit 1; }
	@rm -rf $(BIN)/chart && cp -R charts/rollcall $(BIN)/chart
	@sed -i.orig 's/rollcall:v[0-9.]*$$/rollcall:$(VERSION)/' $(BIN)/chart/Chart.yaml && rm $(BIN)/chart/Chart.yaml.orig
	@$(HELM) package $(BIN)/chart --version '$(VERSION:v%=%)' --app-version '$(VERSION)' --destination $(BIN)

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the code.
	@$(GOLANGCI_LINT) fmt

# The tests of hack/docs/metrics and hack/dashboard find what is not up to date.
.PHONY: observability
observability: ## Generate docs/metrics.md and the Grafana dashboard from the code.
	@go run ./hack/docs/metrics docs/metrics.md
	@go run ./hack/dashboard charts/rollcall/files/dashboard.json

.PHONY: alerts
alerts: $(PROMTOOL) ## Check the alerting rules, and test that each fires when it should.
	@$(PROMTOOL) check rules charts/rollcall/files/alerts.yaml
	@$(PROMTOOL) test rules hack/alerts/alerts_test.yaml

.PHONY: dashboard-schema
dashboard-schema: ## Check the dashboard against the types that Grafana publishes (needs Node.js and npm).
	@hack/dashboard/schema.sh

.PHONY: dockerfile
dockerfile: ## Check the Dockerfile: its syntax and style, and that what it copies is there.
	@GOWORK=off go -C hack/tools/dockerfile run -mod=readonly . ../../../Dockerfile

.PHONY: vet
vet: ## Run go vet.
	@go vet ./...

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Run the linters; .golangci.yml says which.
	@$(GOLANGCI_LINT) run

.PHONY: links
links: ## Check that every link between the documents leads somewhere.
	@go run ./hack/docs/links README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs

##@ What the rest needs

.PHONY: controlplane
controlplane: ## Build etcd, kube-apiserver, kube-controller-manager and kubectl (or use KUBEBUILDER_ASSETS).
	@hack/controlplane.sh >/dev/null

.PHONY: tools
tools: $(CONTROLLER_GEN) $(GOTESTSUM) $(GOLANGCI_LINT) $(HELM) $(HELM_UNITTEST) ## Build the tools that are pinned under hack/tools.

.PHONY: clean
clean: ## Remove everything that was built.
	@rm -rf $(BIN)

.PHONY: help
help: ## Show this list.
	@awk 'BEGIN { FS = ":.*## "; print "Usage: make TARGET" } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z0-9-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: c-compiler
c-compiler:
	@if [[ -n "$(RACE)" ]] && ! command -v "$$(go env CC | cut -d' ' -f1)" >/dev/null; then \
	  echo "The race detector needs a C compiler (for example: apt-get install gcc libc6-dev)," >&2; \
	  echo "and there is none. Without the race detector: make test RACE=" >&2; exit 1; fi

# A cgo-free build needs no C compiler either.
define build_tool # MODULE-DIRECTORY PACKAGE
	@echo "building $(@F) ..."
	@mkdir -p $(@D)
	@GOWORK=off CGO_ENABLED=0 go -C $(1) build -mod=readonly -trimpath -ldflags '-s -w' -o $@ $(2)
	@touch $@
endef

$(CONTROLLER_GEN): $(TOOLS)/go.mod $(TOOLS)/go.sum
	$(call build_tool,$(TOOLS),sigs.k8s.io/controller-tools/cmd/controller-gen)

$(GOTESTSUM): $(TOOLS)/go.mod $(TOOLS)/go.sum
	$(call build_tool,$(TOOLS),gotest.tools/gotestsum)

$(GOLANGCI_LINT): $(TOOLS)/golangci-lint/go.mod $(TOOLS)/golangci-lint/go.sum
	$(call build_tool,$(TOOLS)/golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint)

$(HELM): $(TOOLS)/helm/go.mod $(TOOLS)/helm/go.sum
	$(call build_tool,$(TOOLS)/helm,helm.sh/helm/v4/cmd/helm)

$(HELM_UNITTEST): $(TOOLS)/helm-unittest/go.mod $(TOOLS)/helm-unittest/go.sum
	$(call build_tool,$(TOOLS)/helm-unittest,github.com/helm-unittest/helm-unittest/cmd/helm-unittest)

# Without the service discovery of every cloud it takes a quarter of the time.
$(PROMTOOL): export GOFLAGS := -tags=remove_all_sd
$(PROMTOOL): $(TOOLS)/promtool/go.mod $(TOOLS)/promtool/go.sum
	$(call build_tool,$(TOOLS)/promtool,github.com/prometheus/prometheus/cmd/promtool)
