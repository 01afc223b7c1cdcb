-- One row per version of an instructor: a person who holds or held a teaching role anywhere.
{{
    config(
        indexes=[{'columns': ['instructor_key'], 'unique': true}, {'columns': ['student_hash']}],
        meta={'grain': ['student_hash', 'valid_from'], 'owner': 'data-team'},
    )
}}

with versions as (

    {{ scd2_versions(ref('snap_moodle__instructors'), 'student_hash') }}

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

final as (

    select
        {{ version_key(
            'versions.student_hash',
            "coalesce(versions.valid_from, timestamptz '1970-01-01 00:00:00+00')"
        ) }} as instructor_key,
        versions.student_hash,
        versions.role_shortname,
        versions.department,
        versions.is_deleted,
        coalesce(unknown_member.is_known, true) as is_known,
        coalesce(versions.valid_from, timestamptz '1970-01-01 00:00:00+00') as valid_from,
        coalesce(versions.valid_to, timestamptz '9999-12-31 00:00:00+00') as valid_to,
        coalesce(versions.is_current, true) as is_current
    from versions
    full outer join unknown_member on false

)

select * from final
