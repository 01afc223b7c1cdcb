{#- One result per metric and column of an anomaly test, with its points. -#}
{% macro _add_anomaly_results(row, kept, rows, samples, points) %}
    {%- set metrics = {} -%}
    {%- for point in kept -%}
        {%- do metrics.setdefault((point.column_name, point.metric_name), []).append(point) -%}
    {%- endfor -%}
    {%- for (column_name, metric_name), measured in metrics.items() -%}
        {%- set scored = measured | rejectattr('anomaly_score', 'none') | list -%}
        {%- set anomalous = scored | selectattr('is_anomalous') | list -%}
        {%- set result = dict(row, **{
            'id': row.id ~ '.' ~ (column_name or '') ~ '.' ~ metric_name,
            'column_name': column_name,
            'test_sub_type': metric_name,
            'failures': anomalous | length,
            'status': row.status if anomalous or row.status == 'error' else 'pass',
            'test_results_description': elementary._describe_points(scored, anomalous),
            'other': (measured | last).source_value,
            'test_params': dict(
                row.test_params, anomaly_sensitivity=measured[0].anomaly_score_threshold
            ),
        }) -%}
        {%- do rows.append(result) -%}
        {%- do elementary._add_sample(
            result, elementary._points_to_show(scored, anomalous), samples
        ) -%}
        {%- do elementary._add_points(row, measured, points) -%}
    {%- endfor -%}
    {%- if not metrics -%}
        {%- do rows.append(row) -%}
    {%- endif -%}
{% endmacro %}

{#- Of many dimension values only those that were off. -#}
{% macro _points_to_show(scored, anomalous) %}
    {%- set values = anomalous | map(attribute='dimension_value') | unique | list -%}
    {{ return(
        scored if not scored or scored[0].dimension is none
        else scored | selectattr('dimension_value', 'in', values) | list
    ) }}
{% endmacro %}

{% macro _describe_points(scored, anomalous) %}
    {%- if not scored -%}
        {{ return('Not enough data to calculate anomaly score.') }}
    {%- endif -%}
    {%- set latest = {} -%}
    {%- for point in anomalous or [scored | last] -%}
        {%- do latest.update({point.dimension_value: point.anomaly_description}) -%}
    {%- endfor -%}
    {%- set shown = latest.values() | list -%}
    {%- set more = (shown | length) - 5 -%}
    {{ return(shown[:5] | join(' ') ~ (' And ' ~ more ~ ' more.' if more > 0 else '')) }}
{% endmacro %}

{#- A table without a time of its own: what was measured now is the past of later runs. -#}
{% macro _add_points(row, measured, points) %}
    {%- for point in measured if point.is_new and point.bucket_start is none -%}
        {%- set id = local_md5(tojson([
            row.test_unique_id, point.column_name, point.metric_name, point.dimension_value,
            point.bucket_end,
        ])) -%}
        {%- do points.append(dict(point, **{
            'id': id,
            'full_table_name': (
                [row.database_name, row.schema_name, row.table_name] | join('.') | upper
            ),
            'metric_type': point.metric_name,
        })) -%}
    {%- endfor -%}
{% endmacro %}
