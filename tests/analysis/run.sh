#!/bin/sh
# Runs the tests of analysis/ on archives that the program renders: run.sh VQCLIP [-k NAME]
# Skips (77) where no Python has the packages; PYTHON names the one to take.
set -eu
VQCLIP=$(realpath "$1")
shift
cd "$(dirname "$0")"
export VQCLIP OMP_WAIT_POLICY=passive PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=../../analysis
for python in ${PYTHON:-python3 /usr/bin/python3}; do
    if "$python" -c 'import h5py, matplotlib, numpy, PIL, scipy, yaml' 2>/dev/null; then
        exec "$python" -W error::ResourceWarning -m unittest discover -t . -s . "$@"
    fi
done
echo "skipped: needs a Python 3.11 with h5py, matplotlib, numpy, PIL, scipy and yaml (Debian: python3-h5py" \
    "python3-matplotlib python3-numpy python3-pil python3-scipy python3-yaml)"
exit 77
