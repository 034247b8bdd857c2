# A thin front: each target is one script. The build itself is CMake's, see CMakePresets.json.
#
# CMake and Ninja run as many jobs as there are processors; JOBS=N limits them.

PREFIX ?= /usr/local
PEERS ?=

.DEFAULT_GOAL := all
.PHONY: all run test test-programs compare-faults compare-check soak bench bench-quick bench-start bench-figures bench-check fuzz install format clean help

all:            ## build build/libloam.so, build/libloam.a and build/loam
	@scripts/build release
	@echo 'build/libloam.so, build/libloam.a and build/loam are up to date'

run:            ## SQLite builds and queries a large database on Loam and on the C library's heap
	@scripts/run-demo

test:           ## build with gcc and clang, run all quick tests, sanitizers and checks
	@scripts/test

test-programs:  ## run every program of tests/programs under Loam, the slow ones too
	@scripts/test-programs

compare-faults: ## a table of the mistakes with the heap that Loam and other heaps catch
	@scripts/compare-faults

compare-check:  ## a table of the mistakes that Loam's checker, Valgrind and AddressSanitizer find
	@scripts/compare-check

soak:           ## the long tests: stress, fuzzers (about half an hour)
	@scripts/soak

bench:          ## benchmarks beside other heaps, tables and a page; PEERS="name=path ..." adds heaps
	@scripts/bench --peers '$(PEERS)' --prices --table build/bench/bench.txt --json build/bench/bench.json \
		--page build/bench/bench.html

bench-quick:    ## a part of the benchmarks, two minutes
	@scripts/bench --peers '$(PEERS)' --quick --page build/bench/bench-quick.html

bench-start:    ## what a heap costs a program that does next to nothing
	@scripts/bench-start --peers '$(PEERS)'

bench-figures:  ## all of the benchmarks, written to docs/performance-figures.md (hours)
	@scripts/bench-figures

bench-check:    ## time and memory of programs under Loam's checker and Valgrind
	@scripts/bench-check

fuzz:           ## run each fuzzer for FUZZ_SECONDS (default 60)
	@scripts/fuzz

install:        ## install below PREFIX (default /usr/local), staged into DESTDIR
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install

format:         ## lay out all C files as .clang-format says
	@scripts/format

clean:          ## remove build/ and build-*/
	@scripts/clean

help:           ## this list
	@sed -n 's/^\([a-z-]*\): *## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16
