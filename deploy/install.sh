#!/bin/sh
# install.sh VENV REQUIREMENTS: the packages that serve, compiled, the same for every copy of the image.
set -eu
venv=$1 requirements=$2
python3 -m venv "$venv"
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/pip" install --no-cache-dir --no-compile --disable-pip-version-check -q -r "$requirements"
# Image layers keep whole seconds, and both bytecode and numba's cache know a source by its time.
find "$venv" -name '*.py' -exec touch -d @1700000000 {} +
# A few packages carry templates that are no Python: compileall's complaint about them is no failure.
"$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null 2>&1 || true
"$venv/bin/python" -c "import streamlit, onnxruntime, av, cv2, librosa"
