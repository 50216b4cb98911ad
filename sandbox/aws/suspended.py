"""S3 buckets whose versioning is suspended, as S3 has them: moto takes them for buckets that never had versions.

Source: S3 User Guide, "Working with objects in a versioning-suspended bucket": versions stay and can be read and
deleted by their id; a write replaces only the version `null`; a delete without an id puts a marker `null` in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NULL = "null"


def keep_versions() -> None:
    """Teach moto's S3 backend, once per process."""
    from moto.s3.models import S3Backend

    if S3Backend.put_object is not _put_object:
        global _moto_put, _moto_delete
        _moto_put, _moto_delete = S3Backend.put_object, S3Backend.delete_object
        S3Backend.put_object, S3Backend.delete_object = _put_object, _delete_object


_moto_put: Any = None
_moto_delete: Any = None


def _put_object(backend: Any, bucket_name: str, key_name: str, *arguments: Any, **options: Any) -> Any:
    with _versioned(backend.get_bucket(bucket_name)) as suspended:
        written = _moto_put(backend, bucket_name, key_name, *arguments, **options)
    if suspended is not None:
        _become_null(suspended, key_name, written)
    return written


def _delete_object(
    backend: Any, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
) -> Any:
    with _versioned(backend.get_bucket(bucket_name)) as suspended:
        answer = _moto_delete(backend, bucket_name, key_name, version_id, bypass)
    if suspended is not None and version_id is None and key_name in suspended.keys:
        _become_null(suspended, key_name, suspended.keys.getlist(key_name)[-1])
        answer[1]["version-id"] = NULL
    return answer


def _become_null(bucket: Any, key_name: str, newest: Any) -> None:
    """Give the newest version the id `null`; the one that had it goes."""
    others = [one for one in bucket.keys.getlist(key_name) if one is not newest and one.version_id != NULL]
    newest._version_id = NULL
    bucket.keys.setlist(key_name, [*others, newest])


@contextmanager
def _versioned(bucket: Any) -> Iterator[Any]:
    """While moto looks, a suspended bucket has versions; gives the bucket if it is one."""
    if getattr(bucket, "versioning_status", None) != "Suspended":
        yield None
        return
    bucket.versioning_status = "Enabled"
    try:
        yield bucket
    finally:
        bucket.versioning_status = "Suspended"
