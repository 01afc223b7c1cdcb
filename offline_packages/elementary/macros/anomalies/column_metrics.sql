{#- Metrics of columns by name: the SQL expression over column `c`, and the types it is for. -#}
{% macro _column_monitors() %}
    {%- set nulls = 'count(*) filter (where c is null)' -%}
    {%- set zeros = 'count(*) filter (where coalesce(c, 0) = 0)' -%}
    {%- set missing = "count(*) filter (where c is null or trim(c) = '' or lower(c) = 'null')" -%}
    {{ return({
        'any': {
            'null_count': nulls,
            'null_percent': elementary._percent_of_rows(nulls),
            'not_null_percent': '100 - ' ~ elementary._percent_of_rows(nulls),
        },
        'string': {
            'min_length': 'min(length(c))',
            'max_length': 'max(length(c))',
            'average_length': 'avg(length(c))',
            'missing_count': missing,
            'missing_percent': elementary._percent_of_rows(missing),
            'not_missing_percent': '100 - ' ~ elementary._percent_of_rows(missing),
        },
        'numeric': {
            'min': 'min(c)',
            'max': 'max(c)',
            'zero_count': zeros,
            'zero_percent': elementary._percent_of_rows(zeros),
            'not_zero_percent': '100 - ' ~ elementary._percent_of_rows(zeros),
            'average': 'avg(c)',
            'standard_deviation': 'stddev(c)',
            'variance': 'variance(c)',
            'sum': 'sum(c)',
        },
        'boolean': {
            'count_true': 'count(*) filter (where c)',
            'count_false': 'count(*) filter (where not c)',
        },
    }) }}
{% endmacro %}

{% macro _percent_of_rows(expression) -%}
    round(100.0 * {{ expression }} / nullif(count(*), 0), 3)
{%- endmacro %}

{#- What is measured of a column: the metrics asked for, or upstream's defaults, if its type has them. -#}
{% macro _monitors_of(column, wanted) %}
    {%- set kind = elementary.normalize_data_type(column.dtype) -%}
    {%- set monitors = elementary._column_monitors() -%}
    {%- set available = dict(monitors['any'], **monitors.get(kind, {})) -%}
    {%- set not_by_default = [
        'not_null_percent', 'not_missing_percent', 'not_zero_percent', 'sum'
    ] -%}
    {%- set chosen = {} -%}
    {%- for name, expression in available.items() -%}
        {%- if name in wanted or (not wanted and name not in not_by_default) -%}
            {%- do chosen.update({name: expression}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(chosen) }}
{% endmacro %}

{#- Metrics of one column, by bucket and, with dimensions, by their values. Empty buckets have none. -#}
{% macro _column_metric(monitored, settings, column, monitors) -%}
    {%- set expressions = {'c': adapter.quote(column.name)} -%}
    {%- if settings.dimensions -%}
        {%- do expressions.update({
            'dimension_value': elementary._dimension_value(settings.dimensions)
        }) -%}
    {%- endif -%}
    with {{ elementary._rows_by_bucket(monitored, settings, expressions) }},

    measured as (
        select
            bucket_number,
            {{ 'dimension_value' if settings.dimensions else 'cast(null as text)' }}
                as dimension_value
            {%- for name, expression in monitors.items() %},
            cast({{ expression }} as double precision) as m_{{ name }}
            {%- endfor %}
        from bucketed
        where bucket_number > 0
        group by bucket_number{{ ', dimension_value' if settings.dimensions }}
    )

    select
        bucket_start,
        bucket_end,
        metric_name,
        {{ elementary.edr_quote(column.name) }} as column_name,
        dimension_value,
        metric_value,
        cast(null as text) as source_value
    from measured
    inner join buckets using (bucket_number)
    cross join lateral (
        values
        {%- for name in monitors %}
        ('{{ name }}', m_{{ name }}){{ "," if not loop.last }}
        {%- endfor %}
    ) as metrics (metric_name, metric_value)
{%- endmacro %}

{#- The values of several columns as one text. -#}
{% macro _dimension_value(dimensions) -%}
    concat_ws('; '
    {%- for dimension in dimensions -%}
        , coalesce(cast({{ dimension }} as text), 'NULL')
    {%- endfor -%}
    )
{%- endmacro %}
