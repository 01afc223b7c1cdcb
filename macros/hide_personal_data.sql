{#-
    Says on a test, in the words of elementary, which failed rows may be kept as a sample. A column
    of personal data (`meta.pii`) reaches them by its name, or by a star under its name: a query
    that names one gets no sample (`disable_test_samples`), one that has a star a sample without
    such columns (`sample_without`, which only the stand-in knows; the package keeps none). Raw
    tables are not described column by column, and hold what people wrote: no sample at all.
-#}
{% macro hide_personal_data(test, query) %}
    {%- set personal = [] -%}
    {%- set ids = test.depends_on.nodes | unique -%}
    {%- for id in ids -%}
        {%- set node = graph.nodes.get(id, {}) -%}
        {%- if id in graph.sources or (node.config or {}).get('meta', {}).get('pii') -%}
            {%- do personal.append('') -%}
        {%- endif -%}
        {%- for column in (node.columns or {}).values() -%}
            {%- if ((column.config or {}).meta or column.meta or {}).get('pii') -%}
                {%- do personal.append(column.name | lower) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if personal -%}
        {%- set meta = test.config.setdefault('meta', {}) -%}
        {%- do meta.update({'disable_test_samples': true}) -%}
        {%- set words = modules.re.findall('\\w+', query | lower) -%}
        {%- if '' not in personal and not personal | select('in', words) | list -%}
            {%- do meta.update({'sample_without': personal | unique | list}) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
