-- One row per mention of a learner by a customer of Stripe or a record of a payment of theirs.
with customers as (

    select * from {{ ref('int_finance__customers') }}

),

intents as (

    select * from {{ ref('int_finance__payment_intents') }}
    where customer_id is not null

),

checkouts as (

    select * from {{ ref('int_finance__checkout_sessions') }}
    where customer_id is not null

),

subscriptions as (

    select * from {{ ref('int_finance__subscriptions') }}

),

orders as (

    select * from {{ ref('fact_orders') }}
    where student_hash is not null and stripe_payment_intent_id is not null

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

-- one id, or several separated by commas
mentions as (

    select
        customer_id,
        moodle_user_id as user_ids,
        'customer' as said_by,
        false as is_payer,
        is_current,
        valid_from as said_at,
        valid_to as said_until
    from customers

    union all

    select
        customer_id,
        metadata ->> 'learner_user_ids' as user_ids,
        'customer' as said_by,
        true as is_payer,
        is_current,
        valid_from as said_at,
        valid_to as said_until
    from customers

    {% for source, user_ids, said_at in [
        ('intents', "metadata ->> 'moodle_user_id'", 'created_at'),
        ('checkouts', "coalesce(metadata ->> 'moodle_user_id', client_reference_id)", 'created_at'),
        ('subscriptions', "metadata ->> 'moodle_user_id'", 'valid_from'),
    ] %}
        union all

        select
            customer_id,
            {{ user_ids }} as user_ids,
            'payment' as said_by,
            false as is_payer,
            true as is_current,
            {{ said_at }} as said_at,
            timestamptz '9999-12-31 00:00:00+00' as said_until
        from {{ source }}
    {% endfor %}

),

named as (

    select
        mentions.customer_id,
        trim(named.user_id) as user_id,
        mentions.said_by,
        mentions.is_payer,
        mentions.is_current,
        mentions.said_at,
        mentions.said_until
    from mentions
    cross join lateral string_to_table(mentions.user_ids, ',') as named (user_id)
    where trim(named.user_id) ~ '^[1-9][0-9]{0,17}$'

),

said as (

    select
        named.customer_id,
        {{ student_hash('pseudonyms', 'moodle', 'named.user_id') }} as student_hash,
        'stripe_metadata' as match_rule,
        named.said_by,
        named.is_payer,
        named.is_current,
        named.said_at,
        named.said_until
    from named
    left join pseudonyms on named.user_id = pseudonyms.source_user_id

    -- a union tells what was said twice once
    union

    -- the shop knew who ordered, and Stripe whom it charged
    select
        intents.customer_id,
        orders.student_hash,
        'payment_record' as match_rule,
        'payment' as said_by,
        false as is_payer,
        true as is_current,
        orders.ts as said_at,
        timestamptz '9999-12-31 00:00:00+00' as said_until
    from orders
    inner join intents on orders.stripe_payment_intent_id = intents.payment_intent_id

),

final as (

    select
        {{ surrogate_key([
            'customer_id', 'student_hash', 'match_rule', 'said_by', 'is_payer', 'is_current',
            'extract(epoch from said_at)',
        ]) }} as claim_key,
        *
    from said

)

select * from final
