"""Reward models learned from ranked groups: data, K-wise loss, training, scoring, figures.

Importing this package, its `config`, `data`, `launch` or `metrics` loads no torch; `trainer`, `score` and the
modules below them do. Nothing here knows Django or Celery.
"""
