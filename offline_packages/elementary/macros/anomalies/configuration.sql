{#-
    What an anomaly test works with: each setting from the test's arguments, else from
    `meta.elementary` of the tested model, else from the variable of its name, else the default.
    `given` holds the arguments, by upstream's names; `min_training_set_size` is accepted and, as
    upstream, not used.
-#}
{% macro _anomaly_configuration(given) %}
    {%- set node = elementary._tested_node() -%}
    {%- set of_model = ((node.config or {}).meta or node.meta or {}).get('elementary', {}) -%}
    {%- set settings = {} -%}
    {%- for name in [
        'timestamp_column', 'where_expression', 'event_timestamp_column', 'dimensions',
        'time_bucket', 'days_back', 'training_period', 'backfill_days', 'detection_period',
        'detection_delay', 'anomaly_sensitivity', 'anomaly_direction', 'seasonality',
        'ignore_small_changes', 'fail_on_zero', 'min_value', 'anomaly_exclude_metrics',
        'exclude_detection_period_from_training', 'exclude_final_results',
    ] -%}
        {%- set value = given.get(name) -%}
        {%- if value is none or value is undefined -%}
            {%- set value = of_model.get(name, elementary.get_config_var(name)) -%}
        {%- endif -%}
        {%- do settings.update({name: value}) -%}
    {%- endfor -%}
    {%- set bucket = {'period': 'day', 'count': 1} -%}
    {%- do bucket.update(settings.time_bucket or {}) -%}
    {%- do settings.update({
        'time_bucket': bucket,
        'days_back': elementary._in_days(settings.training_period) or settings.days_back,
        'backfill_days': [
            elementary._in_days(settings.detection_period) or settings.backfill_days,
            elementary._in_days(bucket),
        ] | max,
        'anomaly_sensitivity': given.get('sensitivity') or settings.anomaly_sensitivity,
        'anomaly_direction': settings.anomaly_direction | lower,
        'ignore_small_changes': settings.ignore_small_changes or {},
    }) -%}
    {%- if settings.seasonality in ['day_of_week', 'hour_of_week'] -%}
        {%- do settings.update({'days_back': settings.days_back * 7}) -%}
    {%- endif -%}
    {%- do elementary._check_configuration(settings) -%}
    {{ return(elementary._with_window(settings)) }}
{% endmacro %}

{#- The moments that bound what is read and judged, in UTC. -#}
{% macro _with_window(settings) %}
    {%- set delay = settings.detection_delay or {} -%}
    {%- set started = modules.datetime.datetime.fromisoformat(
        var('custom_run_started_at', run_started_at.isoformat())
    ) -%}
    {%- set end = started.replace(microsecond=0, tzinfo=none) - modules.datetime.timedelta(
        **{(delay.period or 'hour') ~ 's': delay.count or 0}
    ) -%}
    {%- set timedelta = modules.datetime.timedelta -%}
    {%- do settings.update({
        'bucket_interval': "interval '" ~ settings.time_bucket.count ~ " "
            ~ settings.time_bucket.period ~ "'",
        'window_end': "timestamp '" ~ end ~ "'",
        'window_start': "date_trunc('" ~ settings.time_bucket.period ~ "', timestamp '"
            ~ (end - timedelta(settings.days_back | int)).strftime('%Y-%m-%d') ~ "')",
        'detection_start': "timestamp '" ~ (end - timedelta(settings.backfill_days | int)) ~ "'",
    }) -%}
    {{ return(settings) }}
{% endmacro %}

{#- A period ({period: week, count: 2}) in days, rounded up; none for none. -#}
{% macro _in_days(period) %}
    {%- if not period -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set days = {'hour': 1 / 24, 'day': 1, 'week': 7, 'month': 30}[period.period or 'day'] -%}
    {{ return((period.count * days) | round(0, 'ceil') | int) }}
{% endmacro %}

{% macro _check_configuration(settings) %}
    {%- set bucket = settings.time_bucket -%}
    {%- if settings.anomaly_direction not in ['both', 'drop', 'spike'] -%}
        {%- do elementary._reject('anomaly_direction is both, drop or spike') -%}
    {%- elif bucket.period not in ['hour', 'day', 'week', 'month'] or bucket.count < 1 -%}
        {%- do elementary._reject('time_bucket counts hours, days, weeks or months') -%}
    {%- elif settings.seasonality == 'day_of_week' and bucket != {'period': 'day', 'count': 1} -%}
        {%- do elementary._reject('seasonality day_of_week takes a time_bucket of one day') -%}
    {%- elif settings.seasonality in ['hour_of_day', 'hour_of_week']
        and bucket != {'period': 'hour', 'count': 1} -%}
        {%- do elementary._reject('seasonality by hours takes a time_bucket of one hour') -%}
    {%- elif settings.seasonality and not settings.timestamp_column -%}
        {%- do elementary._reject('seasonality takes a timestamp_column') -%}
    {%- endif -%}
{% endmacro %}

{% macro _reject(reason) %}
    {%- do exceptions.raise_compiler_error(model.name ~ ': ' ~ reason) -%}
{% endmacro %}

{#- The node under test, from within a test. -#}
{% macro _tested_node() %}
    {%- set id = elementary._tested_node_id(model) -%}
    {{ return(graph.nodes.get(id) or graph.sources.get(id) or {}) }}
{% endmacro %}

{% macro _tested_relation() %}
    {%- set node = elementary._tested_node() -%}
    {{ return(api.Relation.create(
        database=node.database, schema=node.schema, identifier=node.identifier or node.alias
    )) }}
{% endmacro %}

{#- 'DATABASE.SCHEMA.TABLE', the name upstream stores metrics under. -#}
{% macro _name_in_full() %}
    {%- set relation = elementary._tested_relation() -%}
    {{ return((relation.database ~ '.' ~ relation.schema ~ '.' ~ relation.identifier) | upper) }}
{% endmacro %}
