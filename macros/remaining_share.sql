{#-
    Aggregate: the share of a price that percentages off leave when each takes its part of what
    the ones before left, in any order. Null if there is none.
-#}
{% macro remaining_share(percent_off) -%}
    case
        when bool_or({{ percent_off }} >= 100) then 0
        -- the product, by logarithms; their error lies far behind twelve digits
        else round(exp(sum(ln(1 - {{ percent_off }} / 100)) filter (
            where {{ percent_off }} < 100
        )), 12)
    end
{%- endmacro %}
