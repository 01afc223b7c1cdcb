-- One row per step of a person towards the completion of a course, each time it was taken.
with shop_steps as (

    select * from {{ ref('int_cross__shop_steps') }}

),

payment_steps as (

    select * from {{ ref('int_cross__payment_steps') }}

),

learner_courses as (

    select * from {{ ref('int_learning__learner_courses') }}
    where is_student

),

progress as (

    select * from {{ ref('int_cross__progress_steps') }}

),

accounts as (

    select * from {{ ref('int_cross__person_accounts') }}
    where source_system <> 'stripe'

),

steps as (

    select
        accounts.person_key,
        shop_steps.course_id,
        shop_steps.step,
        shop_steps.ts
    from shop_steps
    inner join accounts on shop_steps.student_hash = accounts.source_id

    union

    select
        payment_steps.person_key,
        payment_steps.course_id,
        step.name as step,
        step.ts
    from payment_steps
    cross join
        lateral (
            values ('purchase', payment_steps.paid_at), ('refund', payment_steps.first_refunded_at)
        ) as step (name, ts)

    union

    select
        accounts.person_key,
        learner_courses.course_id,
        step.name as step,
        step.ts
    from learner_courses
    inner join accounts on learner_courses.student_hash = accounts.source_id
    left join progress
        on
            learner_courses.student_hash = progress.student_hash
            and learner_courses.course_id = progress.course_id
    cross join
        lateral (
            values
            ('enrol', learner_courses.enrolled_at),
            ('first_access', learner_courses.started_at),
            ('progress_25', progress.progress_25_at),
            ('progress_50', progress.progress_50_at),
            ('progress_75', progress.progress_75_at),
            (
                'completion',
                case when not learner_courses.is_deleted then learner_courses.completed_at end
            )
        ) as step (name, ts)

),

final as (

    select
        {{ surrogate_key(['person_key', 'course_id', 'step', 'extract(epoch from ts)']) }}
            as course_step_key,
        *
    from steps
    where ts is not null

)

select * from final
