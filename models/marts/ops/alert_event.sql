-- One row per rule, label set and window (of the rule's cooldown) in which the rule was broken.
-- A build and `coursehouse alert` may evaluate at once: one waits for the other.
{{
    config(
        materialized='incremental',
        unique_key='alert_event_key',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        tags=['alert'],
        pre_hook="select pg_advisory_xact_lock(hashtext('coursehouse:alert_event'))",
        indexes=[{'columns': ['alert_event_key'], 'unique': true}, {'columns': ['state']}],
        meta={
            'grain': ['rule', 'labels', 'window_start'], 'owner': 'data-team',
            'exists_column': 'opened_at',
        },
    )
}}

with samples as not materialized (

    select * from {{ ref('int_ops__rule_samples') }}

),

runs as ( -- noqa: ST03 (only an increment asks them)

    select * from {{ ref('int_ops__build_results') }}

),

rules as (

    select
        *,
        window_minutes * interval '1 minute' as window_length,
        cooldown_minutes * interval '1 minute' as cooldown
    from {{ ref('alert_rules') }}

),

series as (

    {{ touched_series('rules', 'samples', 'runs') }}

),

windows as (

    {{ rule_windows('series', 'samples') }}

),

judged as (

    select
        windows.*,
        series.metric,
        series.severity,
        date_bin(
            series.cooldown, windows.evaluated_at, timestamptz '2000-01-01 00:00+00'
        ) as window_start,
        lead(windows.evaluated_at) over series_in_time as next_at,
        lead(windows.is_broken) over series_in_time as is_broken_next
    from windows
    inner join series on windows.rule = series.rule and windows.labels = series.labels
    window series_in_time as (
        partition by windows.rule, windows.labels order by windows.evaluated_at
    )

),

events as (

    select
        rule,
        labels,
        window_start,
        metric,
        severity,
        min(evaluated_at) as opened_at,
        max(evaluated_at) as last_broken_at,
        count(*)::integer as breaches_count,
        (array_agg(value order by evaluated_at asc))[1] as opening_value,
        (array_agg(value order by evaluated_at desc))[1] as last_value,
        -- how it went on after the last break of the window
        (array_agg(next_at order by evaluated_at desc))[1] as next_at,
        (array_agg(is_broken_next order by evaluated_at desc))[1] as is_broken_next
    from judged
    where is_broken
    group by rule, labels, window_start, metric, severity

),

told as (

    select
        rule,
        labels,
        window_start
    from events
    {% if is_incremental() %}
        union
        -- what was an alert and is evaluated again: one that is none any more goes
        select
            built.rule,
            built.labels,
            built.window_start
        from {{ this }} as built
        inner join series
            on
                built.rule = series.rule
                and built.labels = series.labels
                and built.window_start >= series.since
    {% endif %}

),

final as (

    select
        {{ surrogate_key(['told.rule', 'told.labels', 'extract(epoch from told.window_start)']) }}
            as alert_event_key,
        told.rule,
        told.labels,
        told.window_start,
        events.metric,
        events.severity,
        events.opened_at,
        events.last_broken_at,
        case when not events.is_broken_next then events.next_at end as resolved_at,
        case
            when events.is_broken_next then 'continued'
            when not events.is_broken_next then 'resolved'
            when events.opened_at is not null then 'firing'
        end as state,
        events.breaches_count,
        events.opening_value,
        events.last_value
    from told
    left join events
        on
            told.rule = events.rule
            and told.labels = events.labels
            and told.window_start = events.window_start

)

select * from final
