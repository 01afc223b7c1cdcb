-- One row per person somebody paid for, or who paid: what it came to, in the reporting currency.
with ledger as (

    select * from {{ ref('int_finance__ledger') }}
    where ledger_group in ('sales', 'refunds', 'disputes', 'fees')

),

charge_persons as (

    select * from {{ ref('int_cross__charge_persons') }}

),

bookings as (

    select
        ledger.charge_id,
        ledger.created_at,
        ledger.ledger_group = 'sales' and ledger.amount > 0 as is_payment,
        charge_persons.person_key,
        charge_persons.payer_person_key,
        ledger.ledger_group,
        ledger.amount_reporting * charge_persons.share as amount_reporting,
        ledger.net_reporting * charge_persons.share as net_reporting
    from ledger
    inner join charge_persons on ledger.charge_id = charge_persons.charge_id

),

-- a payment counts for the learner it was for, whoever paid
value_of_persons as (

    select
        person_key,
        min(created_at) filter (where is_payment) as first_paid_at,
        max(created_at) filter (where is_payment) as last_paid_at,
        count(distinct charge_id) filter (where is_payment)::integer as orders_count,
        {{ sum_if_known('amount_reporting', "ledger_group = 'sales'") }} as gross_reporting,
        -{{ sum_if_known('amount_reporting', "ledger_group = 'refunds'") }} as refunds_reporting,
        -{{ sum_if_known('amount_reporting', "ledger_group = 'disputes'") }} as disputes_reporting,
        {{ sum_if_known('net_reporting') }} as net_reporting
    from bookings
    group by person_key

),

paid_by_persons as (

    select
        payer_person_key as person_key,
        {{ sum_if_known('amount_reporting', "ledger_group = 'sales'") }} as paid_reporting,
        count(distinct person_key)::integer as persons_paid_for_count
    from bookings
    where payer_person_key is not null
    group by payer_person_key

),

final as (

    select
        coalesce(value_of_persons.person_key, paid_by_persons.person_key) as person_key,
        value_of_persons.first_paid_at,
        value_of_persons.last_paid_at,
        coalesce(value_of_persons.orders_count, 0) as orders_count,
        {% for amount in ['gross', 'refunds', 'disputes', 'net'] %}
            case
                when value_of_persons.person_key is null then 0
                else value_of_persons.{{ amount }}_reporting
            end::numeric(18, 4) as {{ amount }}_reporting,
        {% endfor %}
        case
            when paid_by_persons.person_key is null then 0
            else paid_by_persons.paid_reporting
        end::numeric(18, 4) as paid_reporting,
        coalesce(paid_by_persons.persons_paid_for_count, 0) as persons_paid_for_count
    from value_of_persons
    full outer join paid_by_persons on value_of_persons.person_key = paid_by_persons.person_key

)

select * from final
