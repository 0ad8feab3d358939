#!/bin/sh
# Writes the dependency locks from pyproject.toml: pinned, with hashes, for every system and Python 3.11 to 3.13,
# and with no index address in them. `packaging/lock.sh --upgrade` takes the newest versions that fit.
set -eu
cd "$(dirname "$0")/.."
[ -x .bootstrap/bin/uv ] || { echo "Run 'make setup' first." >&2; exit 1; }

# Index settings of the machine that locks must not find their way into the lock.
for name in $(env | sed -n 's/^\(\(UV\|PIP\)_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done

compile() {
    .bootstrap/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links --no-annotate "$@"
}
compile pyproject.toml --output-file packaging/requirements.lock "${1:---quiet}"
compile pyproject.toml --group dev --constraints packaging/requirements.lock \
    --output-file packaging/development.lock "${1:---quiet}"
compile pyproject.toml --group package --constraints packaging/requirements.lock \
    --output-file packaging/build.lock "${1:---quiet}"
printf 'uv>=0.13\n' | compile - --output-file packaging/bootstrap.lock "${1:---quiet}"

if grep -nE '://|--(extra-)?index|--find-links|--trusted-host' packaging/*.lock; then
    echo "The lock names an address." >&2
    exit 1
fi
