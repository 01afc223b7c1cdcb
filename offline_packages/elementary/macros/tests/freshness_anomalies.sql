{#- The longest wait for an update of a table, by bucket of time, against its past. -#}
{% test freshness_anomalies(
    model, timestamp_column, where_expression, anomaly_sensitivity, anomaly_direction,
    min_training_set_size, time_bucket, days_back, backfill_days, seasonality, sensitivity,
    ignore_small_changes, detection_delay, anomaly_exclude_metrics, detection_period,
    training_period, exclude_detection_period_from_training=none
) %}
    {{ config(tags=['elementary-tests'], fail_calc=elementary._count_anomalies()) }}
    {%- if not elementary.is_test_command() -%}
        {{ return(elementary.no_results_query()) }}
    {%- endif -%}
    {%- set given = {
        'timestamp_column': timestamp_column,
        'where_expression': where_expression,
        'anomaly_sensitivity': anomaly_sensitivity,
        'time_bucket': time_bucket,
        'days_back': days_back,
        'backfill_days': backfill_days,
        'seasonality': seasonality,
        'sensitivity': sensitivity,
        'ignore_small_changes': ignore_small_changes,
        'detection_delay': detection_delay,
        'anomaly_exclude_metrics': anomaly_exclude_metrics,
        'detection_period': detection_period,
        'training_period': training_period,
        'exclude_detection_period_from_training': exclude_detection_period_from_training,
    } -%}
    {{ elementary._table_anomaly_test(model, 'freshness', elementary._anomaly_configuration(given)) }}
{% endtest %}
