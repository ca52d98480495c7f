"""The accuracy bench: how well matching tells who is who, on simulated cities whose truth is known (`make accuracy`).

What belongs here: cities with damaged identities, the scoring of what matching makes of them, and a damage generator of the bench's own.
What does not: tests of single rules (`tests/warehouse`). The truth is used for scoring alone; no rule and no model ever reads it.
"""
