"""What is read of a release: the dashboard, forms, workbooks and packages.

Everything here asks `warehouse/scope.py` for its rows; nothing here computes a number a second way.
"""
