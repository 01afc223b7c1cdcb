-- One row per customer and account with its e-mail address: a learner's or the first customer's.
with accounts as (

    select * from {{ ref('int_cross__accounts') }}
    where email_hash is not null

),

customer_learners as (

    select * from {{ ref('int_cross__customer_learners') }}

),

customers as (

    select
        *,
        first_value(account_key) over addresses as first_account_key,
        first_value(is_email_verified) over addresses as is_first_verified,
        first_value(created_at) over addresses as first_created_at
    from accounts
    where source_system = 'stripe'
    window addresses as (partition by email_hash order by created_at, source_id)

),

-- an address that several learners share tells nothing about any of them
owners as (

    select
        email_hash,
        min(account_key) as account_key,
        min(student_hash) as student_hash,
        bool_and(is_email_verified) as is_email_verified,
        min(created_at) as created_at
    from accounts
    where source_system <> 'stripe'
    group by email_hash
    having count(*) = 1

),

-- what customers with the address say themselves is stronger than the address
said as (

    select
        customers.email_hash,
        -- a parent with a customer per child
        count(distinct customer_learners.student_hash) filter (
            where customer_learners.relationship_type = 'self'
        ) > 1 as is_divided,
        -- to be somebody else than the learner with the address, or to pay for that learner
        coalesce(bool_or(
            (customer_learners.relationship_type = 'self')
            <> (customer_learners.student_hash = owners.student_hash)
        ), false) as is_contradicted
    from customers
    inner join customer_learners on customers.source_id = customer_learners.customer_id
    left join owners on customers.email_hash = owners.email_hash
    group by customers.email_hash

),

final as (

    select
        customers.account_key,
        owners.account_key as linked_account_key,
        customers.is_email_verified and owners.is_email_verified as is_verified,
        greatest(customers.created_at, owners.created_at) as first_linked_at
    from customers
    inner join owners on customers.email_hash = owners.email_hash
    left join said on customers.email_hash = said.email_hash
    where not coalesce(said.is_contradicted, false)

    union all

    select
        customers.account_key,
        customers.first_account_key as linked_account_key,
        customers.is_email_verified and customers.is_first_verified as is_verified,
        greatest(customers.created_at, customers.first_created_at) as first_linked_at
    from customers
    left join said on customers.email_hash = said.email_hash
    where
        customers.account_key <> customers.first_account_key
        and not coalesce(said.is_divided, false)

)

select * from final
