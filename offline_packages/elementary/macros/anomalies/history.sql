{#- Points earlier runs measured of a table that has no time of its own. -#}
{% macro _past_points(settings) -%}
    {%- set history = elementary.get_elementary_relation('data_monitoring_metrics') -%}
    {%- if history -%}
        union all
        select
            bucket_start, bucket_end, metric_name, column_name, dimension_value, metric_value,
            source_value
        from {{ history }}
        where
            metric_properties = {{ elementary.edr_quote(elementary._metric_properties(settings)) }}
            and bucket_end > {{ settings.window_start }}
            and bucket_end < {{ settings.window_end }}
    {%- endif -%}
{%- endmacro %}

{#- What makes points of different runs comparable: the table and how it was measured. -#}
{% macro _metric_properties(settings) %}
    {{ return(tojson({
        'test': model.unique_id,
        'table': elementary._name_in_full(),
        'where_expression': settings.where_expression,
        'event_timestamp_column': settings.event_timestamp_column,
        'dimensions': settings.dimensions,
    })) }}
{% endmacro %}
