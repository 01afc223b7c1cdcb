-- One row per account, with the accounts that are linked to it, by however many steps.
--
-- A component of at most n accounts is known whole after n - 1 steps from any of them. So the walk
-- ends after n steps, and whoever met more than n accounts is in one that is too large: nobody
-- needs to walk it to its end. An account with n links or more is such a place by itself; the walk
-- stops there, so its cost grows with the number of accounts whatever the links are.
{%- set cap = var('identity_component_cap') %}
with recursive accounts as (

    select * from {{ ref('int_cross__accounts') }}

),

edges as (

    select * from {{ ref('int_cross__identity_edges') }}

),

both_ways as (

    select
        account_key,
        linked_account_key
    from edges

    union

    select
        linked_account_key as account_key,
        account_key as linked_account_key
    from edges

),

links as (

    select
        account_key,
        linked_account_key,
        count(*) over (partition by account_key) as degree
    from both_ways

),

walk as (

    select
        account_key,
        account_key as reached_key,
        0 as steps
    from accounts

    union

    select
        walk.account_key,
        links.linked_account_key as reached_key,
        walk.steps + 1 as steps
    from walk
    inner join links on walk.reached_key = links.account_key
    where walk.steps < {{ cap }} and links.degree < {{ cap }}

),

crowded as (

    select distinct account_key
    from links
    where degree >= {{ cap }}

),

reached as (

    select
        walk.account_key,
        count(distinct walk.reached_key)::integer as accounts_count,
        min(walk.reached_key) as component_key,
        bool_or(crowded.account_key is not null) as is_crowded
    from walk
    left join crowded on walk.reached_key = crowded.account_key
    group by walk.account_key

),

final as (

    select
        account_key,
        component_key,
        accounts_count,
        is_crowded or accounts_count > {{ cap }} as is_too_large
    from reached

)

select * from final
