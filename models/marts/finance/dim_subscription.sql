-- One row per version of a subscription of Stripe.
{{
    config(
        indexes=[{'columns': ['subscription_key'], 'unique': true}, {'columns': ['subscription_id']}],
        meta={'grain': ['subscription_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

{%- set attributes = [
    'customer_id', 'status', 'pause_behavior', 'cancel_at_period_end', 'cancellation_reason',
    'collection_method', 'currency', 'started_at', 'trial_start', 'trial_end', 'cancel_at',
    'canceled_at', 'ended_at', 'created_at', 'livemode', 'account',
] %}

with versions as (

    {{ scd2_changes(ref('int_finance__subscriptions'), 'subscription_id', attributes) }}

),

-- what only other objects mention is there too
mentioned as (

    select subscription_id from {{ ref('int_finance__subscriptions') }}
    where subscription_id is not null
    union
    select subscription_id from {{ ref('int_finance__invoices') }}
    where subscription_id is not null
    union
    select subscription_id from {{ ref('int_finance__invoice_lines') }}
    where subscription_id is not null

),

customers as (

    select * from {{ ref('dim_customer') }}
    where is_current

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

members as (

    select
        mentioned.subscription_id,
        {%- for attribute in attributes %}
            versions.{{ attribute }},
        {%- endfor %}
        coalesce(unknown_member.is_known, versions.subscription_id is not null) as is_known,
        coalesce(versions.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(versions.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(versions.is_current, true) as is_current
    from mentioned
    left join versions on mentioned.subscription_id = versions.subscription_id
    full outer join unknown_member on false

),

final as (

    select
        {{ version_key('members.subscription_id', 'members.valid_from') }} as subscription_key,
        members.subscription_id,
        members.customer_id,
        coalesce(customers.customer_key, {{ version_key('members.customer_id') }}) as customer_key,
        members.status,
        members.pause_behavior,
        members.cancel_at_period_end,
        members.cancellation_reason,
        members.collection_method,
        members.currency,
        members.livemode,
        members.account,
        members.created_at,
        members.started_at,
        members.trial_start,
        members.trial_end,
        members.cancel_at,
        members.canceled_at,
        members.ended_at,
        members.is_known,
        members.valid_from,
        members.valid_to,
        members.is_current
    from members
    left join customers on members.customer_id = customers.customer_id

)

select * from final
