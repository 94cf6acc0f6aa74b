# Everything runs in .venv (see environment/); ROS_DISTRO=kilted uses .venv-kilted beside it.
#
# ARGS is read by the shell as if typed: make demo ARGS='--seconds 20 --report "my report.json"'

.DEFAULT_GOAL := help
.PHONY: help setup build demo run test lint clean
# `value`: a dollar sign in ARGS is the shell's, not make's.
ARGS ?=
args = $(value ARGS)

help:
	@echo 'make setup    create the environment and build the package (the others do it when needed)'
	@echo 'make demo     drive a simulated arm with Pi0     ARGS="--seconds 20 --report r.json"'
	@echo 'make run      any command of the package         ARGS="doctor"'
	@echo 'make test     lint, types, import directions, tests   ARGS="-k limiter" goes to pytest'
	@echo 'make lint     the same without the tests'
	@echo 'make build    build again, even where nothing changed'
	@echo 'make clean    remove what was built (the environment stays; rm -r .venv* removes it)'

setup:
	@exec environment/setup

build:
	@exec environment/setup --build

# One shell line each, so that the last command takes the shell's place: Ctrl-C and the exit status
# are between it and make.
demo:
	@environment/setup && exec environment/run pi0 demo $(args)

run:
	@environment/setup && exec environment/run pi0 $(args)

test:
	@environment/setup && exec environment/run environment/check test $(args)

lint:
	@environment/setup && exec environment/run environment/check lint

clean:
	rm -rf build build-* install install-* log log-* .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis .import_linter_cache *.egg-info
