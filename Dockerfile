# The live mirror in a container: docker build -t wearcast . && docker run -p 8080:8080 wearcast
# WebRTC media uses ephemeral UDP ports: run with --network host, or put a TURN server in front.
FROM python:3.12-slim

# libgl1 and libglib2.0-0: OpenCV and MediaPipe load them
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home wearcast

WORKDIR /srv/wearcast
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY pipeline pipeline
COPY stream_server stream_server
COPY web web
COPY weights weights
RUN pip install --no-cache-dir --constraint constraints.txt --editable . \
    && mkdir catalog && chown -R wearcast catalog pipeline

USER wearcast
# fewer arenas: session churn otherwise leaves memory behind in glibc
ENV MALLOC_ARENA_MAX=2
EXPOSE 8080
VOLUME ["/srv/wearcast/catalog"]
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"
CMD ["wearcast", "serve", "--host", "0.0.0.0"]
