{#-
    Whether dbt was told to build everything: no selection, and no kind of node left out but unit
    tests, which say nothing of what is loaded, and views, which `coursehouse build` leaves out
    where they stand. A part that goes well says nothing of what failed elsewhere, and a build
    without tests nothing of a test that failed. `command` and `arguments` are for tests: dbt's
    own, as it reports them.
-#}
{% macro is_whole_build(command=flags.WHICH, arguments=invocation_args_dict) -%}
    {%- set narrowed = [] -%}
    {#- a scheduler may ask for the selection '', which is everything -#}
    {%- for name in ['select', 'selector'] if (arguments.get(name) or []) | join -%}
        {%- do narrowed.append(name) -%}
    {%- endfor -%}
    {#- with any other indirect selection tests of the views would be left out, too -#}
    {%- set passed_over = ['config.materialized:view']
        if arguments.get('indirect_selection') == 'empty' else [] -%}
    {%- if (arguments.get('exclude') or []) | reject('in', passed_over) | join -%}
        {%- do narrowed.append('exclude') -%}
    {%- endif -%}
    {%- set chosen = (arguments.get('resource_types') or []) | map('string') | list -%}
    {%- set left_out = (arguments.get('exclude_resource_types') or []) | map('string') | list -%}
    {%- for kind in ['model', 'test', 'snapshot', 'seed']
            if kind in left_out or (chosen and kind not in chosen) -%}
        {%- do narrowed.append(kind) -%}
    {%- endfor -%}
    {{ return(command == 'build' and not narrowed) }}
{%- endmacro %}
