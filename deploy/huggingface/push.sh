#!/usr/bin/env bash
# push.sh SPACE: puts the committed state of this repository into a Docker Space, for example push.sh me/moodcue.
# The Space's README, with the front matter that Spaces ask for, takes the place of ours there and only there.
# Log in before with git's own credentials for huggingface.co; files over 10 MB go through git-lfs, which Spaces ask for.
set -euo pipefail
space=${1:?the Space, as OWNER/NAME}
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet --depth 1 "https://huggingface.co/spaces/$space" "$folder"
git -C "$folder" rm -rq --ignore-unmatch .
git -C "$root" archive HEAD | tar -x -C "$folder"
cp "$root/deploy/huggingface/README.md" "$folder/README.md"
rm -rf "$folder/tests" "$folder/.ci"
# A Space shows the app in a frame of another site: it must allow that, and so must the cookie that guards uploads.
cat >>"$folder/Dockerfile" <<'EOF'
ENV MOODCUE_FRAME_ANCESTORS="'self' https://huggingface.co" \
    STREAMLIT_SERVER_XSRF_COOKIE_SAME_SITE=none
EOF
cd "$folder"
git lfs install --local >/dev/null
git lfs track '*.onnx' '*.mp4' '*.mp3' '*.png' '*.parquet' >/dev/null
git add --all
git commit --quiet --message "MoodCue $(git -C "$root" rev-parse --short HEAD)"
git push --quiet
echo "https://huggingface.co/spaces/$space builds now."
