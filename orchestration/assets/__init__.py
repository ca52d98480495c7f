"""Dagster's assets: thin wrappings of the stages, one file per part of the chain.

What belongs here: what an asset is called, what it needs, and how a stage's outcome becomes Dagster's events. What does not: any work of
a stage (`orchestration/stages.py`), and when assets run (`orchestration/jobs.py`).
"""
