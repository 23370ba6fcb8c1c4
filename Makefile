# `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help run demo test test-fast test-poolers test-pages test-providers test-spam test-bounces test-observe \
	test-contract test-clients test-portal check sbom openapi architecture seed bench attacks up down \
	deb test-deb test-image reproducible \
	ha-up ha-test ha-down ha-compose-up ha-compose-down

# cargo-nextest gives every test a process and a time limit of its own; plain cargo runs the same tests.
# Half of a test's time is waiting, for a database or another process.
tests = $(shell cargo nextest --version >/dev/null 2>&1 && echo nextest run -j $$((2 * $$(nproc 2>/dev/null || echo 2))) || echo test)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 25

demo: ## start the service with seeded people, its letters and a portal on loopback; downloads packages (npm)
	examples/portal/run demo

run: ## build and start the service with everything embedded; settings come from the environment
	cargo run --locked -- serve

test: ## run all tests, those on a throw-away PostgreSQL server included; LONG_TESTS=1 makes races longer
	tests/with-postgres cargo $(tests) --locked --no-fail-fast
	@if command -v chromedriver >/dev/null && { command -v chromium || command -v google-chrome; } >/dev/null; \
	then echo 'The browser test was among them.'; \
	else echo 'The browser test was left out: it needs chromedriver and chromium (or google-chrome) on PATH.'; fi
	@if [ -n "$$PGBOUNCER" ] || [ -x /usr/sbin/pgbouncer ] || [ -x /usr/bin/pgbouncer ] || [ -x /usr/local/bin/pgbouncer ]; \
	then echo 'The tests behind PgBouncer were among them.'; \
	else echo 'The tests behind PgBouncer were left out: they need pgbouncer (make test-poolers).'; fi
	@if [ "$$(id -u)" = 0 ] && [ -x "$${POSTFIX_ROOT:-}/usr/lib/postfix/sbin/master" ]; \
	then echo 'The Postfix test was among them.'; \
	else echo 'The Postfix test was left out: it needs root and Postfix (tests/with-postfix make test).'; fi

# What `make test-fast` runs of the tests over HTTP, on SQLite: one or two files for each area, none that
# waits for time-outs.
fast = invite::system_users:: invite::account_owners:: invite::sub_accounts:: invitations::renew:: invitations::resend:: \
	invitations::revoke:: batch::invites:: activation::activate:: activation::page:: lists::pages:: lists::users_csv:: \
	access::permissions:: access::roles:: access::sign_in:: requests::contract:: requests::conventions:: \
	requests::idempotency:: requests::validation:: repository::

test-fast: ## run the unit tests, and those over HTTP that need SQLite alone (under a minute once built)
	cargo $(tests) --locked --no-fail-fast --lib -- --skip eight_characters_are_always --skip what_chance_made_is_a_key
	cargo $(tests) --locked --no-fail-fast --test integration -- $(fast) --skip postgres

test-poolers: ## run the tests behind PgBouncer; run as root it installs the distribution's
	@command -v pgbouncer >/dev/null || test -x /usr/sbin/pgbouncer || test -n "$$PGBOUNCER" || { \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends pgbouncer >/dev/null; }
	tests/with-postgres cargo test --locked --test integration poolers

test-pages: ## check the built-in pages by axe-core's rules in a browser, with styles and without; downloads it (npm)
	tests/pages/run

test-providers: ## try real identity providers, mail providers' and partners' libraries; downloads them (npm, PyPI)
	tests/providers/run

test-spam: ## score all letters with SpamAssassin and rspamd; downloads them (Debian, PyPI)
	tests/spam/run

test-bounces: ## read returned mail of real mail servers, also by the running service, after a crash, and hostile; downloads them
	tests/bounces/run

test-observe: ## test alert rules and dashboard of deploy/observe with Prometheus; downloads it (Debian, PyPI)
	tests/observe/run

test-contract: ## lint the contract with Redocly CLI and Spectral; downloads them (npm)
	tests/clients/lint

test-clients: ## generate clients from the contract and run a tour with each; downloads the generators (npm, PyPI)
	tests/clients/run

test-portal: ## walk the steps of docs/portal.md in Chromium, by keyboard, on both databases; downloads packages (npm)
	examples/portal/run test

check: ## formatting, lints and documentation; dependencies too where cargo-deny and cargo-machete are installed
	cargo fmt --check
	cargo clippy --all-targets --features yardstick --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked --quiet
	@if command -v cargo-deny >/dev/null; then cargo deny --locked check; \
	else echo 'Licences and advisories were not checked: cargo-deny is not installed (cargo install --locked cargo-deny).'; fi
	@if command -v cargo-machete >/dev/null; then cargo machete; \
	else echo 'Unused dependencies were not looked for: cargo-machete is not installed (cargo install --locked cargo-machete).'; fi

# For the program that the image has, on Linux. Crates that only build it have the scope `excluded`: they stay,
# since Swagger UI comes through one of them. cargo-cyclonedx writes beside Cargo.toml.
sbom: ## write the software bill of materials (CycloneDX) of the container's program to target/
	@command -v cargo-cyclonedx >/dev/null || { \
	echo 'The bill of materials is written by cargo-cyclonedx, which is not installed (cargo install --locked cargo-cyclonedx).' >&2; exit 1; }
	cargo cyclonedx --quiet --format json --spec-version 1.5 --features postgres-tls \
	--target x86_64-unknown-linux-gnu --override-filename invitation-service.cdx
	@mkdir -p target
	@mv invitation-service.cdx.json target/
	@echo target/invitation-service.cdx.json

deb: ## build the Debian package, with its manual and completions, into target/package (docs/packages.md)
	deploy/package/build

test-deb: deb ## install, upgrade, remove and purge it in a chroot, with data on both databases, and under systemd; as root
	tests/package/run
	tests/package/booted || test $$? = 77

test-image: ## check the container image without an engine: hadolint, and its steps in a chroot (after deb); as root
	tests/package/image

reproducible: ## build the package twice, in two folders, and compare the two (twice the time of deb)
	deploy/package/reproducible

openapi: ## write the contract anew, from the code, to openapi/openapi.json
	WRITE_OPENAPI=1 cargo test -q --locked --test integration the_file_is_up_to_date

architecture: ## write the picture of the modules anew, from the code, to docs/architecture.md
	WRITE_ARCHITECTURE=1 cargo test -q --locked --test integration architecture::

seed: ## fill the database of DATABASE_URL with USERS people (1,000,000; benches/seed.rs lists what else is read)
	cargo run --release --locked --features yardstick --bin seed

bench: ## measure it beside the machine's own yardsticks (about five minutes); benches/run lists its options
	benches/run

attacks: ## measure what one client can do to the others (about two minutes); benches/attacks lists its options
	cargo build --release --locked
	benches/attacks

# The passwords of the containers' database, drawn at random at the first start: a default password is no
# password.
.env:
	@umask 077; random() { head -c 24 /dev/urandom | od -An -vtx1 | tr -d ' \n'; }; \
	printf 'POSTGRES_PASSWORD=%s\nSERVICE_DB_PASSWORD=%s\n' "$$(random)" "$$(random)" > .env

up: .env ## build and start it in containers, with PostgreSQL and a mailbox to look into
	docker compose up --build --wait
	@echo 'The service: http://127.0.0.1:8080/docs   its letters: http://127.0.0.1:8025'

down: ## stop the containers; what they stored stays
	docker compose down

ha-up: ## start a cluster on this machine: etcd, Patroni, HAProxy, PgBouncer, two APIs, two couriers (docs/ha.md)
	cargo build --release --locked
	deploy/ha/run up

ha-test: ## break it under load, one thing after the other, and check that nothing is lost (after ha-up; 20 minutes)
	deploy/ha/run test

ha-down: ## stop that cluster and remove all of it
	deploy/ha/run down

.env.ha:
	@umask 077; random() { head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \n'; }; \
	for name in POSTGRES_PASSWORD SERVICE_DB_PASSWORD HA_REPLICATION_PASSWORD HA_REWIND_PASSWORD HA_REST_PASSWORD \
	HA_SECRET_KEY; do printf '%s=%s\n' "$$name" "$$(random)"; done > .env.ha

ha_compose = docker compose --env-file .env.ha -f docker-compose.yml -f deploy/ha/compose.yml --profile ha

ha-compose-up: .env.ha ## the same cluster in containers
	$(ha_compose) up --build --wait proxy api-1 api-2 courier-1 courier-2
	@echo 'The service: http://127.0.0.1:8090/docs   its letters: http://127.0.0.1:8025'

ha-compose-down: ## stop its containers; what they stored stays
	$(ha_compose) down
