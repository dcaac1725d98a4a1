# Build:    docker build -t certgraph .
# Migrate:  docker run --rm --env-file production.env certgraph migrate
# Serve:    docker run -p 8000:8000 --env-file production.env certgraph
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements/server.txt requirements/build.txt requirements/
RUN python -m venv /opt/certgraph \
 && /opt/certgraph/bin/pip install --no-cache-dir --require-hashes -r requirements/server.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
COPY migrations migrations
RUN /opt/build/bin/hatchling build -t wheel -d /build/dist \
 && /opt/certgraph/bin/pip install --no-cache-dir --no-deps /build/dist/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 certgraph
COPY --from=build /opt/certgraph /opt/certgraph
ENV PATH=/opt/certgraph/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.build_opener(urllib.request.ProxyHandler({})).open('http://127.0.0.1:8000/livez')"]
ENTRYPOINT ["certgraph"]
CMD ["serve", "--host", "0.0.0.0"]
