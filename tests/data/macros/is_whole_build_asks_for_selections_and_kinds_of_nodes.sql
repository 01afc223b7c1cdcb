-- Proves that a build counts as whole only if nothing was selected and no kind of node left out
-- but unit tests and views: one without data tests must not clear the alert about a failing test.
{%- set cases = [
    ('build', {}, true),
    ('build', {'select': [], 'exclude': [], 'resource_types': [], 'full_refresh': true}, true),
    ('build', {'select': ['dim_course']}, false),
    ('build', {'selector': 'nightly'}, false),
    ('build', {'exclude': ['dim_course']}, false),
    (
        'build',
        {'exclude': ['config.materialized:view'], 'indirect_selection': 'empty'},
        true,
    ),
    (
        'build',
        {'exclude': ['config.materialized:view', 'dim_course'], 'indirect_selection': 'empty'},
        false,
    ),
    ('build', {'exclude': ['config.materialized:view'], 'indirect_selection': 'eager'}, false),
    ('build', {'resource_types': ['model', 'seed']}, false),
    ('build', {'exclude_resource_types': ['test', 'unit_test']}, false),
    ('build', {'exclude_resource_types': ['unit_test']}, true),
    ('build', {'select': [''], 'resource_types': ['seed', 'snapshot', 'test', 'model']}, true),
    ('build', {'resource_types': ['model', 'seed', 'snapshot', 'unit_test']}, false),
    ('run', {}, false),
    ('test', {}, false),
] %}

with cases as (

    {% for command, arguments, expected in cases %}
        select
            '{{ command }} {{ arguments | tojson | replace("'", "''") }}' as problem,
            {{ is_whole_build(command, arguments) }} as is_whole,
            {{ expected }} as expected
        {{ 'union all' if not loop.last }}
    {% endfor %}

)

select *
from cases
where is_whole <> expected
