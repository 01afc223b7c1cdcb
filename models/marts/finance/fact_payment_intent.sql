-- One row per payment intent: a payment, with all its attempts.
{{
    config(
        indexes=[
            {'columns': ['payment_intent_key'], 'unique': true},
            {'columns': ['customer_id']},
            {'columns': ['invoice_id']},
        ],
        meta={'grain': ['payment_intent_id'], 'owner': 'data-team'},
    )
}}

with intents as (

    select * from {{ ref('int_finance__payment_intents') }}

),

charges as (

    select * from {{ ref('int_finance__charges') }}

),

customers as (

    select * from {{ ref('dim_customer') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

fx_daily as (

    select * from {{ ref('int_finance__fx_daily') }}

),

attempts as (

    select
        payment_intent_id,
        count(*)::integer as attempts_count,
        (count(*) filter (where status = 'failed'))::integer as failed_attempts_count,
        min(created_at) filter (where status = 'failed') as first_failed_at
    from charges
    where payment_intent_id is not null
    group by payment_intent_id

),

priced as (

    select
        intents.*,
        {{ major_units('intents.amount_minor', 'currencies.api_exponent') }}
            as amount,
        {{ major_units('intents.amount_received_minor', 'currencies.api_exponent') }}
            as amount_received
    from intents
    left join currencies on intents.currency = currencies.currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key(['priced.payment_intent_id']) }} as payment_intent_key,
        coalesce(customers.customer_key, {{ version_key('null::text') }}) as customer_key,
        {{ surrogate_key(['priced.latest_charge_id']) }} as latest_charge_key,
        {{ surrogate_key(['priced.invoice_id']) }} as invoice_key,
        {{ surrogate_key(['priced.currency']) }} as currency_key,
        {{ date_key(local_date('priced.created_at')) }} as date_key,

        ---------- ids
        priced.payment_intent_id,
        priced.customer_id,
        priced.invoice_id,
        priced.metadata ->> 'product_id' as product_id,

        ---------- amounts
        priced.currency,
        priced.amount::numeric(18, 4) as amount,
        priced.amount_received::numeric(18, 4) as amount_received,
        {{ reporting_amount('priced.amount', 'priced.currency') }} as amount_reporting,
        {{ reporting_amount('priced.amount_received', 'priced.currency') }}
            as amount_received_reporting,

        ---------- how it went
        priced.status,
        priced.last_error_code,
        coalesce(attempts.attempts_count, 0) as attempts_count,
        coalesce(attempts.failed_attempts_count, 0) as failed_attempts_count,
        -- failed first, and paid in time all the same
        coalesce(
            priced.succeeded_at
            between attempts.first_failed_at
            and attempts.first_failed_at + interval '{{ var("payment_recovery_days") }} days',
            false
        ) as is_recovered,

        ---------- timestamps
        priced.created_at,
        attempts.first_failed_at,
        priced.succeeded_at,
        priced.canceled_at,

        ---------- bookkeeping
        priced._load_id
    from priced
    left join attempts on priced.payment_intent_id = attempts.payment_intent_id
    left join customers
        on
            priced.customer_id = customers.customer_id
            and priced.created_at >= customers.valid_from
            and priced.created_at < customers.valid_to
    left join fx_daily as fx
        on priced.currency = fx.currency and {{ local_date('priced.created_at') }} = fx.rate_date

)

select * from final
