-- One row per charge and learner named with the payment.
with charges as (

    select * from {{ ref('int_finance__charges') }}

),

intents as (

    select * from {{ ref('int_finance__payment_intents') }}

),

checkouts as (

    select * from {{ ref('int_finance__checkout_sessions') }}

),

invoices as (

    select * from {{ ref('int_finance__invoices') }}

),

subscriptions as (

    select * from {{ ref('int_finance__subscriptions') }}
    where is_current

),

orders as (

    select * from {{ ref('fact_orders') }}
    where student_hash is not null

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

mentions as (

    select
        charges.charge_id,
        concat_ws(
            ',',
            {% for object in ['charges', 'intents', 'checkouts', 'subscriptions'] %}
                {{ object }}.metadata ->> 'moodle_user_id',
                {{ object }}.metadata ->> 'learner_user_ids',
            {% endfor %}
            checkouts.client_reference_id
        ) as user_ids
    from charges
    left join intents on charges.payment_intent_id = intents.payment_intent_id
    left join checkouts on charges.payment_intent_id = checkouts.payment_intent_id
    left join invoices on charges.invoice_id = invoices.invoice_id
    left join subscriptions on invoices.subscription_id = subscriptions.subscription_id

),

final as (

    select
        mentions.charge_id,
        {{ student_hash('pseudonyms', 'moodle', 'trim(named.user_id)') }} as student_hash
    from mentions
    cross join lateral string_to_table(mentions.user_ids, ',') as named (user_id)
    left join pseudonyms on trim(named.user_id) = pseudonyms.source_user_id
    where trim(named.user_id) ~ '^[1-9][0-9]{0,17}$'

    union

    select
        charges.charge_id,
        orders.student_hash
    from charges
    inner join orders on charges.payment_intent_id = orders.stripe_payment_intent_id

)

select * from final
