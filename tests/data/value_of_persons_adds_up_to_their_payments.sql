-- Reconciliation: what is of value for whom is what the ledger has of charges of known people, and
-- what was paid by whom is what was paid for whom.
with persons as (

    select
        sum(net_reporting) as net_reporting,
        sum(gross_reporting) as gross_reporting,
        sum(paid_reporting) as paid_reporting,
        count(*) as persons_count
    from {{ ref('learner_lifetime_value') }}

),

charges as (

    select
        charge_id,
        bool_and(payer_person_key is not null) as has_payer
    from {{ ref('int_cross__charge_persons') }}
    group by charge_id

),

ledger as (

    select
        sum(ledger.net_reporting) as net_reporting,
        sum(ledger.amount_reporting) filter (where ledger.ledger_group = 'sales')
            as gross_reporting,
        sum(ledger.amount_reporting) filter (
            where ledger.ledger_group = 'sales' and charges.has_payer
        ) as paid_reporting
    from {{ ref('int_finance__ledger') }} as ledger
    inner join charges on ledger.charge_id = charges.charge_id
    where ledger.ledger_group in ('sales', 'refunds', 'disputes', 'fees')

)

select
    ledger.*,
    persons.net_reporting as net_of_persons
from persons
cross join ledger
where
    -- each person is rounded to the column's four digits
    abs(persons.net_reporting - ledger.net_reporting) > 0.0001 * persons.persons_count
    or abs(persons.gross_reporting - ledger.gross_reporting) > 0.0001 * persons.persons_count
    or abs(persons.paid_reporting - ledger.paid_reporting) > 0.0001 * persons.persons_count
