#!/bin/sh
# report_browser.sh VQCLIP REPORT_ARCHIVE: a report's page in a browser (report_browser.py). Skips (77) where chromium, its
# driver, selenium or h5py is missing (Debian: chromium chromium-driver python3-selenium); the build installs none of them.
set -eu
if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    for python in ${PYTHON:-python3 /usr/bin/python3}; do
        if "$python" -c 'import h5py, selenium' 2>/dev/null; then
            exec "$python" "$(dirname "$0")/report_browser.py" "$@"
        fi
    done
fi
echo "skipped: needs chromium and selenium (Debian: chromium chromium-driver python3-selenium)"
exit 77
