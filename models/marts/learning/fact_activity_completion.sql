-- One row per person and activity of which Moodle recorded a completion or a view.
{{
    config(
        materialized='incremental',
        unique_key='completion_key',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['completion_key'], 'unique': true},
            {'columns': ['student_hash', 'course_id']},
            {'columns': ['activity_id']},
            {'columns': ['completion_record_id']},
            {'columns': ['view_record_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['completion_key'], 'owner': 'data-team', 'exists_column': 'activity_id'},
    )
}}

with records as not materialized (

    select * from {{ ref('int_moodle__completion_records') }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}

),

activities as (

    select * from {{ ref('int_learning__activity_versions') }}

),

touched as (

    {{ touched_keys(
        'records', ['activity_id', 'student_hash'], 'record_id',
        ['completion_record_id = any', 'view_record_id = any'], ['activity_load_id']
    ) }}

),

ranked as (

    select
        records.*,
        -- a reset deletes records, and later ones are new
        row_number() over (
            partition by records.activity_id, records.student_hash, records.record_type
            order by records.is_deleted asc, records.record_id desc
        ) as recency,
        bool_and(records.is_deleted) over same as nothing_is_left,
        max(greatest(records._load_id, records.activity_load_id)) over same as newest_load_id
    from records
    where (records.activity_id, records.student_hash) in (select touched.* from touched)
    window same as (partition by records.activity_id, records.student_hash)

),

-- what Moodle holds now, or where it holds nothing any more, what it held last
merged as (

    select
        activity_id,
        student_hash,
        max(course_id) as course_id,
        max(record_id) filter (where record_type = 'completion') as completion_record_id,
        max(record_id) filter (where record_type = 'view') as view_record_id,
        max(completion_state_code)::integer as state_code,
        max(completed_at) as completed_at,
        bool_or(record_type = 'view') as viewed,
        max(viewed_at) as viewed_at,
        coalesce(max(completed_at), max(viewed_at), max(changed_at)) as happened_at,
        max(overridden_by) as overridden_by,
        bool_and(is_deleted) as is_deleted,
        max(newest_load_id) as _load_id,
        max(_loaded_at) as _loaded_at
    from ranked
    where recency = 1 and is_deleted = nothing_is_left
    group by activity_id, student_hash

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['touched.activity_id', 'touched.student_hash']) }} as completion_key,
        merged.completion_record_id,
        merged.view_record_id,
        merged.student_hash,
        coalesce(learners.learner_key, {{ version_key('merged.student_hash') }}) as learner_key,
        merged.course_id,
        coalesce(courses.course_key, {{ version_key('merged.course_id') }}) as course_key,
        merged.activity_id,
        coalesce(activities.activity_key, {{ version_key('merged.activity_id') }}) as activity_key,
        coalesce({{ date_key(local_date('merged.happened_at')) }}, 0) as date_key,

        ---------- state
        case merged.state_code
            when 1 then 'complete'
            when 2 then 'complete_pass'
            when 3 then 'complete_fail'
            else 'incomplete'
        end as completion_state,
        merged.state_code as completion_state_code,
        coalesce(merged.state_code in (1, 2), false) and not merged.is_deleted as is_completed,
        merged.completed_at,
        merged.viewed,
        merged.viewed_at,
        merged.overridden_by,
        merged.is_deleted,

        ---------- bookkeeping
        merged._load_id,
        merged._loaded_at
    from touched
    -- an increment also returns the keys of which nothing is left, to be deleted
    {{ 'left' if is_incremental() else 'inner' }} join merged
        on
            touched.activity_id = merged.activity_id
            and touched.student_hash = merged.student_hash
    left join learners
        on
            merged.student_hash = learners.student_hash
            and {{ valid_at('learners', 'merged.happened_at', 'merged._loaded_at') }}
    left join courses
        on
            merged.course_id = courses.course_id
            and {{ valid_at('courses', 'merged.happened_at', 'merged._loaded_at') }}
    left join activities
        on
            merged.activity_id = activities.activity_id
            and {{ valid_at('activities', 'merged.happened_at', 'merged._loaded_at') }}

)

select * from final
