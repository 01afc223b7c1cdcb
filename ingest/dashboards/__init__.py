"""Dashboards as code: specs in `superset/`, checked against the marts, deployed to Superset."""
