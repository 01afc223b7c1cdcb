-- One row per day on which sessions began that the source counts too: how well the two agree.
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

with checks as not materialized (

    select * from {{ ref('int_learning__session_checks') }}

),

touched as (

    {{ touched_session_dates('checks') }}

),

sessions as (

    select * from checks
    where source_session_ids is not null and date in (select touched.date from touched)

),

pairs as (

    select
        sessions.date,
        sessions.session_id,
        sessions._load_id,
        cardinality(sessions.source_session_ids) as source_sessions,
        count(*) over (partition by sessions.date, sessions.student_hash, source_session_id)
            as sessions_of_source,
        row_number() over (
            partition by sessions.date, sessions.student_hash, source_session_id
            order by sessions.session_start
        ) as session_no
    from sessions
    cross join lateral unnest(sessions.source_session_ids) as source_session_id

),

days as (

    select
        date,
        count(distinct session_id)::integer as sessions_count,
        (count(*) filter (where session_no = 1))::integer as source_sessions_count,
        (count(*) filter (where source_sessions = 1 and sessions_of_source = 1))::integer
            as agreeing_count,
        (count(distinct session_id) filter (where source_sessions > 1))::integer as joined_count,
        (count(*) filter (where session_no = 1 and sessions_of_source > 1))::integer as cut_count,
        max(_load_id) as _load_id
    from pairs
    group by date

),

final as (

    select
        touched.date,
        {{ date_key('touched.date') }} as date_key,
        days.sessions_count,
        days.source_sessions_count,
        days.agreeing_count,
        days.joined_count,
        days.cut_count,
        (days.agreeing_count::numeric / days.sessions_count)::numeric(5, 4) as agreement_rate,
        days._load_id
    from touched
    {{ 'left' if is_incremental() else 'inner' }} join days on touched.date = days.date

)

select * from final
