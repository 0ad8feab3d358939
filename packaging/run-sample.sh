#!/bin/sh
# Opens Rowmill with a sample job, ready to run on the practice model. Without a display: says so, and runs the
# sample in the terminal. The last line is then the path of the exported file.
set -eu
cd "$(dirname "$0")/.."
sample=reviews

has_display() {
    case "$(uname -s)" in Darwin|MINGW*|MSYS*) return 0 ;; esac
    [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]
}

if has_display; then
    packaging/setup.sh window
    # A display may be named and not be there (an ended session, a container): Qt would end the program.
    if .venv/bin/python -c 'from PySide6.QtGui import QGuiApplication; QGuiApplication([])' >/dev/null 2>&1; then
        exec .venv/bin/rowmill "resources/samples/$sample.csv"
    fi
    echo "The display ${DISPLAY:-$WAYLAND_DISPLAY} cannot be used, so the sample runs here in the terminal."
else
    echo "There is no display, so the sample runs here in the terminal."
    packaging/setup.sh terminal
fi

out="$PWD/build/$sample-labelled.xlsx"
mkdir -p build
rm -f "$out"
# Its last line is the path of the exported file.
exec .venv/bin/rowmill run "resources/samples/$sample.csv" --preset label --provider practice --out "$out"
