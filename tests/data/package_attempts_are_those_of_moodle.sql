-- Proves that the SCORM fact has every attempt and part that reported something, and the H5P fact
-- every attempt.
with scorm_values as (

    select
        attempts.scorm_id,
        attempts.user_id,
        attempts.attempt_number,
        element_values.sco_id
    from {{ ref('stg_moodle__scorm_scoes_value') }} as element_values
    inner join {{ ref('stg_moodle__scorm_attempt') }} as attempts
        on element_values.scorm_attempt_id = attempts.scorm_attempt_id
    union
    select
        scorm_id,
        user_id,
        attempt_number,
        sco_id
    from {{ ref('stg_moodle__scorm_scoes_track') }}

),

persons as (

    select scorm_values.*
    from scorm_values
    cross join {{ ref('int_moodle__site') }} as site
    where scorm_values.user_id not in (0, site.guest_user_id)

),

counts as (

    select
        'scorm' as package,
        (select count(*) from persons) as in_moodle,
        (select count(*) from {{ ref('fact_scorm_attempt') }}) as in_fact

    union all

    select
        'h5p' as package,
        (
            select count(*)
            from {{ ref('stg_moodle__h5pactivity_attempts') }} as attempts
            cross join {{ ref('int_moodle__site') }} as site
            where attempts.user_id not in (0, site.guest_user_id)
        ) as in_moodle,
        (select count(*) from {{ ref('fact_h5p_attempt') }}) as in_fact

)

select * from counts
where in_moodle <> in_fact
