{#- The same for all columns, or those that are not excluded by name. -#}
{% test all_columns_anomalies(
    model, column_anomalies, exclude_prefix, exclude_regexp, timestamp_column,
    where_expression, anomaly_sensitivity, anomaly_direction, min_training_set_size,
    time_bucket, days_back, backfill_days, seasonality, sensitivity, ignore_small_changes,
    fail_on_zero, detection_delay, anomaly_exclude_metrics, detection_period, training_period,
    dimensions, min_value=none, exclude_detection_period_from_training=none
) %}
    {{ config(tags=['elementary-tests'], fail_calc=elementary._count_anomalies()) }}
    {%- if not elementary.is_test_command() -%}
        {{ return(elementary.no_results_query()) }}
    {%- endif -%}
    {%- set given = {
        'timestamp_column': timestamp_column,
        'where_expression': where_expression,
        'anomaly_sensitivity': anomaly_sensitivity,
        'anomaly_direction': anomaly_direction,
        'time_bucket': time_bucket,
        'days_back': days_back,
        'backfill_days': backfill_days,
        'seasonality': seasonality,
        'sensitivity': sensitivity,
        'ignore_small_changes': ignore_small_changes,
        'fail_on_zero': fail_on_zero,
        'detection_delay': detection_delay,
        'anomaly_exclude_metrics': anomaly_exclude_metrics,
        'detection_period': detection_period,
        'training_period': training_period,
        'dimensions': dimensions,
        'min_value': min_value,
        'exclude_detection_period_from_training': exclude_detection_period_from_training,
    } -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(elementary._tested_relation()) -%}
        {%- if not (exclude_prefix and column.name.lower().startswith(exclude_prefix | lower))
            and not (exclude_regexp and modules.re.match('(?i)' ~ exclude_regexp, column.name)) -%}
            {%- do columns.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ elementary._column_anomaly_test(
        model, columns, column_anomalies, elementary._anomaly_configuration(given)
    ) }}
{% endtest %}
