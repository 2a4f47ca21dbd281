# Every target works in a fresh clone or an unpacked archive, with an empty or
# missing HOME, on a machine with Go and gcc. Go fetches the modules of go.sum;
# nothing else is fetched or installed.

SHELL       := /bin/bash -o pipefail
.SHELLFLAGS := -e -c
MAKEFLAGS   += --no-print-directory
.DEFAULT_GOAL := help

GO     ?= go
CC     := $(if $(filter default,$(origin CC)),gcc,$(CC))
CXX    := $(if $(filter default,$(origin CXX)),g++,$(CXX))
PYTHON ?= python3
PREFIX ?= /usr/local

# Seconds that `make check` gives to each fuzz target.
FUZZTIME  ?= 5s
# Which benchmarks `make bench` runs, and how often.
BENCH     ?= .
BENCHRUNS ?= 5
# Flags of `ssrl demo` behind `make demo`.
DEMO      := --out build/demo $(if $(QUICK),--quick) $(if $(SEED),--seed $(SEED))

VERSION := $(shell sed -n 's/^const Version = "\(.*\)"$$/\1/p' ssrl/version.go)
SONAME  := libssrl.so.$(firstword $(subst ., ,$(VERSION)))

# The version stands in the source, so the build asks no version control, and
# an unpacked archive builds the same files as a clone.
export GOFLAGS := $(filter-out -buildvcs=%,$(GOFLAGS)) -buildvcs=false
# Go wants a place for its caches. Without HOME they go below build/; the dot
# hides them from ./... and -modcacherw lets `make clean` delete them.
ifeq ($(HOME)$(GOCACHE),)
export GOCACHE := $(CURDIR)/build/.go/cache
endif
ifeq ($(HOME)$(GOPATH)$(GOMODCACHE),)
export GOPATH := $(CURDIR)/build/.go
GOFLAGS += -modcacherw
endif

# The parts of the tree that are there.
CAPI  := $(wildcard capi/ssrl.h)
CUDA  := $(wildcard ssrl/internal/cuda/*.go)
CODE  := $(wildcard ssrl capi bindings examples kernels)
# Tests see no results of earlier runs: some read files outside their module,
# and Go's test cache does not watch those.
TEST  := $(GO) -C ssrl test -count=1
# Packages of the root module; it may have none.
ROOT   = $(shell $(GO) list ./... 2>/dev/null)

.PHONY: help need build demo test test-bindings test-peers test-install test-examples test-readme check fuzz header symbols \
        gpu kernels bench bench-compare golden reference sizes install clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F@ '{ printf "%-22s %s\n", $$1, $$2 }'

# One line for each thing that is missing.
need:
	@bad=; \
	v=$$(cd ssrl && $(GO) env GOVERSION 2>/dev/null || true); \
	case $$v in \
	  go1.2[6-9]*|go1.[3-9][0-9]*|go[2-9]*|devel*) ;; \
	  *) echo "need: Go 1.26 or newer (found: $$($(GO) version 2>/dev/null || echo none))" >&2; bad=1;; \
	esac; \
	command -v $(CC) >/dev/null || { echo "need: a C compiler (found no $(CC))" >&2; bad=1; }; \
	test -z "$$bad"

build: need ## libssrl.so, libssrl.a, ssrl.h and the ssrl command into build/
	@mkdir -p build
ifneq ($(wildcard ssrl/cmd/ssrl/*.go),)
	$(GO) -C ssrl build -trimpath -ldflags '-s -w' -o ../build/ssrl ./cmd/ssrl
endif
ifneq ($(CAPI),)
	CGO_ENABLED=1 CC=$(CC) $(GO) build -trimpath -buildmode=c-shared -o build/$(SONAME) \
	  -ldflags "-s -w \"-extldflags=-Wl,-soname,$(SONAME) '-Wl,--version-script=$(CURDIR)/capi/ssrl.map'\"" ./capi
	CGO_ENABLED=1 CC=$(CC) $(GO) build -trimpath -buildmode=c-archive -o build/libssrl.a -ldflags '-s -w' ./capi
	@# The header is written by hand; the ones that cgo writes are not for users.
	@rm -f build/libssrl*.h
	@ln -sf $(SONAME) build/libssrl.so
	@cp capi/ssrl.h build/ssrl.h
endif

demo: build ## scenes, questions, SFT, GRPO, evaluation and a report in build/demo; QUICK=1 for a short one
	@rm -rf build/demo
	build/ssrl demo $(DEMO)

test: build test-bindings test-examples test-readme ## every test that needs no GPU: bindings, examples, both Go modules
	@if test -n '$(ROOT)'; then echo '$(GO) test ./...'; $(GO) test -count=1 ./...; fi
	$(TEST) ./...

# What a program outside Go needs at run time, and a C or C++ one to be built.
LIBRARY = SSRL_LIBRARY='$(CURDIR)/build/libssrl.so' PYTHONPATH='$(CURDIR)/bindings/python' PYTHONDONTWRITEBYTECODE=1
CLIKE   = -Wall -Wextra -Wpedantic -Werror -Icapi -Ibindings/cpp
LINK    = -Lbuild -lssrl -lm '-Wl,-rpath,$(CURDIR)/build'
# Debian's gcc comes without g++ and Python: what cannot be tested is named.
HAVE    = command -v $(1) >/dev/null || { echo '$(2): not tested, there is no $(1)'; exit 0; }

test-bindings: build
ifneq ($(wildcard bindings/cpp/test.cc),)
	@$(call HAVE,$(CXX),bindings/cpp); set -x; \
	$(CXX) -std=c++17 $(CLIKE) bindings/cpp/test.cc $(LINK) -o build/test-cpp; build/test-cpp; \
	$(CXX) -std=c++17 $(CLIKE) -include bindings/cpp/opencv_stub.hpp bindings/cpp/test.cc $(LINK) -o build/test-cpp; build/test-cpp
endif
	@$(MAKE) test-install
ifneq ($(wildcard bindings/python/tests),)
	@$(call HAVE,$(PYTHON),bindings/python); set -x; \
	$(LIBRARY) $(PYTHON) -m unittest discover -s bindings/python/tests
	@$(MAKE) test-peers
endif

# What the Python binding meets elsewhere, numpy and Pillow, and mypy, come from
# the package registry into build/peers. Where there is none, that is named.
PEERS = mypy==1.18.2 numpy==2.3.4 pillow==12.0.0
test-peers: build
	@$(call HAVE,$(PYTHON),bindings/python with peers); \
	test -f build/peers/done || { rm -rf build/peers; $(PYTHON) -m venv build/peers && \
	  build/peers/bin/pip install -q --disable-pip-version-check --retries 1 --timeout 10 $(PEERS) && touch build/peers/done; } >build/peers.log 2>&1 || \
	  { echo 'bindings/python with mypy, numpy and Pillow: not tested, build/peers.log says why'; exit 0; }; \
	set -x; build/peers/bin/mypy --strict --cache-dir build/peers/cache bindings/python/ssrl examples/python; \
	$(LIBRARY) build/peers/bin/python -m unittest discover -s bindings/python/tests -p 'peers*.py'

# What `make install` leaves is found by pkg-config and by CMake.
test-install: build
	@rm -rf build/installed && mkdir -p build/installed && $(MAKE) install DESTDIR= PREFIX='$(CURDIR)/build/installed' >build/installed/log
	@$(call HAVE,pkg-config,pkg-config file); $(call HAVE,$(CXX),pkg-config file); \
	$(CXX) -std=c++17 bindings/cpp/test.cc $$(PKG_CONFIG_PATH=build/installed/lib/pkgconfig pkg-config --cflags --libs libssrl) \
	  -Wl,-rpath,'$(CURDIR)/build/installed/lib' -o build/installed/by-pkg-config && build/installed/by-pkg-config
	@$(call HAVE,cmake,CMake package); $(call HAVE,$(CXX),CMake package); mkdir -p build/installed/project; \
	printf '%s\n' 'cmake_minimum_required(VERSION 3.13)' 'project(p CXX)' 'find_package(ssrl 0.1 CONFIG REQUIRED)' \
	  'add_executable(by-cmake $(CURDIR)/bindings/cpp/test.cc)' 'target_link_libraries(by-cmake ssrl::ssrl)' > build/installed/project/CMakeLists.txt; \
	cmake -S build/installed/project -B build/installed/project/out -DCMAKE_PREFIX_PATH='$(CURDIR)/build/installed' -DCMAKE_CXX_COMPILER='$(CXX)' >>build/installed/log && \
	cmake --build build/installed/project/out >>build/installed/log && build/installed/project/out/by-cmake

# An example takes no arguments and leaves its files where it runs; what it
# prints is shown when it fails.
define EXAMPLE
example() { echo "example $$1"; mkdir -p "build/examples/$$1.out"; \
  (cd "build/examples/$$1.out" && "$${@:2}" >stdout) || { cat "build/examples/$$1.out/stdout"; exit 1; }; }
endef

test-examples: build
	@rm -rf build/examples && mkdir -p build/examples
	@$(EXAMPLE); for f in $(wildcard examples/go/*/main.go); do d=$$(dirname $$f); n=go-$$(basename $$d); \
	  $(GO) build -o build/examples/$$n ./$$d; example $$n ../$$n; done
	@$(EXAMPLE); for f in $(wildcard examples/c/*.c); do n=c-$$(basename $$f .c); \
	  $(CC) -std=c11 $(CLIKE) $$f $(LINK) -o build/examples/$$n; example $$n ../$$n; done
ifneq ($(wildcard examples/cpp/*.cc),)
	@$(call HAVE,$(CXX),examples/cpp); $(EXAMPLE); for f in $(wildcard examples/cpp/*.cc); do n=cpp-$$(basename $$f .cc); \
	  $(CXX) -std=c++17 $(CLIKE) $$f $(LINK) -o build/examples/$$n; example $$n ../$$n; done
endif
ifneq ($(wildcard examples/python/*.py),)
	@$(call HAVE,$(PYTHON),examples/python); $(EXAMPLE); for f in $(wildcard examples/python/*.py); do \
	  example python-$$(basename $$f .py) env $(LIBRARY) $(PYTHON) '$(CURDIR)'/$$f; done
endif
	@# Every language gets the same answer.
	@for f in build/examples/*-spatial_ssrl_7b.out/stdout; do cmp build/examples/go-spatial_ssrl_7b.out/stdout $$f; done

# The programs and commands of README.md but the first two, as they stand there.
FENCED = sed -n '/^```$(1)$$/,/^```$$/{/^```/d;p}' README.md
test-readme: build
	@rm -rf build/readme && mkdir -p build/readme
	@$(call FENCED,go) > build/readme/train.go; $(call FENCED,python) > build/readme/ask.py
	@$(call FENCED,cpp) > build/readme/robot.cc; $(call FENCED,c) > build/readme/ask.c
	@$(call FENCED,sh) | sed '/^make demo/d; /^make test/d; s:build/try:build/readme:g' > build/readme.sh
	@$(call HAVE,g++,README.md); $(call HAVE,python3,README.md); echo README.md; \
	bash -e build/readme.sh > build/readme.log 2>&1 </dev/null || { cat build/readme.log; exit 1; }

check: build header symbols ## gofmt, vet, race, noasm, no cgo, arm64, layers, API, header, symbols, fuzz, sizes
	@unformatted=$$("$$($(GO) env GOROOT)/bin/gofmt" -l $(CODE)); test -z "$$unformatted" || { echo "not gofmt-clean: $$unformatted"; exit 1; }
	$(GO) -C ssrl vet ./...
	@if test -n '$(ROOT)'; then echo '$(GO) vet ./...'; $(GO) vet ./...; fi
	$(TEST) -run '^(TestLayers|TestModules|TestAPI|TestReadme.*)$$' .
	CGO_ENABLED=0 $(GO) -C ssrl vet ./...
	CGO_ENABLED=0 GOARCH=arm64 GOOS=linux $(GO) -C ssrl vet ./...
ifneq ($(wildcard ssrl/internal/cpu/*.go),)
	$(TEST) -tags noasm ./internal/cpu/... ./internal/rgbd/...
	CGO_ENABLED=0 $(TEST) ./internal/cpu/...
endif
	$(TEST) -race ./...
	@$(MAKE) fuzz
	@$(MAKE) sizes

header: need # the header alone compiles in every dialect that programs use
ifneq ($(CAPI),)
	@for std in c99 c11 c17; do echo "header as $$std"; echo '#include "ssrl.h"' | $(CC) -std=$$std -Wall -Wextra -Wpedantic -Werror -Icapi -fsyntax-only -x c -; done
	@if command -v $(CXX) >/dev/null; then for std in c++11 c++17 c++20; do echo "header as $$std"; echo '#include "ssrl.h"' | $(CXX) -std=$$std -Wall -Wextra -Wpedantic -Werror -Icapi -fsyntax-only -x c++ -; done; fi
endif

symbols: build # the library exports what the header declares, and nothing else
ifneq ($(CAPI),)
	@diff <(sed 's://.*::; s:/\*.*\*/::' capi/ssrl.h | grep -v '^typedef' | grep -oE '\bssrl_[a-z0-9_]+ *\(' | tr -d ' (' | sort -u) \
	      <(nm -D --defined-only build/libssrl.so | awk '$$2 ~ /[TDBR]/ { sub(/@.*/, "", $$3); print $$3 }' | sort -u) \
	  && echo 'symbols: header and library agree'
endif

fuzz: need # every fuzz target of both modules for FUZZTIME
	@mkdir -p build; { grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' $(CODE) || true; } | sort | while IFS=: read -r file func; do \
	  dir=$$(dirname $$file) func=$${func#func }; echo "fuzz $$dir $$func"; \
	  $(GO) -C $$dir test -run '^$$' -fuzz "^$$func$$" -fuzztime $(FUZZTIME) . >build/fuzz.txt 2>&1 || { cat build/fuzz.txt; exit 1; }; \
	done

gpu: need ## the device tests on a CUDA device; fails when there is none
ifneq ($(CUDA),)
	SSRL_DEVICE=cuda $(TEST) ./internal/cuda/... ./internal/devtest/... .
else
	@echo 'gpu: this version has no CUDA device' >&2; exit 1
endif

kernels: ## compile kernels/*.cu to the PTX that the library carries
ifneq ($(wildcard kernels/*.cu),)
	$(GO) -C ssrl generate ./internal/cuda
else
	@echo 'kernels: kernels/ holds no .cu file, nothing to compile'
endif

bench: need ## benchmarks into build/bench.txt; BENCH=pattern, BENCHRUNS=5
	@mkdir -p build
	$(GO) -C ssrl test -run '^$$' -bench '$(BENCH)' -benchmem -count $(BENCHRUNS) ./... | tee build/bench.txt

bench-compare: need ## benchmarks of this tree against REF=v0.1.0, with benchstat; needs git
	@test -n '$(REF)' || { echo 'bench-compare: say against what, as in REF=v0.1.0' >&2; exit 1; }
	@rm -rf build/ref && mkdir -p build/ref
	@git archive $(REF) | tar -x -C build/ref
	$(GO) -C build/ref/ssrl test -run '^$$' -bench '$(BENCH)' -benchmem -count $(BENCHRUNS) ./... | tee build/bench-ref.txt
	@$(MAKE) bench
	$(GO) run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da build/bench-ref.txt build/bench.txt

golden: need ## rewrite the golden files; their diff is reviewed like code
	@cd ssrl; { grep -rl --include='*_test.go' 'flag.Bool("update"' . || true; } | xargs -r -n1 dirname | sort -u | while read -r dir; do \
	  echo "golden $$dir"; $(GO) test -count=1 $$dir -update; \
	done

reference: ## rerun the Python programs that wrote the reference files; they need torch
	@files=$$(find ssrl -path '*/_reference/*.py' | sort); test -n "$$files" || echo 'reference: no package has a _reference/ folder'; \
	for f in $$files; do echo "$(PYTHON) $$f"; (cd "$$(dirname $$f)" && $(PYTHON) "$$(basename $$f)"); done

KINDS := \( -name '*.go' -o -name '*.s' -o -name '*.[ch]' -o -name '*.cc' -o -name '*.hpp' -o -name '*.cu' -o -name '*.cuh' -o -name '*.py' \)

sizes: ## lines by package, code and tests, and the change since the last tag
	@tag=$$(git describe --tags --abbrev=0 2>/dev/null || true); \
	printf '%8s %8s %8s  %s\n' code tests "$${tag:+change}" package; \
	find $(CODE) $(KINDS) -printf '%h\n' | grep -vE '/(testdata|_reference)(/|$$)' | sort -u | while read -r dir; do \
	  code=$$(find $$dir -maxdepth 1 $(KINDS) -not -name '*_test.go' -exec cat {} + | wc -l); \
	  tests=$$(find $$dir -maxdepth 1 -name '*_test.go' -exec cat {} + | wc -l); \
	  change=; if test -n "$$tag"; then change=$$(git diff --numstat $$tag -- ":(glob)$$dir/*" | awk '{ n += $$1 - $$2 } END { printf "%+d", n }'); fi; \
	  printf '%8d %8d %8s  %s\n' $$code $$tests "$$change" $$dir; \
	done | awk '{ c += $$1; t += $$2; print } END { printf "%8d %8d %8s  %s\n", c, t, "", "all" }'

install: build ## library, headers, CMake and pkg-config files, command and its completions below PREFIX=/usr/local
	@test -n '$(CAPI)' || { echo 'install: there is no C library to install yet' >&2; exit 1; }
	install -d '$(DESTDIR)$(PREFIX)/lib/pkgconfig' '$(DESTDIR)$(PREFIX)/lib/cmake/ssrl' '$(DESTDIR)$(PREFIX)/include' '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 build/ssrl '$(DESTDIR)$(PREFIX)/bin/ssrl'
	install -d '$(DESTDIR)$(PREFIX)/share/bash-completion/completions' '$(DESTDIR)$(PREFIX)/share/zsh/site-functions' '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d'
	install -m 644 ssrl/cmd/ssrl/completion/ssrl.bash '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ssrl'
	install -m 644 ssrl/cmd/ssrl/completion/ssrl.zsh '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ssrl'
	install -m 644 ssrl/cmd/ssrl/completion/ssrl.fish '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ssrl.fish'
	install -m 644 build/ssrl.h bindings/cpp/ssrl.hpp '$(DESTDIR)$(PREFIX)/include'
	install -m 644 bindings/cpp/ssrl-config.cmake '$(DESTDIR)$(PREFIX)/lib/cmake/ssrl'
	printf '%s\n' 'set(PACKAGE_VERSION $(VERSION))' 'if(NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)' \
	  '  set(PACKAGE_VERSION_COMPATIBLE TRUE)' 'endif()' 'if(PACKAGE_FIND_VERSION STREQUAL PACKAGE_VERSION)' \
	  '  set(PACKAGE_VERSION_EXACT TRUE)' 'endif()' > '$(DESTDIR)$(PREFIX)/lib/cmake/ssrl/ssrl-config-version.cmake'
	install -m 644 build/libssrl.a '$(DESTDIR)$(PREFIX)/lib/libssrl.a'
	install -m 755 build/$(SONAME) '$(DESTDIR)$(PREFIX)/lib/libssrl.so.$(VERSION)'
	ln -sf libssrl.so.$(VERSION) '$(DESTDIR)$(PREFIX)/lib/$(SONAME)'
	ln -sf $(SONAME) '$(DESTDIR)$(PREFIX)/lib/libssrl.so'
	printf '%s\n' 'prefix=$${pcfiledir}/../..' '' 'Name: libssrl' 'Description: spatial questions from RGB-D images, Qwen-VL inference and training' \
	  'Version: $(VERSION)' 'Libs: -L$${prefix}/lib -lssrl' 'Libs.private: -lpthread -lm' 'Cflags: -I$${prefix}/include' > '$(DESTDIR)$(PREFIX)/lib/pkgconfig/libssrl.pc'

clean: ## delete build/
	rm -rf build
