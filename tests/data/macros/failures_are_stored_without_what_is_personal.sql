-- Proves that failures of tests are stored without personal columns, without what nobody described,
-- and without either under another name.
{% set reads_sessions = {'depends_on': {'nodes': ['model.coursehouse.fact_session']}} %}
{% set grouped = {'kwargs': {'group_by_columns': ['student_hash', 'tot_strategy']}} %}

with cases as (

    select
        'a row of the model' as problem,
        '{{ storable_columns(["session_id", "student_hash", "learner_key"], reads_sessions)
            | join(" ") }}' as stored,
        'session_id learner_key' as expected

    union all

    select
        'a column nobody described' as problem,
        '{{ storable_columns(["session_id", "email"], reads_sessions) | join(" ") }}' as stored,
        'session_id' as expected

    union all

    select
        'duplicates of a personal column' as problem,
        '{{ storable_columns(["unique_field", "n_records"],
            dict(reads_sessions, column_name="student_hash")) | join(" ") }}' as stored,
        'n_records' as expected

    union all

    select
        'duplicates of a plain column' as problem,
        '{{ storable_columns(["unique_field", "n_records"],
            dict(reads_sessions, column_name="session_id")) | join(" ") }}' as stored,
        'unique_field n_records' as expected

    union all

    select
        'groups' as problem,
        '{{ storable_columns(["col_1", "col_2", "expression"],
            dict(reads_sessions, test_metadata=grouped)) | join(" ") }}' as stored,
        'col_2 expression' as expected

    union all

    select
        'a model that hides what another one shows' as problem,
        '{{ storable_columns(["session_id", "user_id"], {"depends_on": {"nodes": [
            "model.coursehouse.fact_session", "model.coursehouse.stg_moodle__user"]}})
            | join(" ") }}' as stored,
        'session_id' as expected

)

select *
from cases
where stored <> expected
