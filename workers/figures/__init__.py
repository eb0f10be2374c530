"""What a reward model's figures say, and how they come about. Pure functions over `Case`s, but for collect.py.

`RewardModel.metrics["figures"]` holds what `report.report` answers; its docstring names every key.
"""
