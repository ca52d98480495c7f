"""The pages of the dashboard, one file each; `app.py` says which there are.

What belongs here: what stands on a page and in which order. What does not: rows (`data.py`), figures (`charts.py`), words (`texts.py`).
"""
