-- One row per day on which sessions began: how many of them late arrivals changed afterwards.
{{
    config(
        materialized='incremental',
        event_time='date',
        unique_key='date',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[{'columns': ['date'], 'unique': true}, {'columns': ['_load_id']}],
        meta={
            'grain': ['date'], 'owner': 'data-team', 'kind': 'aggregate',
            'exists_column': 'sessions_count',
        },
    )
}}

-- depends_on: {{ ref('fact_learning_event') }}

with touched as (

    {{ touched_session_dates(ref('int_learning__session_checks')) }}

),

sessions as (

    select * from {{ ref('int_learning__session_checks') }}
    where date in (select touched.date from touched)

),

days as (

    select
        date,
        count(*)::integer as sessions_count,
        (count(*) filter (where is_reopened))::integer as reopened_count,
        (count(*) filter (where is_merged))::integer as merged_count,
        (count(*) filter (where is_renamed))::integer as renamed_count,
        sum(late_events_count)::integer as late_events_count,
        max(_load_id) as _load_id
    from sessions
    group by date

),

final as (

    select
        touched.date,
        {{ date_key('touched.date') }} as date_key,
        days.sessions_count,
        days.reopened_count,
        days.merged_count,
        days.renamed_count,
        days.late_events_count,
        (days.reopened_count::numeric / days.sessions_count)::numeric(5, 4) as reopened_rate,
        (days.merged_count::numeric / days.sessions_count)::numeric(5, 4) as merged_rate,
        (days.renamed_count::numeric / days.sessions_count)::numeric(5, 4) as renamed_rate,
        days._load_id
    from touched
    {{ 'left' if is_incremental() else 'inner' }} join days on touched.date = days.date

)

select * from final
