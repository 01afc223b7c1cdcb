{#-
    True for rows the viewer of this session may see: those of a course the viewer teaches or
    manages, everything for who analyses the school. For rows about a learner `student_hash` narrows
    a course to the viewer's groups, for rows about a group `group_id` does; a row about a whole
    course is seen by who sees all of its groups. Rows of a course the viewer only sees some groups
    of are left out unless one of them is given.
-#}
{% macro viewer_sees(course_id, student_hash=none, group_id=none) -%}
    (
        {{ viewer_sees_everything() }}
        or exists (
            select 1
            from (select * from {{ ref('secure_viewer_course') }}) as viewed
            where
                viewed.course_id = {{ course_id }}
                and (
                    viewed.group_id is null
                    {%- if group_id %}
                        or viewed.group_id = {{ group_id }}
                    {%- endif %}
                    {%- if student_hash %}
                        or exists (
                            select 1
                            from (select * from {{ ref('bridge_learner_group') }}) as grouped
                            where
                                grouped.is_current
                                and grouped.group_id = viewed.group_id
                                and grouped.student_hash = {{ student_hash }}
                        )
                    {%- endif %}
                )
        )
    )
{%- endmacro %}
