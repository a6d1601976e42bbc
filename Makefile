# SPDX-License-Identifier: Apache-2.0
# The front door for people; meson.build has the build itself.
#
#	make                build/stratapack; says what is missing for that, and installs nothing
#	make setup          install what building needs (Debian)
#	make test           every test; the last line is "N passed, N failed"
#	make test-debian13  every test on Debian 13, in a root of its own
#	make test-stores    the front ends of Nix and Guix, with real store daemons
#	make test-systems   real programs in images of a real Debian, against the same in its root
#	make test-nix-newer the front end of Nix, with the Nix of Debian 13
#	make demo           layered images of this machine's python3 and git
#	make install        to DESTDIR and PREFIX (default /usr/local)
#	make static         build-static/stratapack: one file without dependencies, for use in builders
#	make test-sanitize  the tests under AddressSanitizer and UndefinedBehaviorSanitizer only
#	make test-valgrind  the unit tests under valgrind only
#	make bench          measure against other programs; BENCH= takes options of bench/run
#	make bench-quick    the same in a minute, on a smaller store
#	make bench-fleet    what strategies cost a fleet on Debian, against those of other programs
#	make bench-instructions
#	                    compare the instructions of the hot paths with those recorded
#	make format         put the C sources into form
#	make clean

PREFIX ?= /usr/local
TESTS ?=
BENCH ?=

all:
	@missing=$$(scripts/setup --missing build); [ -z "$$missing" ] || { \
		echo "make: packages are missing: $$missing" >&2; \
		echo "  hint: 'make setup' installs them" >&2; exit 1; }
	scripts/configure build --prefix=$(PREFIX) -Dtests=false
	ninja -C build

setup:
	scripts/setup build

test: test-build
	tests/run $(TESTS)

test-sanitize: test-build
	tests/run sanitize

test-valgrind: test-build
	tests/run valgrind

test-debian13:
	scripts/setup stores
	tests/debian13 $(TESTS)

test-stores: test-build static
	scripts/setup stores
	tests/run stores

test-systems: test-build
	tests/systems/run

test-nix-newer: static
	scripts/setup stores
	tests/stores/nix-newer

test-build:
	scripts/setup test
	scripts/configure build --prefix=$(PREFIX) -Dtests=true
	ninja -C build

demo:
	scripts/setup demo
	$(MAKE) all
	scripts/demo

install: all
	meson install -C build --no-rebuild
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" -ne 0 ] || ldconfig

static:
	scripts/setup build
	scripts/configure build-static -Dstatic=true -Dtests=false
	ninja -C build-static stratapack

bench:
	scripts/setup bench
	bench/run $(BENCH)

bench-quick:
	scripts/setup bench
	bench/run --quick $(BENCH)

bench-fleet:
	scripts/setup bench
	$(MAKE) all
	bench/fleet/run

bench-instructions:
	scripts/setup bench
	bench/instructions

format:
	git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	[ ! -e build-bench ] || chmod -R u+w build-bench
	rm -rf build build-* demo

.PHONY: all setup test test-debian13 test-systems test-stores test-nix-newer test-sanitize test-valgrind test-build demo install static bench \
	bench-quick bench-fleet bench-instructions format clean
