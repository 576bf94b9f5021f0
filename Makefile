# Every command of the project. `make help` lists them.
.PHONY: help setup build release package demo test test-integrations test-package test-faults test-queue test-races test-rounds test-probes fuzz agreement check check-tsan bench peers lab-up lab-down clean

PACKAGES := libsqlite3-dev sqlite3 acl attr shellcheck
AGENT := .build/debug/agent

help:
	@echo 'make demo       make a host, break it, repair it, prove it, undo it'
	@echo 'make test       run every test, those on a real host included'
	@echo 'make test-integrations  the package, Ansible, Puppet, Salt and the page, by the real tools'
	@echo 'make test-package  the same for the Debian package of a release build'
	@echo 'make test-faults  end or fail a change at every call that writes, not only at a sample of them'
	@echo 'make test-races  let others write to a file at a thousand moments of an apply'
	@echo 'make test-rounds  apply to rollback on a real host, for every configuration of a corpus beside the checkout'
	@echo 'make test-queue   find, hold and release a flood of 200,000 messages on a real host'
	@echo 'make test-probes  probe real Postfix with every configuration of a corpus beside the checkout'
	@echo 'make fuzz       SECONDS of libFuzzer on what servers and relays send'
	@echo 'make agreement  compare the analysis with real Postfix on COUNT random configurations from SEED on'
	@echo 'make check      formatting, import rules, shell scripts, tests under the thread sanitizer'
	@echo 'make bench      measure against peers and floors'
	@echo 'make peers      do the same to a main.cf with other tools, under the same faults'
	@echo 'make build      the debug build, $(AGENT)'
	@echo 'make release    the release build, .build/release/agent'
	@echo 'make package    the Debian package, in .build/'
	@echo 'make lab-down   end the demo host and remove every trace of it'
	@echo 'make clean      remove all that was built, the host image included'

# Installs Debian packages that are missing; asks for root only then. The lab installs what it needs itself.
setup:
	@missing=$$(for name in $(PACKAGES); do \
		dpkg-query -W -f='$${Status}' $$name 2>/dev/null | grep -q '^install ok installed$$' || echo $$name; done); \
	if [ -n "$$missing" ]; then \
		sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$sudo apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
	fi

build: setup
	swift build

# One Swift runtime inside the program, so that it runs on hosts that have no Swift.
release: setup
	swift build -c release --static-swift-stdlib

package: release
	integrations/debian/build .build/release/agent .build

demo: build
	Tests/Lab/demo $(AGENT)

test: build
	Tests/run-tests

# By the tools that they are for, on lab hosts: Ansible, Puppet, Salt, dpkg, Chromium.
test-integrations: build
	Tests/Integrations/run

test-package: release
	AGENT=.build/release/agent Tests/Integrations/run package

COUNT := 2000
SEED := 1000

agreement: build
	AGENT_COMPOSITIONS=$(COUNT) AGENT_SEED=$(SEED) Tests/run-tests --filter AgreementTests

check: setup
	swift format lint --strict --recursive Package.swift Sources Tests
	Tests/check-imports
	shellcheck .ci/run Tests/run-tests Tests/check-imports Tests/Lab/lab Tests/Lab/demo Tests/Integrations/run \
		Tests/Integrations/setup Tests/Fuzz/run Tests/Corpus/run Benchmarks/run Benchmarks/peers/run integrations/salt/files/apply.sh integrations/debian/build integrations/debian/config integrations/debian/postinst \
		integrations/debian/prerm integrations/debian/postrm
	$(MAKE) check-tsan

# The thread sanitizer needs its own build. What runs the program itself, not its parts, is left out.
check-tsan: setup
	TSAN_OPTIONS="suppressions=$(CURDIR)/Tests/thread-sanitizer-suppressions.txt" \
		swift test --sanitize=thread --scratch-path .build-tsan --no-parallel --skip "IntegrationTests|PostfixProbeTests|NamespaceVantageTests|SSHVantageTests|CorpusProbeTests|TranscriptFileTests"

# Every fault of Tests/IntegrationTests/FaultTests.swift, in place of a sample: some 6,000, half a day. What takes the time
# is Postfix's waiting, so several labs at once are no slower: AGENT_TEST_LAB=two make test-faults FAULTS=2/3.
FAULTS := all

test-faults: build
	AGENT_FAULTS=$(FAULTS) Tests/run-tests --filter 'OnARealHost/(Faults|FailingHost)'

# Another writer at so many moments of an apply, spread over all its calls that write: two hours.
RACES := 1000

test-races: build
	AGENT_RACES=$(RACES) Tests/run-tests --filter OnARealHost/Races

# The whole round, apply to rollback, on every configuration of the corpus beside the checkout: some fifteen minutes.
test-rounds: build
	AGENT_ROUNDS=all Tests/run-tests --filter OnARealHost/MeasuredConfigurations

# COUNT messages: some twenty minutes, most of it the filling of the queue and its comparison.
test-queue: COUNT := 200000
test-queue: build
	AGENT_QUEUE=$(COUNT) Tests/run-tests --filter OnARealHost/Queue

CORPUS := ../shared/corpus
SECONDS := 60

# Asked from a second namespace and from the host itself: some ten minutes on two cores.
test-probes: build
	Tests/Corpus/run $(AGENT) $(CORPUS)

fuzz: setup
	Tests/Fuzz/run $(SECONDS)

bench: release
	Benchmarks/run

peers: build
	Benchmarks/peers/run

lab-up:
	Tests/Lab/lab up

lab-down:
	Tests/Lab/lab down --all

clean: lab-down
	Tests/Lab/lab clean
	rm -rf .build .build-tsan
