-- One row per customer of Stripe that anything mentions.
{%- set mentioning = [
    'customers', 'subscriptions', 'invoices', 'charges', 'payment_intents', 'credit_notes',
    'checkout_sessions',
] %}

with mentioned as (

    {% for model in mentioning %}
        select customer_id from {{ ref('int_finance__' ~ model) }}
        {{ 'union' if not loop.last }}
    {% endfor %}

),

final as (

    select
        customer_id,
        vault.pseudonymise('stripe', customer_id) as customer_hash
    from mentioned
    where customer_id is not null

)

select * from final
