"""The process in which a Pulumi program runs. A folder of its own, so that nothing of the engine is importable there
by accident.
"""
