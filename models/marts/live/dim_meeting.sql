-- One row per meeting.
{{
    config(
        indexes=[{'columns': ['meeting_key'], 'unique': true}],
        meta={'grain': ['meeting_id'], 'owner': 'data-team'},
    )
}}

with meetings as (

    select * from {{ ref('int_live__meetings') }}

),

courses as (

    select * from {{ ref('int_learning__course_versions') }}
    where is_current

),

-- a row beside all others, null in every attribute: what rows without an id point at
unknown_member as (

    select false as is_known

),

final as (

    select
        {{ surrogate_key(['meetings.meeting_id']) }} as meeting_key,
        meetings.meeting_id,
        meetings.classroom_id,
        meetings.course_id,
        coalesce(courses.course_key, {{ version_key('meetings.course_id') }}) as course_key,
        meetings.host_hash as host_student_hash,
        coalesce(meetings.meeting_id is not null, unknown_member.is_known) as is_known
    from meetings
    full outer join unknown_member on false
    left join courses on meetings.course_id = courses.course_id

)

select * from final
