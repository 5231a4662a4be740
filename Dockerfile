# One image for web, workers and beat; compose chooses the command. Base images by their full version; a digest behind
# the tag (…-bookworm@sha256:…) pins the very bytes, see the install guide.
FROM node:20.19.5-bookworm-slim AS frontend
WORKDIR /build/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM python:3.11.14-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
# The reliability report as PDF is set in DejaVu; without it names are written in Latin-1.
# hadolint ignore=DL3008  # Debian keeps no old versions: a pinned one would not build in a month
RUN apt-get update && apt-get install -y --no-install-recommends fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 10001 --user-group delineate && mkdir -p /data && chown delineate /data
WORKDIR /app
# TORCH_INDEX: an index that holds the CPU or CUDA build to use; empty takes the default one.
ARG TORCH_INDEX=""
COPY requirements.txt constraints.txt ./
RUN pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.txt -c constraints.txt
COPY manage.py ./
COPY backend/ backend/
COPY annotation/ annotation/
COPY training/ training/
COPY --from=frontend /build/frontend/dist frontend/dist
RUN python -m whitenoise.compress --quiet frontend/dist
USER 10001:10001
ENV DELINEATE_VAR=/data DELINEATE_STORE=/data/store DELINEATE_WORK=/data/work
EXPOSE 8000
CMD ["gunicorn", "backend.wsgi:application", "-c", "python:backend.webserver", "--bind", "0.0.0.0:8000"]
