"""The simulator: a coherent world of learners and shoppers whose truth is known."""
