#!/usr/bin/env bash
# The browser tests drive Debian's Chromium (or Google Chrome). Says in one line how to get it.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "MoodCue: installing Chromium for the browser tests (about a minute, once)"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
  exit 0
fi
echo "The browser tests need Chromium: sudo apt-get install -y chromium" >&2
exit 1
