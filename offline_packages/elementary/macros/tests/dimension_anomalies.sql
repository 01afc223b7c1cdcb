{#- Rows by value of the dimensions, against their past. -#}
{% test dimension_anomalies(
    model, dimensions, timestamp_column, where_expression, anomaly_sensitivity,
    anomaly_direction, min_training_set_size, time_bucket, days_back, backfill_days,
    seasonality, sensitivity, ignore_small_changes, fail_on_zero, detection_delay,
    anomaly_exclude_metrics, detection_period, training_period, exclude_final_results,
    min_value=none, exclude_detection_period_from_training=none
) %}
    {{ config(tags=['elementary-tests'], fail_calc=elementary._count_anomalies()) }}
    {%- if not elementary.is_test_command() -%}
        {{ return(elementary.no_results_query()) }}
    {%- endif -%}
    {%- set given = {
        'dimensions': dimensions,
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
        'exclude_final_results': exclude_final_results,
        'min_value': min_value,
        'exclude_detection_period_from_training': exclude_detection_period_from_training,
    } -%}
    {{ elementary._dimension_anomaly_test(model, elementary._anomaly_configuration(given)) }}
{% endtest %}
