# Hereabouts. `make help` lists what there is.
PYTHON := .venv/bin/python
export PORT ?= 8000
export HOST ?= 127.0.0.1
export WEB_PROCESSES ?= 1
# Node.js is the lock's own (deploy/local/environment.sh), for everything that is started here.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Some machines tell Python to keep no bytecode; every start would compile the product anew, for a third of a second.
unexport PYTHONDONTWRITEBYTECODE
COMPILE := .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header \
	--overrides requirements-without.txt
.DEFAULT_GOAL := help
.PHONY: help environment packages nginx redis faketime run demo test lint bench openapi postman collection events lock stop \
	bench-audience bench-outlines bench-place bench-sync bench-waiting bench-live bench-push bench-auth bench-starts chaos chaos-push fuzz attack audit

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

environment: ## the virtual environment, from the lock
	@sh deploy/local/environment.sh

packages: environment ## PostgreSQL with PostGIS, from the system's packages where missing
	@sh deploy/local/packages.sh

nginx redis faketime: environment
	@sh deploy/local/$@.sh

run: packages ## start everything: database, web, relay, worker, stand-in FCM; Ctrl-C stops it; WEB_PROCESSES=4 for several
	@$(PYTHON) -m deploy.local.run || [ $$? -eq 130 ]

test: packages nginx redis ## all tests
	@sh deploy/local/node.sh tests/live/node
	@$(PYTHON) -m pytest -n 2

fuzz: packages ## the property tests with other examples than `make test` has; any failure is worth a test of its own
	@HYPOTHESIS_PROFILE=others $(PYTHON) -m pytest -n 2 -m hypothesis

lint: environment ## style, types, layers
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@sh deploy/local/node.sh deploy/lint
	@deploy/lint/node_modules/.bin/pyright
	@.venv/bin/lint-imports

openapi: environment ## print the OpenAPI document
	@$(PYTHON) -m api.openapi

lock: environment ## compile both locks anew
	@$(COMPILE) requirements.in -o requirements.txt
	@$(COMPILE) -c requirements.txt requirements-dev.in -o requirements-dev.txt
	@$(COMPILE) requirements-audit.in -o requirements-audit.txt

stop: environment ## stop the database of `make run` where it was left behind
	@$(PYTHON) deploy/local/cluster.py stop .local/cluster

demo: environment ## a morning at the demonstration site, and a roll call; with DATA=folder, real places and a real recording
	@$(PYTHON) -m deploy.local.demo $(if $(DATA),--data $(DATA))

postman: packages ## run the Postman collection with newman against a fresh server, once and then twice at the same time
	@sh deploy/local/node.sh postman
	@$(PYTHON) -m postman.run

collection: environment ## write the Postman collection anew from the API document and the flows
	@$(PYTHON) -m postman.build

events: environment ## write docs/events.md anew from the declarations of the events
	@$(PYTHON) -m api.events

bench: packages ## speeds of the main job, one JSON object a line
	@$(PYTHON) -m bench.main_job

bench-place: packages ## speeds of the place engine: look-ups of zones, and fixes through HTTP
	@$(PYTHON) -m bench.place

bench-outlines: packages ## how long others wait while outlines of 29,000 corners are drawn, imported and sent
	@$(PYTHON) -m bench.outlines

bench-audience: packages ## reading one post in an organisation of 10,000 zones, beside one of 5
	@$(PYTHON) -m bench.audience

bench-sync: packages ## sync of quiet and busy phones, unread counts, sizes of pages
	@$(PYTHON) -m bench.sync

bench-waiting: packages ## what 5,000 waiting requests of sync cost the others, the process and its memory
	@$(PYTHON) -m bench.waiting

bench-live: packages ## speeds of sockets, beside Node's socket.io; ONLY="rooms lone idle http relay" chooses
	@sh deploy/local/node.sh bench/node
	@$(PYTHON) -m bench.live $(ONLY)

bench-push: packages ## messages a second to a stand-in FCM, beside plain firebase-admin; ONLY="transports" chooses
	@sh deploy/local/node.sh bench/node
	@$(PYTHON) -m bench.push $(ONLY)

bench-auth: packages ## knowing who asks, crowds that sign in, a million entries of the audit log, accounts that end
	@$(PYTHON) -m bench.auth

bench-starts: packages ## computing time of each process until it works
	@$(PYTHON) -m bench.starts

chaos: packages nginx redis faketime ## kills and silent networks over EVENTS (50000) events; exit 1 when anything is lost or doubled
	@$(PYTHON) -m bench.chaos

chaos-push: packages ## kills of workers and faults of FCM over NOTIFICATIONS (20000); exit 1 when a phone got none, or two
	@$(PYTHON) -m bench.chaos_push

audit: environment ## known mistakes in the code, known faults of what is locked, and its licences; exit 1 when there are any
	@sh deploy/audit/environment.sh
	@$(PYTHON) -m deploy.audit

attack: packages ## every known way to stop everybody, or to learn what one may not, on a running product; exit 1 when one works
	@$(PYTHON) -m bench.attack
