{#- Metrics of one column (nulls, lengths, averages ...) against their past. -#}
{% test column_anomalies(
    model, column_name, column_anomalies, timestamp_column, where_expression,
    anomaly_sensitivity, anomaly_direction, min_training_set_size, time_bucket, days_back,
    backfill_days, seasonality, sensitivity, ignore_small_changes, fail_on_zero,
    detection_delay, anomaly_exclude_metrics, detection_period, training_period, dimensions,
    min_value=none, exclude_detection_period_from_training=none
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
    {%- set column = elementary.get_column_in_relation(
        elementary._tested_relation(), column_name | replace('"', '')
    ) -%}
    {{ elementary._column_anomaly_test(
        model, [column] if column else [], column_anomalies, elementary._anomaly_configuration(given)
    ) }}
{% endtest %}
