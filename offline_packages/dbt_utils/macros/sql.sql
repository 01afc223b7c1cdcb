{#- Pieces of SQL. -#}

{#- `group by 1, ..., n`. -#}
{% macro group_by(n) -%}
    group by {{ range(1, n + 1) | join(", ") }}
{%- endmacro %}


{#- md5 of the columns as text, null as a text nobody has. -#}
{% macro generate_surrogate_key(field_list) -%}
    {%- set is_empty = var("surrogate_key_treat_nulls_as_empty_strings", false) -%}
    {%- set texts = [] -%}
    {%- for field in field_list -%}
        {%- do texts.append(
            "coalesce(cast(" ~ field ~ " as " ~ dbt.type_string() ~ "), '"
            ~ ("" if is_empty else "_dbt_utils_surrogate_key_null_") ~ "')"
        ) -%}
    {%- endfor -%}
    md5({{ texts | join(" || '-' || ") }})
{%- endmacro %}


{#- A query: one row per `datepart` from `start_date` to `end_date`, which is left out. -#}
{% macro date_spine(datepart, start_date, end_date) -%}
    select {{ dbt.dateadd(datepart, "step", start_date) }} as date_{{ datepart }}
    from
        generate_series(
            0, ({{ dbt.datediff(start_date, end_date, datepart) }})::integer - 1
        ) as step
    where {{ dbt.dateadd(datepart, "step", start_date) }} <= {{ end_date }}
{%- endmacro %}


{#- The columns of a relation for a select list. `rename` is keyed by their names in any case. -#}
{% macro star(
    from, relation_alias=false, except=[], prefix="", suffix="", quote_identifiers=true,
    unquote_aliases=false, rename={}
) -%}
    {%- if not execute -%}
        {{ return("*") }}
    {%- endif -%}
    {%- set names = dbt_utils.get_filtered_columns_in_relation(from, except) -%}
    {%- if not names -%}
        {{ return("*" if flags.WHICH == "compile" else "/* no columns returned from star() macro */") }}
    {%- endif -%}
    {%- set renamed = {} -%}
    {%- for name, new in rename.items() -%}
        {%- do renamed.update({name | lower: new}) -%}
    {%- endfor -%}
    {%- for name in names %}
        {{- relation_alias ~ "." if relation_alias }}
        {{- adapter.quote(name) if quote_identifiers else name }}
        {%- set new = prefix ~ name ~ suffix -%}
        {%- if name | lower in renamed %} as {{ renamed[name | lower] }}
        {%- elif quote_identifiers and unquote_aliases %} as {{ new }}
        {%- elif new != name %} as {{ adapter.quote(new) if quote_identifiers else new }}
        {%- endif -%}
        {{ ",\n  " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
