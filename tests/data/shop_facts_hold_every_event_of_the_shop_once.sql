-- Reconciliation: looks, cart changes and orders are the events of the shop, in the same sessions.
with events as (

    select
        topic,
        event_key,
        coalesce(session_id, '') as session_id
    from {{ ref('int_commerce__events') }}

),

facts as (

    select
        'clicks' as topic,
        event_key,
        coalesce(session_id, '') as session_id
    from {{ ref('fact_clicks') }}

    union all

    select
        'cart' as topic,
        event_key,
        coalesce(session_id, '') as session_id
    from {{ ref('fact_cart') }}

    union all

    select
        'purchase' as topic,
        order_key as event_key,
        coalesce(session_id, '') as session_id
    from {{ ref('fact_orders') }}

)

select
    facts.event_key as event_key_of_fact,
    events.event_key
from facts
full outer join events
    on
        facts.event_key = events.event_key
        and facts.topic = events.topic
        and facts.session_id = events.session_id
where facts.event_key is null or events.event_key is null
