# SPDX-License-Identifier: GPL-2.0-or-later
# Short names for what is done often. `make help` lists them; meson and ninja do the work.

BUILD  ?= build
PREFIX ?= /usr/local

all: $(BUILD)/build.ninja ## build everything into build/
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@out=$$(meson setup --prefix $(PREFIX) $(BUILD)) || { echo "$$out"; exit 1; }

run: ## install what is missing, build, and run the corpus on the spec, every era and this kernel
	@scripts/install-packages build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet cowherd man/cowherd.1 man/cowherd-litmus.5
	@$(BUILD)/cowherd run tests/litmus --on spec,model,host

conform: ## hold this kernel and those in the cache, which it fills, against the model of their era
	@scripts/install-packages conform
	@$(MAKE) --no-print-directory all
	@$(BUILD)/cowherd kernels fetch || echo "conform: so it is the kernels that are in the cache"
	@machines=; $(BUILD)/cowherd kernels | grep -q '^kernel' && machines=,vm; \
	$(BUILD)/cowherd conform tests/litmus --on host$$machines --known tests/litmus/divergences.txt \
		--html $(BUILD)/conform.html --json $(BUILD)/conform.json $(CONFORM)

check: ## install what is missing, and run every test: all builds, corpus, stress, lint, fuzz, coverage
	@scripts/install-packages check
	@scripts/check

install: $(BUILD)/build.ninja ## install the command, its manual, libcowherd-mm and its headers (PREFIX, DESTDIR)
	@meson configure $(BUILD) --prefix $(PREFIX)
	@ninja -C $(BUILD)
	@meson install -C $(BUILD) --no-rebuild

lint: ## check the layout and the sources without running them
	@scripts/check lint

fuzz: ## let each fuzzer run for FUZZ_SECONDS (default 60)
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-60} scripts/check fuzz

coverage: ## print which lines of mm/ the tests reach
	@scripts/check coverage

mutants: ## break mm/ in many small ways, and print which of them no test notices
	@scripts/install-packages mutants
	@tests/mutants/run $(MUTANTS)

bench: all ## measure the corpus over the spec and every era
	@bench/run $(BUILD)

bench-spin: ## install SPIN if it is missing, and measure run --fine beside it
	@scripts/install-packages bench-spin
	@$(MAKE) --no-print-directory all
	@bench/spin/run $(BUILD)

format: ## lay out every C file as .clang-format says
	@find port mm litmus check spec targets tool tests bench -name "*.[ch]" | xargs clang-format -i

clean: ## remove every build directory
	@rm -rf build build-check

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

.PHONY: all run conform check install lint fuzz coverage mutants bench bench-spin format clean help
