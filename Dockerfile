# syntax=docker/dockerfile:1
# MoodCue as it is hosted: docs/hosting.md. `bash deploy/check.sh` runs these steps without Docker.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS packages
# strip, of this stage alone
RUN apt-get update && apt-get install --yes --no-install-recommends binutils
COPY requirements-serve.txt deploy/install.sh /build/
RUN sh /build/install.sh /opt/venv /build/requirements-serve.txt

FROM python:${PYTHON}-slim-bookworm
# 1000 is the user that Hugging Face Spaces run a container as.
# The font writes Chinese names on live pictures; nothing else is needed of the system.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends fonts-wqy-zenhei \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1000 --create-home moodcue \
    && install -d -o moodcue -g moodcue /var/cache/moodcue /var/lib/moodcue
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    OPENBLAS_NUM_THREADS=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MOODCUE_CACHE_DIR=/var/cache/moodcue \
    MOODCUE_HOME=/var/lib/moodcue \
    MALLOC_ARENA_MAX=2 \
    PORT=8501
# Packages and app belong to root: the server cannot change its own code.
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY app.py LICENSE ./
COPY .streamlit .streamlit
COPY assets assets
COPY deploy deploy
COPY emotion emotion
COPY moodcue moodcue
COPY pages pages
COPY recommender recommender
RUN PYTHONDONTWRITEBYTECODE= python -m compileall -q -j 0 app.py deploy emotion moodcue pages recommender
USER moodcue
# Verifies the weights, reads a sample, and fills DeepFace's cache.
RUN python -m deploy.warm
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=40s --retries=3 CMD ["python", "-m", "deploy.health"]
CMD ["python", "-m", "deploy.server"]
