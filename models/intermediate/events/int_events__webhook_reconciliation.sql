-- One row per event of Moodle that a webhook told of: whether the log has it. The log wins.
with webhooks as (

    select
        *,
        row_number() over (
            partition by event_id
            order by _load_id, lane, source_partition, source_offset
        ) as copy_no
    from {{ ref('stg_events__moodle_webhooks') }}

),

span as (

    select
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from webhooks

),

logged as (

    select
        {{ moodle_event_id() }} as event_id,
        min(log_id) as log_id,
        count(*) as rows_count,
        min(_loaded_at) as loaded_at
    from {{ ref('stg_moodle__logstore_standard_log') }}
    where
        occurred_at >= (select span.first_at from span)
        and occurred_at <= (select span.last_at from span)
    group by event_id

),

log_ends as (

    select max(occurred_at) as last_at from {{ ref('stg_moodle__logstore_standard_log') }}

),

final as (

    select
        webhooks.event_id,
        webhooks.event_name,
        webhooks.occurred_at,
        webhooks._loaded_at as received_at,
        logged.log_id,
        logged.loaded_at as logged_at,
        -- what the log does not reach yet may still come
        case
            when logged.event_id is not null then 'logged'
            when webhooks.occurred_at > log_ends.last_at or log_ends.last_at is null then 'awaited'
            else 'missing'
        end as status,
        webhooks._load_id,
        webhooks._loaded_at
    from webhooks
    cross join log_ends
    left join logged on webhooks.event_id = logged.event_id
    where webhooks.copy_no = 1

)

select * from final
