"""What lakegraph costs, measured with its peers in one run: ``python -m tests.benchmarks``, or ``make bench``.

Each part is a module of its own with ``run(plan, report)``; it runs in a process of its own, so that its memory can be
told and a part that is missing or fails takes nothing with it. ``goals.py`` says what is to be reached.
"""
