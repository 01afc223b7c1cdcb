-- One row per version of a visitor of the shop: every person of dim_learner, and the anonymous.
{{
    config(
        indexes=[{'columns': ['user_key'], 'unique': true}, {'columns': ['visitor_hash']}],
        meta={'grain': ['visitor_hash', 'valid_from'], 'owner': 'data-team'},
    )
}}

with learners as (

    select * from {{ ref('dim_learner') }}

),

anonymous as (

    select
        user_key,
        visitor_hash
    from {{ ref('int_commerce__sessions') }}
    where student_hash is null

    union

    -- whoever has a wrong clock has no session
    select
        user_key,
        visitor_hash
    from {{ ref('int_commerce__events') }}
    where is_anonymous and session_id is null

),

final as (

    select
        learner_key as user_key,
        learner_key,
        student_hash as visitor_hash,
        student_hash,
        case when student_hash is not null then false end as is_anonymous,
        country,
        lang,
        is_minor,
        is_staff,
        is_test_user,
        is_known,
        valid_from,
        valid_to,
        is_current
    from learners

    union all

    select
        user_key,
        null as learner_key,
        visitor_hash,
        null as student_hash,
        true as is_anonymous,
        null as country,
        null as lang,
        null as is_minor,
        null as is_staff,
        null as is_test_user,
        true as is_known,
        timestamptz '1970-01-01 00:00:00+00' as valid_from,
        timestamptz '9999-12-31 00:00:00+00' as valid_to,
        true as is_current
    from anonymous

)

select * from final
