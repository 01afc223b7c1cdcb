-- One row per version of a customer of Stripe.
{{
    config(
        indexes=[{'columns': ['customer_key'], 'unique': true}, {'columns': ['customer_id']}],
        meta={'grain': ['customer_id', 'valid_from'], 'owner': 'data-team'},
    )
}}

{%- set attributes = [
    'relationship_type', 'country', 'currency', 'is_delinquent', 'is_deleted', 'created_at',
    'livemode', 'account',
] %}

with versions as (

    {{ scd2_changes(ref('int_finance__customers'), 'customer_id', attributes) }}

),

-- what only other objects mention is there too
mentioned as (

    select * from {{ ref('int_finance__payers') }}

),

-- the person the customer is, not those it pays for
persons as (

    select
        source_id as customer_id,
        student_hash
    from {{ ref('int_cross__person_accounts') }}
    where source_system = 'stripe' and relationship_type = 'self' and student_hash is not null

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}
    where is_current

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

members as (

    select
        mentioned.customer_id,
        mentioned.customer_hash,
        {%- for attribute in attributes %}
            versions.{{ attribute }},
        {%- endfor %}
        coalesce(unknown_member.is_known, versions.customer_id is not null) as is_known,
        coalesce(versions.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(versions.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(versions.is_current, true) as is_current
    from mentioned
    left join versions on mentioned.customer_id = versions.customer_id
    full outer join unknown_member on false

),

final as (

    select
        {{ version_key('members.customer_id', 'members.valid_from') }} as customer_key,
        members.customer_id,
        members.customer_hash,
        case
            when persons.student_hash is not null
                then coalesce(learners.learner_key, {{ version_key('persons.student_hash') }})
        end as learner_key,
        members.relationship_type,
        members.country,
        members.currency,
        members.is_delinquent,
        members.is_deleted,
        members.livemode,
        members.account,
        members.created_at,
        members.is_known,
        members.valid_from,
        members.valid_to,
        members.is_current
    from members
    left join persons on members.customer_id = persons.customer_id
    left join learners on persons.student_hash = learners.student_hash

)

select * from final
