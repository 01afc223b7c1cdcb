-- Both kinds of weights are shares of one whole, wherever there is a whole to share.
select
    quiz_id,
    attempt_scope,
    sum(intended_weight) as intended_weights,
    sum(effective_weight) as effective_weights
from {{ ref('question_item_statistics') }}
group by quiz_id, attempt_scope
having
    abs(sum(intended_weight) - 100) > 0.00001
    or abs(sum(effective_weight) - 100) > 0.00001
