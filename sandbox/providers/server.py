"""The two gRPC servers of one process: `aws` and `cloudflare`, each on its own loopback port."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from sandbox.providers import types
from sandbox.providers.wire import Provider

WORKERS = 32
MESSAGE_BYTES = 64 * 1024 * 1024
PACKAGES = ("aws", "cloudflare")


class Servers:
    """Both providers, serving. `attach` is the value for PULUMI_DEBUG_PROVIDERS.

    `forgets` are types whose deletes are answered but not carried out: a defect made on purpose.
    """

    def __init__(self, forgets: frozenset[str] = frozenset()) -> None:
        self._servers: list[grpc.Server] = []
        self.ports: dict[str, int] = {}
        self.providers: dict[str, Provider] = {}
        for package in PACKAGES:
            server = grpc.server(
                ThreadPoolExecutor(WORKERS, thread_name_prefix=package),
                options=[("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.so_reuseport", 0)],
            )
            provider = Provider(package, version(f"pulumi-{package}"), types.of_package(package), forgets)
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
            self.ports[package] = server.add_insecure_port("127.0.0.1:0")
            self.providers[package] = provider
            server.start()
            self._servers.append(server)

    @property
    def attach(self) -> str:
        """`aws:PORT,cloudflare:PORT`."""
        return ",".join(f"{package}:{port}" for package, port in self.ports.items())

    def stop(self, grace: float = 0.3) -> None:
        """Stop taking calls; running ones get `grace` seconds."""
        for ended in [server.stop(grace) for server in self._servers]:
            ended.wait()
        for provider in self.providers.values():
            provider.vendors.close()


def import_ahead() -> threading.Thread:
    """Import the vendors' SDKs in the background: they take two seconds, and the first call should not pay for them."""

    def load() -> None:
        import boto3
        import cloudflare

        _ = (boto3, cloudflare)

    thread = threading.Thread(target=load, name="import-ahead", daemon=True)
    thread.start()
    return thread
