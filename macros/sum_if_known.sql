{#-
    A sum that says so when it cannot be known: null as soon as one of the amounts is null, as it is
    in the reporting currency on a day without a rate. 0 of no rows.
-#}
{% macro sum_if_known(amount, only='true') -%}
    case
        when count(*) filter (where {{ only }}) = count({{ amount }}) filter (where {{ only }})
            then coalesce(sum({{ amount }}) filter (where {{ only }}), 0)
    end
{%- endmacro %}
