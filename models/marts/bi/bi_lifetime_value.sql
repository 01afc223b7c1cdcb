-- One row per person somebody paid for: what that was worth, without who it is.
{{ config(materialized='view', meta={'grain': ['person_key'], 'owner': 'data-team'}) }}

with people as (

    select * from {{ ref('learner_lifetime_value') }}
    where first_paid_at is not null

),

final as (

    select
        person_key,
        first_paid_at,
        last_paid_at,
        orders_count,
        case
            when orders_count = 1 then '01'
            when orders_count <= 3 then '02 to 03'
            when orders_count <= 11 then '04 to 11'
            else '12 or more'
        end as orders_band,
        mrr_net_reporting > 0 as is_subscriber,
        gross_reporting,
        refunds_reporting,
        disputes_reporting,
        mrr_net_reporting,
        tenure_months,
        ltv_historic,
        ltv_predicted,
        currency
    from people

)

select * from final
