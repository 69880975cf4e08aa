# Entry points; cargo and the runner do the work. `make run` and `make test` start
# from a bare Debian 12 with rustup's cargo.

CARGO ?= cargo
RUNNER = $(CARGO) run --quiet --package runner --
# Which guests, and more flags for the runner:
#   make run GUESTS="--arch loongarch64 --libc musl" FLAGS="--pcap"
GUESTS ?=
FLAGS ?=

# How often `make baselines` boots each kernel (six give an interval), and what it measures.
BOOTS ?= 6
MEASURED ?= iperf3,netperf

.PHONY: help run test all contest setup check test-host test-guest images shell qemu10 everything oracle baselines corpus doctor rust linker

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

run: setup ## from nothing to a report for riscv64: smoke, echo, iperf3, netperf
	$(RUNNER) $(or $(GUESTS),--arch riscv64) --suite smoke,echo,iperf3,netperf $(FLAGS)

test: setup test-host test-guest ## all tests: on the host, then guests of both architectures

all: linker ## the kernels: kernel-rv and kernel-la
	$(RUNNER) build

contest: linker rust ## a tree in target/contest whose `make all` builds without network, as a contest's judge does
	$(RUNNER) build --contest

setup: linker ## install what this machine lacks (as root); twice does nothing
	$(RUNNER) setup

check: linker rust ## formatting and lints: the host's crates, the kernel for both targets
	$(CARGO) fmt --all --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(RUNNER) build --lint

test-host: linker ## tests without QEMU
	$(CARGO) test --no-fail-fast

test-guest: setup ## boots, shell, sockets, processes on four targets
	$(RUNNER) $(or $(GUESTS),--arch all --libc all) --suite smoke,conformance $(FLAGS)

images: setup ## the guests' disks, from the cache where they are there
	$(RUNNER) image

shell: setup ## a shell in a riscv64 guest
	$(RUNNER) shell $(GUESTS) $(FLAGS)

qemu10: setup ## QEMU 10 beside the machine's own; prints its directory for --qemu
	$(RUNNER) setup --qemu10

everything: setup ## every suite on four targets
	$(RUNNER) $(or $(GUESTS),--arch all --libc all) $(FLAGS)

oracle: setup ## smoke, echo, iperf3, netperf on this kernel and on Linux, compared
	$(RUNNER) $(or $(GUESTS),--arch all --libc all) --suite smoke,echo,iperf3,netperf --kernel ours,linux $(FLAGS)

baselines: setup ## this kernel and Linux measured BOOTS times, and the pages made of it, in target/baselines
	rm -rf target/baselines && mkdir -p target && cp -r docs/process/baselines target/baselines
	for boot in $$(seq $(BOOTS)); do \
	  $(RUNNER) $(or $(GUESTS),--arch all --libc all) --suite $(MEASURED) --kernel ours,linux --out target/baselines/runs $(FLAGS) || exit; \
	done
	$(RUNNER) baseline target/baselines/runs --accept --dir target/baselines

corpus: linker ## the bad serial logs and the verdict on each
	$(CARGO) test --quiet --package runner --test corpus every_log -- --nocapture

doctor: linker ## what this machine has and lacks
	$(RUNNER) doctor --arch all

rust: linker
	$(RUNNER) setup --rust

# cargo links with cc; everything else is the runner's to install.
linker:
	@command -v cc >/dev/null || { echo "setup: installing gcc and libc6-dev (cargo links with them)"; apt-get -q update && apt-get -qy install --no-install-recommends gcc libc6-dev; }
