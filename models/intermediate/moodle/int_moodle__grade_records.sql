-- One row per recorded change of a grade, and one per grade as it stands in the gradebook.
with history as (

    select * from {{ ref('stg_moodle__grade_grades_history') }}

),

grades as (

    select * from {{ ref('stg_moodle__grade_grades') }}

),

pseudonyms as (

    select * from {{ ref('pseudonyms') }}
    where source_system = 'moodle'

),

site as (

    select * from {{ ref('int_moodle__site') }}

),

{%- set common = [
    'grade_id', 'grade_item_id', 'user_id', 'raw_grade', 'final_grade',
    'raw_min_grade', 'raw_max_grade', 'hidden_code', 'overridden_at', 'excluded_at', '_load_id',
    '_loaded_at',
] %}

records as (

    select
        grade_history_id,
        case action_code
            when 1 then 'insert'
            when 2 then 'update'
            when 3 then 'delete'
        end as change_type,
        changed_at as graded_at,
        -- Moodle prunes its history; what happened has happened all the same
        false as is_deleted,
        -- an activity that marks itself names the learner
        nullif(nullif(modified_by_user_id, user_id), 0) as grader_id,
        {{ common | join(',\n        ') }}
    from history

    union all

    select
        null::bigint as grade_history_id,
        'current' as change_type,
        graded_at,
        is_deleted,
        nullif(nullif(modified_by_user_id, user_id), 0) as grader_id,
        {{ common | join(',\n        ') }}
    from grades

),

final as (

    select
        records.grade_history_id,
        records.grade_id,
        records.grade_item_id,
        {{ student_hash('pseudonyms', 'moodle', 'records.user_id') }} as student_hash,
        records.change_type,
        records.is_deleted,
        records.raw_grade,
        records.final_grade,
        records.raw_min_grade as min_grade,
        records.raw_max_grade as max_grade,
        -- points count from the lowest to the highest grade possible at that moment
        (
            100 * (records.final_grade - records.raw_min_grade)
            / nullif(records.raw_max_grade - records.raw_min_grade, 0)
        )::numeric(20, 7) as percent,
        records.graded_at,
        {{ student_hash('graders', 'moodle', 'records.grader_id') }} as grader_hash,
        records.overridden_at is not null as is_overridden,
        records.excluded_at is not null as is_excluded,
        -- 0 shown, 1 hidden, anything else: hidden until then
        coalesce(
            records.hidden_code = 1
            or to_timestamp(nullif(records.hidden_code, 0)) > records.graded_at,
            false
        ) as is_hidden,
        -- what makes a grade another one than before, a record made anew included
        row(
            records.grade_id,
            records.raw_grade, records.final_grade, records.raw_min_grade, records.raw_max_grade,
            records.hidden_code, records.overridden_at is null, records.excluded_at is null
        )::text as compared_values,
        records._load_id,
        records._loaded_at
    from records
    cross join site
    left join pseudonyms on pseudonyms.source_user_id = records.user_id::text
    left join pseudonyms as graders on graders.source_user_id = records.grader_id::text
    where records.user_id > 0 and records.user_id <> site.guest_user_id

)

select * from final
