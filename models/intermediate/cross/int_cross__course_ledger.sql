-- One row per booking of revenue and course it is divided among; null for what belongs to none.
{{ config(materialized='table', indexes=[{'columns': ['balance_transaction_id']}]) }}

with ledger as (

    select * from {{ ref('int_finance__ledger') }}
    where ledger_group in ('sales', 'refunds', 'disputes', 'fees')

),

shares as (

    select
        charge_id,
        course_id,
        allocation,
        unallocated_reason,
        sum(share) as share
    from {{ ref('int_cross__charge_courses') }}
    group by charge_id, course_id, allocation, unallocated_reason

),

currencies as (

    select * from {{ ref('currencies') }}

),

-- shares add up to 1 but for the last digit: the last one ends at 1 exactly
portions as (

    select
        ledger.*,
        shares.course_id,
        coalesce(shares.allocation, 'unallocated') as allocation,
        case
            when shares.charge_id is null then 'no payment known'
            else shares.unallocated_reason
        end as unallocated_reason,
        coalesce(currencies.api_exponent, 2) as exponent,
        case
            when lead(ledger.balance_transaction_id) over portions is null then 1
            else sum(shares.share) over portions
        end as share_to,
        coalesce(sum(shares.share) over portions - shares.share, 0) as share_from
    from ledger
    left join shares on ledger.charge_id = shares.charge_id
    left join currencies on ledger.currency = currencies.currency
    window portions as (
        partition by ledger.balance_transaction_id
        order by shares.course_id, shares.allocation, shares.unallocated_reason
    )

),

-- rounding where portions begin and end leaves nothing over, and takes the same digits from each
final as (

    select
        balance_transaction_id,
        charge_id,
        customer_id,
        course_id,
        allocation,
        unallocated_reason,
        ledger_group,
        currency,
        {% for amount in ['amount', 'fee'] %}
            (
                round({{ amount }} * share_to, exponent)
                - round({{ amount }} * share_from, exponent)
            )::numeric(18, 4) as {{ amount }},
        {% endfor %}
        (share_to - share_from) as share,
        {% for amount in ['amount', 'fee', 'net'] %}
            {{ amount }}_reporting * (share_to - share_from) as {{ amount }}_reporting,
        {% endfor %}
        created_at
    from portions

)

select * from final
