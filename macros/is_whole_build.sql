{#-
    Whether dbt was told to build everything: no selection, and no kind of node left out. A part
    that goes well says nothing of what failed elsewhere, and a build without tests nothing of a
    test that failed. `command` and `arguments` are for tests: dbt's own, as it reports them.
-#}
{% macro is_whole_build(command=flags.WHICH, arguments=invocation_args_dict) -%}
    {%- set narrowing = [
        'select', 'selector', 'exclude', 'resource_types', 'exclude_resource_types',
    ] -%}
    {%- set narrowed = [] -%}
    {%- for name in narrowing if arguments.get(name) -%}
        {%- do narrowed.append(name) -%}
    {%- endfor -%}
    {{ return(command == 'build' and not narrowed) }}
{%- endmacro %}
