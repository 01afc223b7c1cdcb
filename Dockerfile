# Coursehouse as `make up` installs it, from the same locks. docker-compose.yml builds both:
#   coursehouse   the command, for the collector, the stream, the schedule and the exporter of metrics
#   airflow       the same with Airflow and the schedules of orchestrate/
FROM python:3.11.14-slim-bookworm AS coursehouse
RUN groupadd --gid 10001 coursehouse \
    && useradd --uid 10001 --gid 10001 --create-home --home-dir /var/lib/coursehouse coursehouse \
    && install -d -o coursehouse -g coursehouse /opt/coursehouse
USER 10001:10001
WORKDIR /opt/coursehouse
ENV PATH=/opt/coursehouse/.venv/bin:$PATH \
    COURSEHOUSE_HOME=/var/lib/coursehouse \
    DO_NOT_TRACK=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
COPY --chown=10001:10001 requirements/runtime.txt requirements/
RUN python -m venv .venv && pip install --require-hashes --requirement requirements/runtime.txt
COPY --chown=10001:10001 . .
# the folders that volumes are mounted on keep their owner
RUN pip install --no-deps --no-build-isolation --editable . \
    && coursehouse deps \
    && mkdir -p target logs
ENTRYPOINT ["coursehouse"]
CMD ["--help"]

FROM coursehouse AS airflow
RUN python -m venv .venv-airflow \
    && .venv-airflow/bin/pip install --require-hashes --requirement requirements/airflow.txt
ENTRYPOINT ["orchestrate/airflow"]
CMD ["standalone"]
