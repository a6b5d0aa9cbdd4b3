#!/usr/bin/env bash
# The whole suite with one Python: what needs no browser on two processes, then the browsers alone, which other work
# would slow down; in the end the branch coverage of both. Fails where either does; `--lf` then runs what failed.
set -u
failed=0
# With the recordings at hand every part is run; without them their tests skip, and the share says little.
least=0
[ -d "${MOODCUE_DATA:-../shared/data}" ] && least=85
"$1" -m pytest -n 2 --dist loadscope --ignore=tests/browser --cov --cov-report= || failed=1
"$1" -m pytest tests/browser --cov --cov-append --cov-report=term:skip-covered --cov-fail-under=$least || failed=1
exit $failed
