# ECS Cluster Kit: `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
HAVE_PYTHON := command -v $(firstword $(PYTHON)) >/dev/null
STAGE := $(PYTHON) -m lab.stage
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)
# What root made in the checkout becomes its owner's again.
GIVE_BACK := $(if $(SUDO),$(SUDO) chown -R --from=root $(shell id -u):$(shell id -g) .,:)
APT_GET := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends
export PATH := $(CURDIR)/$(BIN):$(PATH)
export STARTED := $(or $(STARTED),$(shell date +%s))

# Python and Java to build with; podman, runc, iptables, iproute2 and mmdebstrap for the lab's hosts.
PACKAGES := python3-venv maven openjdk-17-jdk-headless openssh-client openssl \
  podman runc iptables iproute2 mmdebstrap ca-certificates
# The report page is opened in a real browser, set in the font its pictures show.
TEST_PACKAGES := chromium fonts-inter
MVN := mvn -q -B -ntp -Dstyle.color=never
DISCOVERY_JAR := discovery/target/ecs-discovery-0.1.0.jar
PROBE_JAR := services/hazelcast_probe/target/hazelcast-probe-0.1.0.jar
molecule_roles = $(patsubst roles/%/molecule,%,$(wildcard roles/*/molecule))
java_sources = $(shell find $(1)/src/main -type f) $(1)/pom.xml

.NOTPARALLEL:
.PHONY: help setup packages test-packages python fit jar demo demo-down check lint unit java-test browser-test lab-test molecule test prove bench clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

## --- what is needed -------------------------------------------------------------------------------------------------

packages: WANTED := $(PACKAGES)
test-packages: WANTED := $(TEST_PACKAGES)
packages test-packages:
	@command -v apt-get >/dev/null || { echo "make: this needs Debian 12 (no apt-get here)" >&2; exit 1; }
	@missing=$$(for p in $(WANTED); do dpkg-query -W -f='$${db:Status-Status}\n' $$p 2>/dev/null | grep -qx installed || echo $$p; done); \
	[ -n "$$missing" ] || exit 0; \
	[ -z "$(SUDO)" ] || command -v sudo >/dev/null || { echo "make: packages are missing and there is no sudo here: run it as root" >&2; exit 1; }; \
	$(HAVE_PYTHON) || { $(APT_GET) update && $(APT_GET) install python3; } >/dev/null; \
	$(STAGE) packages.log "Debian packages: $$(echo $$missing)" "is a Debian package source reachable from here?" \
	  sh -c '$(APT_GET) update && $(APT_GET) install '"$$(echo $$missing)"

python:
	@! $(HAVE_PYTHON) || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: Python 3.11 or newer is needed; say which with PYTHON=..." >&2; exit 1; }

$(BIN)/.installed: pyproject.toml
	@$(MAKE) packages python
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv .venv
	@$(STAGE) pip.log "Python packages into .venv" "is a Python package index reachable from here?" \
	  $(BIN)/pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

setup: python packages $(BIN)/.installed  ## Debian packages and .venv

$(DISCOVERY_JAR): $(call java_sources,discovery)
	@echo "==> Building the discovery strategy"
	@$(MVN) -f discovery/pom.xml -DskipTests package && touch $@

$(PROBE_JAR): $(call java_sources,services/hazelcast_probe)
	@echo "==> Building the cluster probe"
	@$(MVN) -f services/hazelcast_probe/pom.xml -DskipTests package && touch $@

jar: $(DISCOVERY_JAR) $(PROBE_JAR)  ## the discovery strategy and the cluster probe

## --- see it work ----------------------------------------------------------------------------------------------------

fit: python
	@! $(HAVE_PYTHON) || $(PYTHON) -m lab.preflight $$(grep -c -- '- name:' lab/plans/demo.yml)

demo: fit setup  ## an ECS region on this machine, its tagged servers made proven Hazelcast clusters
	@$(BIN)/python -m lab.demo

demo-down:  ## take the region away again: hosts, networks, firewall rules, processes
	@if [ -x $(BIN)/lab ]; then $(BIN)/lab down; fi

## --- check it -------------------------------------------------------------------------------------------------------

check: setup lint unit  ## lint and unit tests: no root, for every save

lint: setup
	@ruff check -q . && ruff format -q --check .
	@mypy
	@yamllint -s .
	@shellcheck roles/first_boot/files/init.sh
	@ansible-lint -q --offline
	@python tools/role_readme.py --check
	@python -m tools.variables --check
	@$(MVN) -f discovery/pom.xml -DskipTests test-compile
	@$(MVN) -f services/hazelcast_probe/pom.xml -DskipTests test-compile

# Those marked cli start Ansible's commands as a user does, hundreds of times: `make test` runs them.
unit: setup
	@pytest -q tests/unit -m "not cli"

java-test: setup
	@$(MVN) -f discovery/pom.xml verify
	@$(MVN) -f services/hazelcast_probe/pom.xml verify

browser-test: setup test-packages
	@pytest -q tests/browser --junitxml=reports/junit/browser.xml

lab-test: setup jar
	@trap '$(GIVE_BACK)' EXIT; $(SUDO) env PATH="$$PATH" pytest -q tests/lab --junitxml=reports/junit/lab.xml

# Two scenarios side by side: while one waits for its server or a package, the other computes.
molecule: setup jar  ## scenarios of all roles on the lab's hosts, or of one: make molecule ROLE=hazelcast
	@test -d "roles/$(ROLE)/molecule" -o -z "$(ROLE)" || { echo "make: say which: make molecule ROLE=<one of: $(molecule_roles)>" >&2; exit 1; }
	@export LAB_ROOT=$(CURDIR)/.lab/molecule; rm -rf $$LAB_ROOT/state; mkdir -p $$LAB_ROOT; trap 'lab --root $$LAB_ROOT down' EXIT; \
	lab --root $$LAB_ROOT up; eval "$$(lab --root $$LAB_ROOT env)"; \
	printf '%s\n' $(or $(ROLE),$(molecule_roles)) | xargs -P 2 -I % \
	  $(STAGE) molecule-%.log "Scenario of the role %" "again with: make molecule ROLE=%" \
	  sh -c 'cd roles/% && MOLECULE_EPHEMERAL_DIRECTORY=$$LAB_ROOT/state/% exec molecule test --destroy=never --no-command-borders'

test: setup jar lint  ## everything; .ci/run calls this
	@mkdir -p reports/junit
	@pytest -q tests/unit --junitxml=reports/junit/unit.xml
	@$(MAKE) java-test browser-test lab-test
	@$(MAKE) molecule

prove: setup jar  ## the proofs that run longer, into docs/proof/: make prove WHAT=<one of tests/prove/test_*.py>
	@trap '$(GIVE_BACK)' EXIT; $(SUDO) env PATH="$$PATH" pytest -q tests/prove$(if $(WHAT),/test_$(WHAT).py)

bench: setup jar  ## what is fast, measured on this machine
	@$(BIN)/python -m bench $(WHAT)

clean:  ## what `make` made, but for the lab
	@rm -rf build reports discovery/target bench/discovery/programs/target services/*/target .mypy_cache .ruff_cache .pytest_cache
