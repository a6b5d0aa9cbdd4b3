#!/bin/sh
# install.sh VENV REQUIREMENTS: the packages that serve, without what serving never opens, compiled, the same for every
# copy of the image.
set -eu
venv=$1 requirements=$2
python3 -m venv "$venv"
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/pip" install --no-cache-dir --no-compile --disable-pip-version-check -q -r "$requirements"

site=$("$venv/bin/python" -c "import sysconfig; print(sysconfig.get_path('purelib'))")
drop() { for path; do rm -rf "$site"/$path; done; }
# The packages' own tests and headers.
find "$site" -type d -name tests -prune -exec rm -rf {} +
drop 'pyarrow/include' 'pyarrow/src' 'numpy/_core/include' 'numpy/*/lib/*.a'
# pyarrow's ways to Flight servers and to S3, modules of their own that it does without.
drop 'pyarrow/*flight*' 'pyarrow/libarrow_s3*' 'pyarrow/_s3fs*'
# onnxruntime once more, for programs that are not written in Python.
drop 'onnxruntime/capi/libonnxruntime.so.*'
drop 'onnxruntime/transformers' 'onnxruntime/quantization' 'onnxruntime/tools'
# Extensions of notebooks, and scripts for pages without a server.
drop 'pydeck/nbextension' 'plotly/labextension' 'plotly/package_data/*.js'
rm -rf "$venv/share/jupyter"
# Of OpenCV's cascades DeepFace's detector reads two.
find "$site/cv2/data" -name '*.xml' ! -name 'haarcascade_frontalface_default.xml' ! -name 'haarcascade_eye.xml' -delete
# Calendars and numbers of languages that the app does not speak.
find "$site/babel/locale-data" -name '*.dat' ! -name 'root.dat' ! -name 'en*.dat' ! -name 'zh*.dat' -delete
# Names of symbols, of which nothing but a debugger knows; libraries that wheels bring from elsewhere are left as they are.
if command -v strip >/dev/null; then
  find "$site" -type f \( -name '*.so' -o -name '*.so.[0-9]*' \) ! -path '*.libs/*' -exec strip --strip-unneeded {} +
fi

# Image layers keep whole seconds, and both bytecode and numba's cache know a source by its time.
find "$venv" -name '*.py' -exec touch -d @1700000000 {} +
# A few packages carry templates that are no Python: compileall's complaint about them is no failure. Of plotly's kinds
# of charts the app draws a few.
"$venv/bin/python" -m compileall -q -j 0 -x '/plotly/graph_objs/_?(?!_|figure|layout|scatter|bar|heatmap)|/altair/' \
  "$venv/lib" >/dev/null 2>&1 || true
"$venv/bin/python" -c "import streamlit, onnxruntime, av, cv2, librosa, pandas, plotly, pyarrow.parquet, scipy.signal, sklearn"
# What installs has done its work.
drop 'pip' 'pip-*' 'setuptools' 'setuptools-*' 'pkg_resources' '_distutils_hack' 'distutils-precedence.pth'
