"""The monthly close: its stages as plain functions, the command line over them, and Dagster's assets over the same functions.

What belongs here: the order of things, the gates between them, and what is said on the terminal. What does not: how a stage does its work
(`warehouse/`, `dbt_project/`, `reports/`).
"""
