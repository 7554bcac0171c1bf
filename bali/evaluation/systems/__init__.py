"""Who answers the tasks: a language model, or a baseline that shows what a score is worth."""
