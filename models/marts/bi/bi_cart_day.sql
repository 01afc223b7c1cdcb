-- One row per day on which carts were begun: what became of them.
{{ config(meta={'grain': ['opened_date'], 'owner': 'data-team'}) }}

with carts as (

    select * from {{ ref('fact_shopping_cart') }}

),

final as (

    select
        {{ local_date('opened_at') }} as opened_date,
        count(*)::integer as carts_count,
        (count(*) filter (where is_purchased))::integer as purchased_count,
        (count(*) filter (where is_abandoned))::integer as abandoned_count,
        sum(products_count)::integer as products_count
    from carts
    group by opened_date

)

select * from final
