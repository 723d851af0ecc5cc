# What there is to do with this repository; `make help` lists it. Recipes are plain POSIX sh and work offline once all is installed.

# Passed on to the program or to cargo: `make run ARGS=--help`, `make test ARGS=nodegroups`, `make bench ARGS='--bench start'`.
ARGS ?=

# Where rustup puts cargo, for a shell that hasn't seen it yet.
CARGO_HOME ?= $(HOME)/.cargo
export PATH := $(CARGO_HOME)/bin:$(PATH)

# The offer file of a region, some 450 MB for us-east-1, is kept outside the tree, where no commit can take it in.
REGION ?= us-east-1
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/cre-backend-api
INSTANCE_TYPES_FILE ?= $(CACHE)/pricing-list-$(REGION).json
PRICING_URL ?= https://pricing.us-east-1.amazonaws.com

IMAGE ?= cre-backend-api
DOCKER ?= docker
PORT ?= 8000
# Options for `docker run`, such as `--env-file .env`.
DOCKER_ARGS ?=
VOLUME = $(IMAGE)-gitops

.PHONY: all
all: lint build unit ## (default) check the format, lint, build, run the unit tests

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-24s%s\n", $$1, $$2 }' Makefile

.PHONY: run
run: setup-run ## run the service on http://127.0.0.1:8000; installs what is missing first
# A development build: a fresh machine has it much sooner than an optimised one, and it is quick enough to try everything out.
	cargo run --locked -- $(ARGS)

.PHONY: test
test: setup-test ## run all tests: unit, integration, documentation; installs what is missing first
	cargo test --locked $(ARGS)

.PHONY: cluster-assets
cluster-assets: ## build the API server, etcd, kubectl and the Sealed Secrets controller that tests start, with Go; prints their folder
	@tests/cluster/assets/build

.PHONY: unit
unit: setup-run ## run the unit tests
	cargo test --locked --lib $(ARGS)

.PHONY: build
build: setup-run ## build for development
	cargo build --locked

.PHONY: fmt
fmt: setup-lint ## format the code
	cargo fmt

.PHONY: lint
lint: setup-lint ## check the format, and clippy without a warning
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

.PHONY: deny
deny: setup-deny ## hold the dependencies to deny.toml: advisories, licences, one stack of cryptography
	@.ci/deny

.PHONY: image-test
image-test: setup-run ## build the image without a registry, where buildah or a Docker engine is, and try it
	@.ci/image

.PHONY: doc
doc: setup-run ## build the documentation of the code, private items too
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

.PHONY: bench
bench: setup-bench ## measure: start, memory, price lists, sealing, the cost of a request and of a list, pull requests; prints tables
	cargo bench --locked $(or $(ARGS),--bench start --bench adapters --bench sealing --bench offer_file --bench http --bench lists --bench git)

# Seconds for the longest test of `make soak`.
SOAK_SECONDS ?= 300

.PHONY: soak
soak: setup-test ## faults and load: many and slow connections, endless bodies, stops, starvation, saturation (SOAK_SECONDS=300)
	SOAK_SECONDS=$(SOAK_SECONDS) cargo test --locked --test integration -- --ignored --test-threads 1 soak $(ARGS)

# Seconds for `make fuzz`, and its memory in MiB: more than the fuzzer's own means that the reader took it.
FUZZ_SECONDS ?= 60
FUZZ_RSS ?= 512

# The fuzzer is a workspace of its own, with the versions that the service has.
fuzz/Cargo.lock: Cargo.lock
	cp $< $@

.PHONY: fuzz
fuzz: setup-fuzz fuzz/Cargo.lock ## feed names, manifests, tokens and price lists with hostile input (FUZZ_SECONDS=60 each); findings are kept in fuzz/artifacts
# No sanitizer, as there is no unsafe code to look into; so the stable toolchain does. What is new goes to a folder of its own, not to the seeds.
	@mkdir -p fuzz/found fuzz/found_names fuzz/found_manifests fuzz/found_tokens
	for target in names manifests tokens; do \
	  cargo fuzz run --sanitizer none $$target fuzz/found_$$target -- -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
	    -rss_limit_mb=$(FUZZ_RSS) -timeout=20 || exit 1; \
	done
	cargo fuzz run --sanitizer none offer_file fuzz/found fuzz/corpus/offer_file -- -dict=fuzz/offer_file.dict \
	  -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -rss_limit_mb=$(FUZZ_RSS) -timeout=20 $(ARGS)

.PHONY: rust-toolchain-setup
rust-toolchain-setup: setup-lint ## install Rust with rustfmt and clippy, where it is missing or too old

# setup-…: what each needs; nothing is touched when it is there.
.PHONY: setup-run setup-test setup-lint setup-deny setup-fuzz setup-download setup-bench
setup-run setup-test setup-lint setup-deny setup-fuzz setup-download setup-bench:
	@.ci/setup $(@:setup-%=%)

# The index names the newest version, whose address never changes its content: so a download can go on where it stopped.
.PHONY: instance-types-download
instance-types-download: setup-download ## download AWS's EC2 offer file (REGION=us-east-1, some 450 MB)
	@mkdir -p "$(dir $(INSTANCE_TYPES_FILE))"
	@set -e; \
	index=$$(curl --fail --silent --show-error --location "$(PRICING_URL)/offers/v1.0/aws/AmazonEC2/current/region_index.json"); \
	path=$$(printf %s "$$index" | tr -d ' \n' | grep -o '"$(REGION)":{[^}]*}' | grep -o '/offers/[^"]*/index\.json') || \
	  { echo "AWS lists no offer file for the region $(REGION)" >&2; exit 1; }; \
	part="$(INSTANCE_TYPES_FILE).$$(printf %s "$$path" | cksum | cut -d ' ' -f 1).part"; \
	curl --fail --location --retry 5 --continue-at - --output "$$part" "$(PRICING_URL)$$path"; \
	mv "$$part" "$(INSTANCE_TYPES_FILE)"
	@echo "To use it: INSTANCE_TYPES_FILE_SOURCE=$(INSTANCE_TYPES_FILE) make run"

.PHONY: docker-build
docker-build: ## build the image
	$(DOCKER) build --build-arg RUST_VERSION=$$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml) --tag $(IMAGE) .

.PHONY: docker-run
docker-run: ## run the image on http://127.0.0.1:8000 (PORT=8000); its repository and keys are kept in a volume
# In a container the service must bind 0.0.0.0, which it refuses without authentication. Here the port is published on this
# machine's loopback only, as without a container: AUTH=none says that this is meant. Only requests for a loopback host are
# answered still.
	$(DOCKER) run --rm --name $(IMAGE) --publish 127.0.0.1:$(PORT):8000 --env AUTH=none \
	  --volume $(VOLUME):/app/.gitops --cap-drop ALL --security-opt no-new-privileges $(DOCKER_ARGS) $(IMAGE) $(ARGS)

.PHONY: docker-clean
docker-clean: ## remove the container and the image; the volume stays, as the keys are in it
	-$(DOCKER) rm --force $(IMAGE)
	-$(DOCKER) image rm $(IMAGE)
	@echo "The repository and the keys are still there; to remove them too: $(DOCKER) volume rm $(VOLUME)"

.PHONY: clean
clean: ## remove what was built; .env and .gitops stay
	cargo clean
