-- One row per customer, currency and change of the customer's MRR: what kind of movement it is.
{{ config(meta={'grain': ['customer_id', 'currency', 'changed_at'], 'owner': 'data-team'}) }}

with customer_mrr as (

    select * from {{ ref('int_finance__customer_mrr') }}

),

-- in how many currencies more the customer pays after an instant
instants as (

    select
        customer_id,
        changed_at,
        sum((mrr_after_minor > 0)::integer - (mrr_before_minor > 0)::integer) as opened_count
    from customer_mrr
    group by customer_id, changed_at

),

balances as (

    select
        customer_id,
        changed_at,
        opened_count,
        sum(opened_count) over instants_of_customer as paid_after_count,
        lag(changed_at) over instants_of_customer as previous_at,
        lead(changed_at) over instants_of_customer as next_at
    from instants
    window instants_of_customer as (partition by customer_id order by changed_at)

),

states as (

    select
        customer_id,
        changed_at,
        previous_at is null as is_first,
        paid_after_count > opened_count as was_paying,
        paid_after_count > 0 as is_paying,
        -- away for so short a time that it counts as never gone
        coalesce(
            changed_at - previous_at <= interval '{{ var("mrr_reactivation_grace_days") }} days',
            false
        ) as is_back_in_grace,
        coalesce(
            next_at - changed_at <= interval '{{ var("mrr_reactivation_grace_days") }} days', false
        ) as returns_in_grace
    from balances

),

final as (

    select
        {{ surrogate_key([
            'customer_mrr.customer_id',
            'customer_mrr.currency',
            'extract(epoch from customer_mrr.changed_at)',
        ]) }} as mrr_change_key,
        customer_mrr.customer_id,
        customer_mrr.currency,
        customer_mrr.changed_at,
        customer_mrr.mrr_before_minor,
        customer_mrr.mrr_after_minor,
        customer_mrr.delta_minor,
        customer_mrr.is_involuntary,
        case
            when customer_mrr.delta_minor > 0 and states.is_first then 'new'
            when
                customer_mrr.delta_minor > 0
                and not states.was_paying
                and not states.is_back_in_grace
                then 'reactivation'
            when customer_mrr.delta_minor > 0 then 'expansion'
            when states.is_paying or states.returns_in_grace then 'contraction'
            else 'churn'
        end as movement
    from customer_mrr
    inner join states
        on
            customer_mrr.customer_id = states.customer_id
            and customer_mrr.changed_at = states.changed_at

)

select * from final
