-- One row per change of a person's grade in a grade item, the last one being what stands now.
{{
    config(
        materialized='incremental',
        unique_key='person_item_key',
        incremental_strategy='recompute',
        on_schema_change='append_new_columns',
        indexes=[
            {'columns': ['grade_key'], 'unique': true},
            {'columns': ['person_item_key']},
            {'columns': ['grade_id']},
            {'columns': ['student_hash', 'course_id']},
            {'columns': ['_load_id']},
        ],
        meta={'grain': ['grade_key'], 'owner': 'data-team', 'exists_column': 'grade_id'},
    )
}}

with records as not materialized (

    select * from {{ ref('int_moodle__grade_records') }}

),

items as not materialized (

    select * from {{ ref('int_moodle__grade_items') }}

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

    {{ touched_keys('records', ['grade_item_id', 'student_hash'], 'grade_id', ['grade_id = any']) }}
    {% if is_incremental() %}
        union
        select
            records.grade_item_id,
            records.student_hash
        from records
        inner join items on records.grade_item_id = items.grade_item_id
        where {{ arrived_since_last_build('items') }}
    {% endif %}

),

affected as (

    select * from records
    where (grade_item_id, student_hash) in (select touched.* from touched)

),

changes as (

    {{ grade_changes('affected') }}

),

final as (

    select
        ---------- ids
        {{ surrogate_key(['changes.grade_id', 'changes.grade_history_id']) }} as grade_key,
        {{ surrogate_key(['touched.grade_item_id', 'touched.student_hash']) }} as person_item_key,
        changes.grade_history_id,
        changes.grade_id,
        changes.grade_item_id,
        changes.student_hash,
        coalesce(learners.learner_key, {{ version_key('changes.student_hash') }}) as learner_key,
        items.course_id,
        coalesce(courses.course_key, {{ version_key('items.course_id') }}) as course_key,
        items.activity_id,
        coalesce(activities.activity_key, {{ version_key('items.activity_id') }}) as activity_key,
        changes.grader_hash,
        coalesce(graders.learner_key, {{ version_key('changes.grader_hash') }}) as grader_key,
        coalesce({{ date_key(local_date('changes.graded_at')) }}, 0) as date_key,

        ---------- what
        items.item_type,
        items.item_module,
        coalesce(items.item_type = 'course', false) as is_course_total,
        changes.change_no,
        changes.change_type,
        changes.graded_at,

        ---------- grades
        changes.raw_grade,
        changes.final_grade,
        changes.min_grade,
        changes.max_grade,
        case when items.is_numeric is not false then changes.percent end::numeric(20, 7)
            as grade_pct,
        changes.final_grade >= items.pass_grade as is_passed,

        ---------- flags
        changes.is_overridden,
        changes.is_excluded,
        changes.is_hidden,
        changes.is_current,
        not changes._exists as is_deleted,

        ---------- bookkeeping
        greatest(changes._newest_load_id, items._load_id) as _load_id,
        changes._loaded_at
    from touched
    -- an increment also returns the keys of which nothing is left, to be deleted
    {{ 'left' if is_incremental() else 'inner' }} join changes
        on
            touched.grade_item_id = changes.grade_item_id
            and touched.student_hash = changes.student_hash
    left join items on changes.grade_item_id = items.grade_item_id
    left join learners
        on
            changes.student_hash = learners.student_hash
            and {{ valid_at('learners', 'changes.graded_at', 'changes._loaded_at') }}
    left join learners as graders
        on
            changes.grader_hash = graders.student_hash
            and {{ valid_at('graders', 'changes.graded_at', 'changes._loaded_at') }}
    left join courses
        on
            items.course_id = courses.course_id
            and {{ valid_at('courses', 'changes.graded_at', 'changes._loaded_at') }}
    left join activities
        on
            items.activity_id = activities.activity_id
            and {{ valid_at('activities', 'changes.graded_at', 'changes._loaded_at') }}

)

select * from final
