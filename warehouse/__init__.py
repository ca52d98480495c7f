"""Tongchou's core in plain Python: contracts, landing, identity, releases, register, simulator.

Nothing here imports dagster, dbt or streamlit (a test enforces it); the stages that use them live in
`orchestration/`, the screens and workbooks in `reports/`.
"""
