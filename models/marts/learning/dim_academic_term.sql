-- One row per academic term.
{{ config(meta={'grain': ['term_key'], 'owner': 'data-team'}) }}

with terms as (

    select * from {{ ref('academic_terms') }}

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

final as (

    select
        {{ version_key('terms.term_id') }} as term_key,
        terms.term_id,
        terms.name,
        terms.start_date,
        terms.end_date,
        coalesce(unknown_member.is_known, true) as is_known
    from terms
    full outer join unknown_member on false

)

select * from final
