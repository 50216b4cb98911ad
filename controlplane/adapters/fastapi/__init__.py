"""The FastAPI adapter: what a service says in HTTP about answers that come from the cache client."""

from controlplane.adapters.fastapi.answers import Answered, HttpAnswers
from controlplane.adapters.fastapi.edge_loop import EdgeLoop

__all__ = ["Answered", "EdgeLoop", "HttpAnswers"]
