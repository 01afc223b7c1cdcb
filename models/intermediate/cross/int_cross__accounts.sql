-- One row per account that is somebody's: of Moodle, of an application, a customer of Stripe.
with people as (

    select * from {{ ref('int_learning__people') }}

),

users as (

    select * from {{ ref('int_moodle__users') }}

),

emails as (

    select * from {{ ref('int_moodle__user_emails') }}

),

-- customers that only payments mention, too
payers as (

    select * from {{ ref('int_finance__payers') }}

),

customers as (

    select * from {{ ref('int_finance__customers') }}
    where is_current

),

accounts as (

    select
        people.source_system,
        people.student_hash as source_id,
        people.student_hash,
        emails.email_hash,
        coalesce(emails.is_email_verified, false) as is_email_verified,
        users.created_at
    from people
    left join users on people.student_hash = users.student_hash
    left join emails on people.student_hash = emails.student_hash

    union all

    select
        'stripe' as source_system,
        payers.customer_id as source_id,
        null as student_hash,
        customers.email_hash,
        coalesce(customers.is_email_verified, false) as is_email_verified,
        customers.created_at
    from payers
    left join customers on payers.customer_id = customers.customer_id

),

final as (

    select
        {{ surrogate_key(['source_system', 'source_id']) }} as account_key,
        *
    from accounts

)

select * from final
