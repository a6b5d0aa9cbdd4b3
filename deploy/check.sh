#!/usr/bin/env bash
# check.sh [FOLDER]: the Dockerfile's steps without Docker, read from the Dockerfile itself: a clean folder, packages
# and app that the server cannot write, a user who is not root. Needs python3 (3.11), git, 2 GB and some minutes.
# A FOLDER that is named stays, and its packages are used again.
set -euo pipefail
cd "$(dirname "$0")/.."
keep=${1:-}
box=${1:-$(mktemp -d)}
mkdir -p "$box"
box=$(cd "$box" && pwd)
chmod 755 "$box"
server=
finish() {
  status=$?
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  chmod -R u+w "$box" 2>/dev/null || true
  [ -n "$keep" ] || rm -rf "$box"
  exit $status
}
trap finish EXIT

say() { printf '%-44s %s\n' "$1" "$2"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
joined() { sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' Dockerfile; }

# As the image's user; on a machine where this is not run by root, as whoever runs it.
user=()
if [ "$(id -u)" = 0 ]; then
  user=(setpriv --reuid=1000 --regid=1000 --clear-groups)
fi
settings=(HOME="$box/home" LANG=C.UTF-8)
while read -r pair; do settings+=("$pair"); done < <(
  joined | awk '/^FROM/{stage++} stage==2 && /^ENV/{for (i = 2; i <= NF; i++) print $i}' |
    sed -e "s#/opt/venv#$box/venv#g" -e "s#/var/#$box/var/#g" -e 's#\$PATH#/usr/bin:/bin#'
)
inside() { (cd "$box/app" && env -i "${settings[@]}" "${user[@]}" "$@"); }

# The first stage
started=$SECONDS
rm -rf "$box/app" "$box/home" "$box/var"
if [ ! -e "$box/installed" ]; then
  env -u PYTHONDONTWRITEBYTECODE sh deploy/install.sh "$box/venv" "$PWD/requirements-serve.txt"
  touch "$box/installed"
fi
# Where Python itself lies in root's own folder, the user may read everything, and still write nothing.
if [ "$(id -u)" = 0 ] && ! env -i "${settings[@]}" "${user[@]}" python -c 'import numpy' 2>/dev/null; then
  user+=(--inh-caps=+dac_read_search --ambient-caps=+dac_read_search)
fi
say "packages installed" "$((SECONDS - started)) s, $(du -sm "$box/venv" | cut -f1) MB"
! ls -d "$box"/venv/lib/python*/site-packages/tensorflow* 2>/dev/null || fail "TensorFlow is among the packages"
# What the packages' own libraries ask of the system must be what a slim Python image has: no apt package is needed.
asked=$(find "$box/venv" -name '*.so*' -type f -exec ldd {} + 2>/dev/null | grep -v "$box" |
  awk '/=>/ {print $1}' | sort -u |
  # the last line: what wheels bring along under other names
  grep -vE '^(lib(c|m|mvec|dl|rt|util|pthread|resolv|gcc_s|stdc\+\+|z|crypt|ssl|crypto|bz2|lzma|expat|ffi|uuid)\.so|linux-vdso|ld-linux)' |
  grep -vE '^(libgomp\.so\.1\.0\.0|libquadmath-[0-9a-f]+\.so)' || true)
[ -z "$asked" ] || fail "libraries that a slim image lacks: $asked"

# The second stage
mkdir -p "$box/app" "$box/home" "$box/var/cache/moodcue" "$box/var/lib/moodcue"
joined | awk '/^FROM/{stage++} stage==2 && /^COPY/ && $2 !~ /^--/{for (i = 2; i < NF; i++) print $i}' |
  xargs git ls-files -z --cached --others --exclude-standard -- | xargs -0 cp --parents -t "$box/app"
grep -v '[*#]' .dockerignore | while read -r path; do rm -rf "${box:?}/app/$path"; done
if [ "$(id -u)" = 0 ]; then chown -R 1000:1000 "$box/home" "$box/var"; fi
(cd "$box/app" && env -u PYTHONDONTWRITEBYTECODE "$box/venv/bin/python" -m compileall -q -j 0 app.py deploy emotion moodcue pages recommender)
chmod -R a-w "$box/venv" "$box/app"
touch "$box/stamp"
say "app" "$(du -sm "$box/app" | cut -f1) MB"

started=$SECONDS
inside python -m deploy.warm
say "caches filled" "$((SECONDS - started)) s"
started=$SECONDS
inside python -m deploy.warm >/dev/null
say "the same again, warm" "$((SECONDS - started)) s"

# CMD and HEALTHCHECK
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
settings+=(PORT="$port")
read -ra command < <(joined | sed -n 's/^CMD //p' | tr -d '[],"')
(cd "$box/app" && exec env -i "${settings[@]}" "${user[@]}" "${command[@]}") >"$box/server.log" 2>&1 &
server=$!
started=$SECONDS
until inside python -m deploy.health 2>/dev/null; do
  kill -0 "$server" 2>/dev/null || { cat "$box/server.log" >&2; fail "the server ended"; }
  [ $((SECONDS - started)) -lt 60 ] || fail "the server is not healthy after a minute"
  sleep 0.5
done
say "healthy" "$((SECONDS - started)) s after its start"
say "runs as" "uid $(awk '/^Uid/{print $2}' "/proc/$server/status"), $(($(awk '/^VmRSS/{print $2}' "/proc/$server/status") / 1024)) MB before the first visitor"
python3 - "$port" <<'PY' || fail "no page, or no security headers"
import sys
import urllib.request

with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/", timeout=20) as page:
    assert "content-security-policy" in page.headers and b"<title>" in page.read()
PY
kill "$server"
wait "$server" 2>/dev/null || true
server=
written=$(find "$box/venv" "$box/app" -newer "$box/stamp" -type f | head -5)
[ -z "$written" ] || fail "written where nothing may be: $written"
echo "The Dockerfile's steps hold."
