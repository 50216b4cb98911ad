"""A stand-in for the `pulumi` command: the verbs that this project uses, on the CLI's own state, lock and encryption.

The decisions are pure (`planner`, `graph`, `saved_plan`): (state, goals, provider answers) -> steps. `stepping` is
the one module that runs steps. What no test drives is refused by the table in `refused`. Formats and orders of calls:
the source of the Pulumi CLI 3.250 (pkg/resource/deploy, pkg/backend/diy), compared with it by `tests/engine`.
"""
