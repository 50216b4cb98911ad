"""The AWS emulator: moto's server, and beside it the calls that moto lacks and wedcache needs.

`python -m sandbox.aws --run FOLDER --port P`. Every kind of thing is three layers in one or two modules: state
(dataclasses in `cloudfront/state.py`, `elasticache/state.py`), rules (pure functions that refuse what AWS refuses) and
wire (handlers registered in `operations.py`; shapes come from botocore's models). What is kinder or different than AWS
is the table in `differences.py`.
"""
