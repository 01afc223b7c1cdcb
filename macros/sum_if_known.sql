{#-
    Aggregate: a sum that is null if any part of it is. Amounts without a rate must not make a total
    in the reporting currency look smaller than it is.
-#}
{% macro sum_if_known(amount) -%}
    case when count(*) = count({{ amount }}) then sum({{ amount }}) end
{%- endmacro %}
