{#-
    The changes of each grade in order, from a relation or CTE of int_moodle__grade_records that
    holds every record of the grades it mentions.

    Moodle's history may be switched off, pruned or silent about a change: a grade that differs
    from the last change known is a change of its own (`change_type` current). So every grade in
    the gradebook has exactly one change with `is_current`, and one that is gone without having
    left any history keeps its last values.
-#}
{% macro grade_changes(records) -%}
    select
        compared.*,
        (row_number() over changes)::integer as change_no,
        compared._exists and lead(compared._place) over changes is null as is_current
    from (
        select
            placed.*,
            lag(placed._values) over moments as _values_before,
            lead(placed._place) over moments is null as _is_last,
            bool_or(placed._place = 3) over grades as _exists,
            max(placed._load_id) over grades as _newest_load_id
        from (
            select
                records.*,
                -- grades that are gone, what the history tells, grades that exist
                case
                    when records.change_type <> 'current' then 2
                    when records.is_deleted then 1
                    else 3
                end as _place,
                case
                    when records.change_type <> 'delete' and not records.is_deleted
                        then records.compared_values
                end as _values
            from {{ records }} as records
        ) as placed
        window
            grades as (partition by placed.grade_item_id, placed.student_hash),
            moments as (grades order by placed._place, placed.grade_history_id, placed.grade_id)
    ) as compared
    where
        compared._place = 2
        or (compared._place = 3 and compared._values is distinct from compared._values_before)
        or (compared._place = 1 and compared._is_last)
    window changes as (
        partition by compared.grade_item_id, compared.student_hash
        order by compared._place, compared.grade_history_id, compared.grade_id
    )
{%- endmacro %}
