-- One row per tracked value of a person's attempt at a part of a SCORM package, in either layout.
with attempts as (

    select * from {{ ref('stg_moodle__scorm_attempt') }}

),

elements as (

    select * from {{ ref('stg_moodle__scorm_element') }}

),

element_values as (

    select * from {{ ref('stg_moodle__scorm_scoes_value') }}

),

legacy_tracks as (

    select * from {{ ref('stg_moodle__scorm_scoes_track') }}

),

activities as (

    select * from {{ ref('int_moodle__activity_instances') }}
    where module_name = 'scorm'

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

tracks as (

    select
        attempts.scorm_id,
        attempts.user_id,
        attempts.attempt_number,
        element_values.sco_id,
        element_values.scorm_value_id as track_id,
        false as is_legacy,
        elements.element_name,
        element_values.element_value,
        element_values.modified_at,
        element_values.is_deleted or attempts.is_deleted as is_deleted,
        greatest(element_values._load_id, attempts._load_id, elements._load_id) as _load_id,
        greatest(element_values._loaded_at, attempts._loaded_at, elements._loaded_at) as _loaded_at
    from element_values
    inner join attempts on element_values.scorm_attempt_id = attempts.scorm_attempt_id
    inner join elements on element_values.scorm_element_id = elements.scorm_element_id

    union all

    -- until Moodle 4.3, whose upgrade copies these rows into the tables above
    select
        scorm_id,
        user_id,
        attempt_number,
        sco_id,
        scorm_track_id as track_id,
        true as is_legacy,
        element_name,
        element_value,
        modified_at,
        is_deleted,
        _load_id,
        _loaded_at
    from legacy_tracks

),

persons as (

    select
        tracks.*,
        {{ student_hash('pseudonyms', 'moodle', 'tracks.user_id') }} as student_hash
    from tracks
    cross join site
    left join pseudonyms on pseudonyms.source_user_id = tracks.user_id::text
    where tracks.user_id > 0 and tracks.user_id <> site.guest_user_id

),

final as (

    select
        {{ surrogate_key([
            'persons.scorm_id', 'persons.student_hash', 'persons.attempt_number', 'persons.sco_id',
        ]) }} as scorm_attempt_key,
        persons.scorm_id,
        persons.sco_id,
        activities.activity_id,
        activities.course_id,
        persons.student_hash,
        persons.attempt_number as attempt_no,
        persons.track_id,
        persons.is_legacy,
        persons.element_name,
        persons.element_value,
        persons.modified_at,
        persons.is_deleted,
        greatest(persons._load_id, activities._load_id) as _load_id,
        greatest(persons._loaded_at, activities._loaded_at) as _loaded_at
    from persons
    left join activities on persons.scorm_id = activities.instance_id

)

select * from final
