{#- A business identity: `expression` is true in every row; null is a failure. -#}
{% test holds_in_every_row(model, expression) %}
select *
from {{ model }}
where not coalesce({{ expression }}, false)
{% endtest %}
