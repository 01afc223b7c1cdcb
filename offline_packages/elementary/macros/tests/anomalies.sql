{#- Anomaly tests, with upstream's arguments. `failures` counts anomalous points. -#}

{#- Tests judge rows where dbt runs tests; elsewhere (compile, docs) there is nothing to read. -#}
{% macro is_test_command() %}
    {{ return(execute and flags.WHICH in ['test', 'build', 'retry']) }}
{% endmacro %}

{% macro _table_anomaly_test(monitored, metric, settings) -%}
    {%- if metric == 'freshness' and not settings.timestamp_column -%}
        {%- do elementary._reject('freshness_anomalies takes a timestamp_column') -%}
    {%- elif metric == 'event_freshness' and not settings.event_timestamp_column -%}
        {%- do elementary._reject('event_freshness_anomalies takes an event_timestamp_column') -%}
    {%- endif -%}
    {%- set query = {
        'row_count': elementary._row_count_metric,
        'freshness': elementary._freshness_metric,
        'event_freshness': elementary._event_freshness_metric,
    }[metric](monitored, settings) -%}
    {{ elementary._anomaly_points([query], settings, not settings.timestamp_column) }}
{%- endmacro %}

{% macro _column_anomaly_test(monitored, columns, wanted, settings) -%}
    {%- do elementary._reject_personal_dimensions(settings) -%}
    {%- set queries = [] -%}
    {%- for column in columns -%}
        {%- set monitors = elementary._monitors_of(column, wanted or []) -%}
        {%- if monitors -%}
            {%- do queries.append(
                elementary._column_metric(monitored, settings, column, monitors)
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not queries -%}
        {%- do elementary._reject('no such column, or none of the metrics fits its type') -%}
    {%- endif -%}
    {{ elementary._anomaly_points(queries, settings, not settings.timestamp_column) }}
{%- endmacro %}

{% macro _dimension_anomaly_test(monitored, settings) -%}
    {%- if not settings.dimensions -%}
        {%- do elementary._reject('dimension_anomalies takes dimensions') -%}
    {%- endif -%}
    {%- do elementary._reject_personal_dimensions(settings) -%}
    {{ elementary._anomaly_points(
        [elementary._dimension_metric(monitored, settings)], settings, not settings.timestamp_column
    ) }}
{%- endmacro %}

{#- Values of dimensions are stored and shown: they may not be anybody's. -#}
{% macro _reject_personal_dimensions(settings) -%}
    {%- set columns = elementary._tested_node().columns or {} -%}
    {%- for dimension in settings.dimensions or [] -%}
        {%- set column = columns.get(dimension) or {} -%}
        {%- if ((column.config or {}).meta or column.meta or {}).get('pii') -%}
            {%- do elementary._reject('dimension ' ~ dimension ~ ' is personal data') -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{% macro _count_anomalies() %}
    {{ return('count(*) filter (where is_anomalous)') }}
{% endmacro %}
