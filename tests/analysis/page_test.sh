#!/bin/sh
# page_test.sh VQCLIP FILES: the raters' pages in a browser (page_*.py). Skips (77) where chromium, its driver or selenium is
# missing (Debian: chromium chromium-driver python3-selenium); the build installs none of them. With raters_browser.py, which
# takes a quarter of an hour and is not among the tests of a build: two studies as 24 raters would answer them.
set -eu
run=$(dirname "$0")/run.sh
if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    for python in ${PYTHON:-python3 /usr/bin/python3}; do
        if "$python" -c 'import h5py, selenium' 2>/dev/null; then
            PYTHON=$python exec "$run" "$1" -p "$2"
        fi
    done
fi
echo "skipped: needs chromium and selenium (Debian: chromium chromium-driver python3-selenium)"
exit 77
