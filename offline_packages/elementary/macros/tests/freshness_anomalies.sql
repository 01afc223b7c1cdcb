{#- The longest wait for an update of a table, by bucket of time, against its past. -#}
{% test freshness_anomalies(
    model, timestamp_column=none, where_expression=none, anomaly_sensitivity=none,
    anomaly_direction=none, min_training_set_size=none, time_bucket=none, days_back=none,
    backfill_days=none, seasonality=none, sensitivity=none, ignore_small_changes=none,
    detection_delay=none, anomaly_exclude_metrics=none, detection_period=none,
    training_period=none, exclude_detection_period_from_training=none
) %}
    {{ config(tags=['elementary-tests'], fail_calc=elementary.count_anomalies()) }}
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
    {{ elementary.table_anomaly_test(model, 'freshness', elementary.anomaly_configuration(given)) }}
{% endtest %}
