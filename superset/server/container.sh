#!/bin/sh
# What the container does: bring Superset up to date with the bundle in /bundle, then serve it, and ask
# every chart's query meanwhile, so that nobody waits for the first one.
set -eu
server=/opt/coursehouse/server
python "$server/prepare.py" /bundle
warm() { python "$server/warm.py" admin || true; }
# and every day at four (UTC), behind the build of the night
{ warm; while sleep "$((86400 - ($(date +%s) - 14400) % 86400))"; do warm; done; } &
exec gunicorn "superset.app:create_app()" --bind 0.0.0.0:8088 --worker-class gthread --threads 8 \
    --workers "${COURSEHOUSE_SUPERSET_WORKERS:-2}" --timeout 120 --graceful-timeout 5
