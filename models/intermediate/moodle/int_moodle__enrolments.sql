-- One row per enrolment ever seen, with its method and person; `is_deleted`: gone from Moodle.
with enrolments as (

    select * from {{ ref('stg_moodle__user_enrolments') }}

),

methods as (

    select * from {{ ref('stg_moodle__enrol') }}

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

final as (

    select
        enrolments.enrolment_id,
        {{ student_hash('pseudonyms', 'moodle', 'enrolments.user_id') }} as student_hash,
        methods.course_id,
        methods.method_name as enrol_method,
        enrolments.is_suspended,
        methods.is_enabled as is_method_enabled,
        enrolments.starts_at,
        enrolments.ends_at,
        enrolments.created_at as enrolled_at,
        -- deleting a method deletes its enrolments
        enrolments.is_deleted or methods.is_deleted as is_deleted,
        enrolments._loaded_at
    from enrolments
    inner join methods on enrolments.enrolment_method_id = methods.enrolment_method_id
    cross join site
    left join pseudonyms on pseudonyms.source_user_id = enrolments.user_id::text
    -- nobody enrols the account all guests share, but a restore may have
    where enrolments.user_id <> site.guest_user_id

)

select * from final
