{#-
    The sample covariance of x and y (divisor n - 1) inside an aggregation, null for a single
    row. Over numeric it is exact up to one division: a covariance of zero is zero, whatever the
    order of the rows. `covar_samp` counts in floating point and gives 1e-17 or so instead.
-#}
{% macro sample_covariance(x, y) -%}
    (count(*) * sum({{ x }} * {{ y }}) - sum({{ x }}) * sum({{ y }}))
    / nullif(count(*) * (count(*) - 1), 0)
{%- endmacro %}
