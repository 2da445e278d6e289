"""A plain Django site with the same journey: what a school's own IT would write, tuned. Frozen.

The benchmark `journey` holds the product against it. Its code is ordinary and stays so; its settings were
tuned first, as the table in settings.py says. tests/test_benchmarks.py fails when a file of it changes: a
figure of before and one of after must have been held against the same site.
"""
