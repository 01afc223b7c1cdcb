{#-
    The clock of snapshots. dbt's own drops the time zone, so that `dbt_valid_from` would mean
    whatever zone the session of a later reader has, and repeat an hour every autumn.
-#}
{% macro postgres__snapshot_get_time() -%}
    {{ current_timestamp() }}
{%- endmacro %}
