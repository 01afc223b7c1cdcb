-- One row per customer, currency and month in which the customer had recurring revenue in it.
{{
    config(
        indexes=[{'columns': ['mrr_movement_key'], 'unique': true}, {'columns': ['month_start_date']}],
        meta={'grain': ['customer_id', 'currency', 'month_start_date'], 'owner': 'data-team'},
    )
}}

{%- set moved = [
    'new', 'reactivation', 'expansion', 'contraction', 'churn', 'involuntary_churn',
] %}

with mrr_months as (

    select * from {{ ref('int_finance__mrr_months') }}

),

-- in the reporting currency as the monthly fact has it; null where a rate is missing
month_ends as (

    select
        customer_id,
        currency,
        month_start_date,
        case when count(*) = count(mrr_reporting) then sum(mrr_reporting) end as mrr_reporting
    from {{ ref('fact_mrr_monthly') }}
    group by customer_id, currency, month_start_date

),

customers as (

    select * from {{ ref('dim_customer') }}

),

currencies as (

    select * from {{ ref('currencies') }}

),

fx as (

    select * from {{ ref('int_finance__fx_daily') }}

),

amounts as (

    select
        mrr_months.customer_id,
        mrr_months.currency,
        mrr_months.month_start_date,
        mrr_months.month_end_date,
        mrr_months.snapshot_at,
        mrr_months.is_complete,
    {%- for amount in ['opening'] + moved + ['closing'] %}
        ({{ major_units('mrr_months.' ~ amount ~ '_minor', 'currencies.api_exponent') }})
        ::numeric(18, 4) as {{ amount }}_mrr
        {{- '' if loop.last else ',' }}
    {%- endfor %}
    from mrr_months
    inner join currencies on mrr_months.currency = currencies.currency

),

-- what moved, at the rate of the month's end
converted as (

    select
        amounts.*,
        (case when amounts.opening_mrr = 0 then 0 else opening.mrr_reporting end)::numeric(24, 4)
            as opening_mrr_reporting,
        {%- for amount in moved %}
            {{ reporting_amount('amounts.' ~ amount ~ '_mrr', 'amounts.currency') }}
                as {{ amount }}_mrr_reporting,
        {%- endfor %}
        (case when amounts.closing_mrr = 0 then 0 else closing.mrr_reporting end)::numeric(24, 4)
            as closing_mrr_reporting
    from amounts
    left join month_ends as opening
        on
            amounts.customer_id = opening.customer_id
            and amounts.currency = opening.currency
            and amounts.month_start_date - interval '1 month' = opening.month_start_date
    left join month_ends as closing
        on
            amounts.customer_id = closing.customer_id
            and amounts.currency = closing.currency
            and amounts.month_start_date = closing.month_start_date
    left join fx
        on
            amounts.currency = fx.currency
            and {{ local_date('amounts.snapshot_at') }} = fx.rate_date

),

final as (

    select
        ---------- keys
        {{ surrogate_key([
            'converted.customer_id', 'converted.currency', date_key('converted.month_start_date'),
        ]) }} as mrr_movement_key,
        coalesce(customers.customer_key, {{ version_key('converted.customer_id') }})
            as customer_key,
        {{ date_key('converted.month_end_date') }} as date_key,
        {{ surrogate_key(['converted.currency']) }} as currency_key,

        ---------- ids
        converted.month_start_date,
        converted.customer_id,

        ---------- amounts in the currency of the prices
        converted.currency,
        converted.opening_mrr,
        {%- for amount in moved %}
            converted.{{ amount }}_mrr,
        {%- endfor %}
        converted.closing_mrr,

        ---------- amounts in the reporting currency
        converted.opening_mrr_reporting,
        {%- for amount in moved %}
            converted.{{ amount }}_mrr_reporting,
        {%- endfor %}
        -- what the same revenue came to by another rate: the rest
        (
            converted.closing_mrr_reporting - converted.opening_mrr_reporting
            - converted.new_mrr_reporting - converted.reactivation_mrr_reporting
            - converted.expansion_mrr_reporting + converted.contraction_mrr_reporting
            + converted.churn_mrr_reporting
        )::numeric(24, 4) as fx_mrr_reporting,
        converted.closing_mrr_reporting,

        ---------- classification
        converted.is_complete
    from converted
    left join customers
        on
            converted.customer_id = customers.customer_id
            and converted.snapshot_at >= customers.valid_from
            and converted.snapshot_at < customers.valid_to

)

select * from final
