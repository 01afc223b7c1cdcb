-- One row per account, with the person it belongs to.
{{ config(materialized='table', indexes=[{'columns': ['account_key'], 'unique': true}]) }}

with accounts as (

    select * from {{ ref('int_cross__accounts') }}

),

components as (

    select * from {{ ref('int_cross__components') }}

),

links as (

    select * from {{ ref('identity_links') }}
    where decision = 'forbid'

),

-- two accounts that were kept apart by hand and meet all the same, by way of others
disputed as (

    select distinct components.component_key
    from links
    inner join components
        on components.account_key = {{ surrogate_key(['links.source_system', 'links.source_id']) }}
    inner join components as linked
        on linked.account_key = {{ surrogate_key(['links.linked_system', 'links.linked_id']) }}
    where components.component_key = linked.component_key

),

judged as (

    select
        accounts.*,
        components.component_key,
        components.accounts_count,
        components.is_too_large,
        disputed.component_key is not null as is_disputed,
        -- what is under review belongs to nobody else until somebody has looked
        case
            when components.is_too_large or disputed.component_key is not null
                then accounts.account_key
            else components.component_key
        end as group_key
    from accounts
    inner join components on accounts.account_key = components.account_key
    left join disputed on components.component_key = disputed.component_key

),

final as (

    select
        account_key,
        source_system,
        source_id,
        email_hash,
        created_at,
        component_key,
        accounts_count,
        is_too_large,
        is_disputed,
        first_value(account_key) over persons as person_key,
        first_value(student_hash) over persons as student_hash
    from judged
    -- a person is called after an account that stays when others come: a learner's before a
    -- customer's, the first customer before later ones
    window persons as (
        partition by group_key
        order by
            array_position(array['moodle', 'app', 'stripe'], source_system),
            case when source_system = 'stripe' then created_at end,
            source_id
    )

)

select * from final
