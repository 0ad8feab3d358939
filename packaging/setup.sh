#!/bin/sh
# Makes everything `make run` and `make test` need, and nothing twice: system libraries (Debian, Ubuntu), the tool
# that installs Python packages (uv, in .bootstrap), the Python packages from the lock (in .venv), the translations.
#
#     packaging/setup.sh [window|terminal|test|long|package]
#
# Needs Python 3.11 or newer and one of: pip, uv, or the right to install python3-pip.
set -eu
cd "$(dirname "$0")/.."
purpose="${1:-test}"
# Debian keeps ldconfig where only root looks.
PATH="$PATH:/usr/sbin:/sbin"

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# ---------------------------------------------------------------- system packages

is_there() { # package, check
    case "$2" in
        lib:*) case "$libraries" in *"	${2#lib:} "*) return 0 ;; esac ;;
        file:*) [ -s "${2#file:}" ] && return 0 ;;
        command:*) command -v "${2#command:}" >/dev/null 2>&1 && return 0 ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

missing_packages() {
    libraries="$(ldconfig -p 2>/dev/null || true)"
    while read -r package when check; do
        case "$package" in ''|'#'*) continue ;; esac
        case ",$when," in *",$purpose,"*) is_there "$package" "$check" || printf '%s ' "$package" ;; esac
    done < packaging/system-packages.txt
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_install() { # packages
    command -v apt-get >/dev/null 2>&1 ||
        fail "Missing system packages (Debian names): $*. Install what your system calls them, then run this again."
    if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
        fail "Missing system packages. Install them, then run this again:  sudo apt-get install -y $*"
    fi
    say "Installing system packages: $*"
    log="$(mktemp)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >"$log" 2>&1 || say "apt-get update reported a problem; going on."
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        install -y --no-install-recommends "$@" >>"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install: $*"
    fi
    rm -f "$log"
}

if [ "$(uname -s)" = Linux ]; then
    missing="$(missing_packages)"
    # shellcheck disable=SC2086 # a list of names
    [ -z "$missing" ] || apt_install $missing
fi

# ---------------------------------------------------------------- Python packages

checksum() { # of standard input
    { sha256sum 2>/dev/null || shasum -a 256; } | cut -d ' ' -f 1
}

# Where Python may not keep what it compiled, every start and every worker would compile everything again: a second and
# a half for the providers' libraries alone. So it is done once, here.
keep_compiled() {
    [ -z "${PYTHONDONTWRITEBYTECODE:-}" ] || .venv/bin/python -m compileall -q -j 0 "$@" >/dev/null 2>&1 || true
}

# The place is part of it: an installed checkout that was moved must be installed again.
want="$( { pwd; cat packaging/development.lock pyproject.toml; } | checksum)"
stamp=.venv/.rowmill-setup
if [ "$(cat "$stamp" 2>/dev/null || true)" = "$want" ] && .venv/bin/python -c '' 2>/dev/null; then
    newer="$(find resources/locale -name '*.po' -newer "$stamp" 2>/dev/null || true)"
    [ -n "$newer" ] && .venv/bin/python packaging/catalogue.py compile && touch "$stamp"
    keep_compiled gui_app
    exit 0
fi

python=""
for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        python="$(command -v "$candidate")"
        break
    fi
done
[ -n "$python" ] || fail "Python 3.11, 3.12 or 3.13 is needed. Install it, or name it:  make PYTHON=/path/to/python3.12 ..."

uv=.bootstrap/bin/uv
if ! "$uv" --version >/dev/null 2>&1; then
    if ! "$python" -m pip --version >/dev/null 2>&1 && ! command -v uv >/dev/null 2>&1; then
        command -v apt-get >/dev/null 2>&1 || fail "pip is missing. Install it for $python, then run this again."
        apt_install python3-pip
    fi
    if "$python" -m pip --version >/dev/null 2>&1; then
        say "Installing uv into .bootstrap"
        # A folder of its own: Debian's pip refuses to install anywhere else.
        "$python" -m pip install -q --disable-pip-version-check --root-user-action ignore --upgrade \
            --require-hashes --only-binary :all: --target .bootstrap -r packaging/bootstrap.lock ||
            fail "uv could not be installed. Is there a connection to the Python package index?"
    elif command -v uv >/dev/null 2>&1; then
        uv=uv
    else
        fail "pip is missing. Install it for $python, then run this again."
    fi
fi

# What pip was told about the package index and its certificate holds for uv too, unless uv was told something itself.
pip_setting() { # name
    "$python" -m pip config get "global.$1" 2>/dev/null || true
}
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    index="${PIP_INDEX_URL:-$(pip_setting index-url)}"
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
fi
if [ -z "${SSL_CERT_FILE:-}" ]; then
    certificate="${PIP_CERT:-$(pip_setting cert)}"
    [ -z "$certificate" ] || export SSL_CERT_FILE="$certificate"
    # Company networks add their own; a machine without any has those that uv brings along.
    [ ! -s /etc/ssl/certs/ca-certificates.crt ] || export UV_SYSTEM_CERTS=true
fi
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 VIRTUAL_ENV=

if ! .venv/bin/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    "$uv" venv -q --clear --python "$python" .venv
fi
say "Installing Python packages into .venv"
"$uv" pip install -q --python .venv/bin/python --require-hashes -r packaging/development.lock ||
    fail "The Python packages could not be installed. Is there a connection to the Python package index?"
"$uv" pip install -q --python .venv/bin/python --no-deps --no-build-isolation --editable .
.venv/bin/python packaging/catalogue.py compile
keep_compiled .venv/lib gui_app
printf '%s\n' "$want" > "$stamp"
