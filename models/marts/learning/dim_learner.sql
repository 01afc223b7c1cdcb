-- One row per version of a person: current values are those with `is_current`.
{{
    config(
        indexes=[{'columns': ['learner_key'], 'unique': true}, {'columns': ['student_hash']}],
        meta={'grain': ['student_hash', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    select * from {{ ref('int_learning__learner_versions') }}

),

mentioned as (

    select * from {{ ref('int_learning__people') }}

),

activity as (

    select
        student_hash,
        min(first_event_at) as first_seen_at,
        max(last_event_at) as last_seen_at
    from {{ ref('int_learning__learner_course_days') }}
    group by student_hash

),

ages as (

    select * from {{ ref('int_learning__learner_ages') }}

),

-- the log may mention people whose account is gone, events people who never had one
people as (

    select
        versions.learner_key,
        mentioned.student_hash,
        versions.auth_method,
        versions.country,
        versions.timezone,
        versions.lang,
        coalesce(versions.is_confirmed, false) as is_confirmed,
        coalesce(versions.is_suspended, false) as is_suspended,
        coalesce(
            versions.is_deleted or versions.is_deleted_in_moodle,
            mentioned.source_system = 'moodle'
        ) as is_deleted,
        coalesce(versions.is_student, false) as is_student,
        coalesce(versions.is_staff or versions.is_site_admin, false) as is_staff,
        coalesce(versions.is_test_user, false) as is_test_user,
        versions.cohort_names,
        versions.student_hash is not null as is_known,
        versions.created_at,
        versions.valid_from,
        versions.valid_to,
        versions.is_current
    from mentioned
    left join versions on mentioned.student_hash = versions.student_hash

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

final as (

    select
        coalesce(people.learner_key, {{ version_key('people.student_hash') }}) as learner_key,
        people.student_hash,
        split_part(people.student_hash, '_', 1) as key_version,
        people.auth_method,
        people.country,
        people.timezone,
        people.lang,
        ages.age_band,
        ages.is_minor,
        people.cohort_names,
        people.is_confirmed,
        people.is_suspended,
        people.is_deleted,
        people.is_student,
        people.is_staff,
        people.is_test_user,
        coalesce(people.is_known, unknown_member.is_known) as is_known,
        people.created_at,
        activity.first_seen_at,
        activity.last_seen_at,
        coalesce(people.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(people.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(people.is_current, true) as is_current
    from people
    full outer join unknown_member on false
    left join activity on people.student_hash = activity.student_hash
    left join ages on people.student_hash = ages.student_hash

)

select * from final
