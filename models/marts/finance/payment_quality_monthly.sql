-- One row per month and scope of the money: each currency, or all in the reporting one.
{{
    config(
        indexes=[{'columns': ['payment_quality_key'], 'unique': true}],
        meta={
            'grain': ['month_start_date', 'scope', 'currency'],
            'owner': 'data-team',
            'kind': 'aggregate',
        },
    )
}}

{%- set valued = [
    'charges', 'refunded_charges', 'refunds', 'disputed_charges', 'disputes',
] %}
{%- set counted = valued + [
    'disputes_won', 'disputes_lost', 'payments', 'payments_succeeded', 'payments_failed',
    'payments_recovered',
] %}
{%- set rates = {
    'refund_rate': ['refunded_charges_count', 'charges_count'],
    'refund_value_rate': ['refunded_charges_amount', 'charges_amount'],
    'refund_event_rate': ['refunds_count', 'charges_count'],
    'refund_event_value_rate': ['refunds_amount', 'charges_amount'],
    'dispute_rate': ['disputed_charges_count', 'charges_count'],
    'dispute_value_rate': ['disputed_charges_amount', 'charges_amount'],
    'dispute_event_rate': ['disputes_count', 'charges_count'],
    'dispute_event_value_rate': ['disputes_amount', 'charges_amount'],
    'dispute_win_rate': ['disputes_won_count', '(disputes_won_count + disputes_lost_count)'],
    'payment_success_rate': ['payments_succeeded_count', 'payments_count'],
    'payment_recovery_rate': ['payments_recovered_count', 'payments_failed_count'],
} %}

with measures as (

    select * from {{ ref('int_finance__payment_measures') }}

),

losses as (

    select * from {{ ref('int_finance__dispute_losses') }}

),

last_seen as (

    select * from {{ ref('int_finance__last_seen') }}

),

scoped as (

    select
        measures.measure,
        measures.source_id,
        measures.month_start_date,
        scopes.scope,
        scopes.currency,
        scopes.amount
    from measures
    cross join lateral (
        values
        ('currency', measures.currency, measures.amount),
        ('all', '{{ var("reporting_currency") }}', measures.amount_reporting)
    ) as scopes (scope, currency, amount)

),

monthly as (

    select
        scoped.month_start_date,
        scoped.scope,
        scoped.currency,
        {%- for measure in valued %}
            {{ sum_if_known('scoped.amount', "scoped.measure = '" ~ measure ~ "'") }}
                as {{ measure }}_amount,
        {%- endfor %}
        {%- for measure in counted %}
            (count(*) filter (where scoped.measure = '{{ measure }}'))::integer
                as {{ measure }}_count,
        {%- endfor %}
        {{ sum_if_known('losses.net_loss_reporting', "scoped.measure = 'disputes'") }}
            as dispute_net_loss_reporting
    from scoped
    left join losses on scoped.source_id = losses.dispute_id
    group by scoped.month_start_date, scoped.scope, scoped.currency

),

final as (

    select
        ---------- keys
        {{ surrogate_key([
            date_key('monthly.month_start_date'), 'monthly.scope', 'monthly.currency',
        ]) }} as payment_quality_key,
        {{ date_key('monthly.month_start_date') }} as date_key,
        {{ surrogate_key(['monthly.currency']) }} as currency_key,

        ---------- what is counted
        monthly.month_start_date,
        monthly.scope,
        monthly.currency,
        {%- for measure in counted %}
            monthly.{{ measure }}_count,
        {%- endfor %}
        {%- for measure in valued %}
            monthly.{{ measure }}_amount::numeric(24, 4) as {{ measure }}_amount,
        {%- endfor %}
        monthly.dispute_net_loss_reporting::numeric(24, 4) as dispute_net_loss_reporting,

        ---------- rates
        {%- for rate, (part, whole) in rates.items() %}
            round({{ part }}::numeric / nullif({{ whole }}, 0), 4)::numeric(12, 4) as {{ rate }},
        {%- endfor %}

        ---------- classification
        -- whoever could be late to pay has had the time
        (monthly.month_start_date + interval '1 month')::date
        + {{ var('payment_recovery_days') }} <= {{ local_date('last_seen.last_seen_at') }}
            as is_complete
    from monthly
    cross join last_seen

)

select * from final
