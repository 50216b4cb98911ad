"""The pydantic adapter: values that are pydantic models."""

from controlplane.adapters.pydantic.serializer import PydanticJson

__all__ = ["PydanticJson"]
