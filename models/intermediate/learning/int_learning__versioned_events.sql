-- One row per event as a source tells it, with the dimension versions that held when it happened.
with events as (

    select * from {{ ref('int_learning__learning_events') }}

),

learners as (

    select * from {{ ref('int_learning__learner_versions') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}

),

places as (

    select * from {{ ref('int_moodle__activity_places') }}

),

activities as (

    select * from {{ ref('int_learning__activity_versions') }}

),

chapters as (

    select * from {{ ref('int_learning__chapter_versions') }}

),

placed as (

    select
        events.*,
        coalesce(activities.activity_key, {{ version_key('events.activity_id') }}) as activity_key,
        coalesce(
            events.named_chapter_id,
            -- an activity that was loaded after the snapshots were taken
            'section-' || coalesce(activities.section_id, places.section_id)
        ) as chapter_id
    from events
    left join places on events.activity_id = places.activity_id
    left join activities
        on
            events.activity_id = activities.activity_id
            and {{ valid_at('activities', 'events.ts', 'events._loaded_at') }}

),

final as (

    select
        -- the same event may come by several lanes
        {{ surrogate_key(['coalesce(placed.topic, placed.source)', 'placed.event_id']) }}
            as event_key,
        placed.*,
        placed._load_id as _first_load_id,
        coalesce(learners.learner_key, {{ version_key('placed.student_hash') }}) as learner_key,
        coalesce(courses.course_key, {{ version_key('placed.course_id') }}) as course_key,
        coalesce(chapters.chapter_key, {{ version_key('placed.chapter_id') }}) as chapter_key
    from placed
    left join learners
        on
            placed.student_hash = learners.student_hash
            and {{ valid_at('learners', 'placed.ts', 'placed._loaded_at') }}
    left join courses
        on
            placed.course_id = courses.course_id
            and {{ valid_at('courses', 'placed.ts', 'placed._loaded_at') }}
    left join chapters
        on
            placed.chapter_id = chapters.chapter_id
            and {{ valid_at('chapters', 'placed.ts', 'placed._loaded_at') }}

)

-- the columns are those of the events, and the keys
select * from final -- noqa: AM04
