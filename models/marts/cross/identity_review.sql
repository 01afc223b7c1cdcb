-- One row per account and question about whose it is that only a person can answer.
{{
    config(
        indexes=[{'columns': ['identity_review_key'], 'unique': true}],
        meta={
            'grain': ['source_system', 'source_id', 'reason'], 'owner': 'data-team',
            'kind': 'aggregate',
        },
    )
}}

with persons as (

    select * from {{ ref('int_cross__persons') }}

),

claims as (

    select * from {{ ref('int_cross__claims') }}
    where is_current

),

people as (

    select * from {{ ref('int_learning__people') }}

),

addresses as (

    select
        email_hash,
        count(*) filter (where source_system <> 'stripe')::integer as learners_count,
        bool_or(source_system = 'stripe') as has_customer
    from persons
    where email_hash is not null
    group by email_hash

),

questions as (

    select
        source_system,
        source_id,
        'too many accounts' as reason,
        component_key as group_key,
        accounts_count,
        'More accounts are linked than one person is expected to have.' as explanation
    from persons
    where is_too_large

    union all

    select
        source_system,
        source_id,
        'kept apart by hand' as reason,
        component_key as group_key,
        accounts_count,
        'Linked by way of others to an account it must not belong to.' as explanation
    from persons
    where is_disputed

    union all

    select
        persons.source_system,
        persons.source_id,
        'shared address' as reason,
        {{ surrogate_key(['persons.email_hash']) }} as group_key,
        addresses.learners_count as accounts_count,
        'Several learners have the e-mail address of a customer; it links none of them.'
            as explanation
    from persons
    inner join addresses on persons.email_hash = addresses.email_hash
    where addresses.has_customer and addresses.learners_count > 1

    union all

    select
        'stripe' as source_system,
        claims.customer_id as source_id,
        'unknown learner' as reason,
        min({{ surrogate_key(["'stripe'", 'claims.customer_id']) }}) as group_key,
        count(distinct claims.student_hash)::integer as accounts_count,
        'The customer or a payment names an account Moodle does not have.' as explanation
    from claims
    left join people on claims.student_hash = people.student_hash
    where people.student_hash is null
    group by claims.customer_id

),

final as (

    select
        {{ surrogate_key(['source_system', 'source_id', 'reason']) }} as identity_review_key,
        source_system,
        source_id,
        reason,
        group_key,
        accounts_count,
        explanation
    from questions

)

select * from final
