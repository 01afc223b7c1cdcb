{#-
    Stripe's clock counts seconds, and an invoice is often created, finalized and paid within one.
    Which of an object's events of one second came last must not depend on which arrived first, so
    it is read from the events themselves, the strongest evidence first:

    1. what is created was not there before, what is deleted is gone after
    2. life goes one way: a draft is opened, an open invoice is paid, a refund that succeeded may
       still fail (macro `stripe_state_rank`)
    3. some numbers only grow: money refunded, attempts to collect, bookings of a dispute
    4. an update names the values it replaced (`previous_attributes`): an event whose object has
       them came before it, and so did whatever came before that one
    5. the event id, which says nothing of time but is the same in every order of arrival
-#}
{% macro order_within_second(events) -%}
    with recursive directly_after as (

        select
            later.event_id,
            earlier.event_id as earlier_id
        from {{ events }} as later
        inner join {{ events }} as earlier
            on
                later.object_key = earlier.object_key
                and later.told_at = earlier.told_at
                and later.event_id <> earlier.event_id
                and earlier.payload @> later.previous_attributes

    ),

    after as (

        select
            event_id,
            earlier_id
        from directly_after
        union
        select
            after.event_id,
            directly_after.earlier_id
        from after
        inner join directly_after on after.earlier_id = directly_after.event_id

    ),

    -- of two states that replaced each other in turn each came before the other: that says nothing
    followed as (

        select
            event_id,
            count(*) as events_before
        from after
        where event_id <> earlier_id
        group by event_id

    )

    select
        told.event_id,
        row_number() over (
            partition by told.object_key, told.told_at
            order by
                {{ stripe_state_rank('told.event_type', 'told.payload') }},
                coalesce((told.payload ->> 'amount_refunded')::numeric, 0),
                coalesce((told.payload ->> 'attempt_count')::numeric, 0),
                jsonb_array_length(
                    coalesce(nullif(told.payload -> 'balance_transactions', 'null'), '[]')
                ),
                coalesce(followed.events_before, 0),
                told.event_id
        ) as place
    from {{ events }} as told
    left join followed on told.event_id = followed.event_id
{%- endmacro %}
