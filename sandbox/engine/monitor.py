"""The two gRPC services that the program's SDK speaks to: ResourceMonitor and Engine."""

# ruff: noqa: N802 - gRPC gives the methods their names

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from sandbox.engine import calls, refused, registration, urns
from sandbox.engine.callbacks import Hook
from sandbox.engine.deployment import Deployment
from sandbox.engine.grpc_errors import ProviderError
from sandbox.engine.resources import Goal
from sandbox.engine.stepping import Halted
from sandbox.engine.stop import Stop
from sandbox.engine.values import UNKNOWN, Secret, Value, read, struct

_FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
)
_SEVERITY = {0: "debug", 1: "info", 2: "warning", 3: "error"}


class Surroundings:
    """What a program runs in: project, stack, configuration, the versions of the SDKs that are installed."""

    def __init__(
        self,
        root: Path,
        project: str,
        stack: str,
        config: Mapping[str, str],
        secret: set[str],
        plugins: Mapping[str, str],
    ) -> None:
        self.root = root
        self.project = project
        self.stack = stack
        self.config = config
        self.secret = secret
        self.plugins = plugins

    def package_config(self, package: str) -> dict[str, Value]:
        """The configuration of one package: what its default provider is made with."""
        found: dict[str, Value] = {}
        for key, value in self.config.items():
            namespace, _, name = key.partition(":")
            if namespace == package:
                found[name] = Secret(value) if key in self.secret else value
        return found


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Answers the program; every registration goes to the deployment."""

    def __init__(self, deployment: Deployment, around: Surroundings) -> None:
        self._deployment = deployment
        self._around = around
        self._goals: dict[str, Goal] = {}
        self._maps: dict[str, dict[str, str]] = {}
        self._defaults: dict[tuple[str, str, str], str] = {}
        self._defaulting = asyncio.Lock()
        self.program_ended = asyncio.Event()
        self.may_exit = asyncio.Event()

    async def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        """What this engine can do; the program's settings reach it by other ways."""
        return resource_pb2.DeploymentInfo(
            project=self._around.project,
            stack=self._around.stack,
            organization="organization",
            dryRun=self._deployment.world.preview,
            supportedFeatures=_FEATURES,
        )

    async def RegisterResource(self, request: Any, context: Any) -> Any:
        """Plan and carry out one declared resource."""
        try:
            return await asyncio.shield(self._deployment.spawn(self._register(request)))
        except Halted:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "resource monitor shut down")
        except (Stop, ValueError) as no:
            self._deployment.alarm.fail("", str(no))
            await context.abort(grpc.StatusCode.UNAVAILABLE, "resource monitor shut down")
        except grpc.aio.AioRpcError as error:
            self._deployment.alarm.fail("", f"invoke transform: {error.details()}")
            await context.abort(grpc.StatusCode.UNAVAILABLE, "resource monitor shut down")

    async def _register(self, request: Any) -> Any:
        registration.inherit(request, self._goals.get(request.parent))
        provider = ""
        package = urns.package(request.type)
        if request.custom and not urns.is_provider(request.type):
            inherited = self._maps.get(request.parent, {})
            request.provider = request.provider or request.providers.get(package, "") or inherited.get(package, "")
        properties, options = await self._deployment.world.callbacks.transform(
            request, registration.options_of(request)
        )
        if request.custom and not urns.is_provider(request.type):
            provider = options.provider or await self._default(package, options.version, options.plugin_download_url)
        elif urns.is_provider(request.type) and not options.version:
            options.version = self._around.plugins.get(package, "")
        goal = registration.goal_of(request, properties, options, provider, self._around.root)
        resource = await self._deployment.register(goal, os.urandom(32))
        self._goals[resource.urn] = goal
        if not request.custom:
            self._maps[resource.urn] = {**self._maps.get(request.parent, {}), **options.providers}
        skipped = request.custom and not resource.id and self._deployment.planner.destroying
        return resource_pb2.RegisterResourceResponse(
            urn=resource.urn,
            id=resource.id,
            object=struct((resource.outputs or {}) if request.custom else {}),
            unknown=skipped,
        )

    async def _default(self, package: str, version: str, url: str) -> str:
        """The reference of a package's default provider, made at its first use."""
        if not version:
            version = self._around.plugins.get(package, "")
        if "pulumi:disable-default-providers" in self._around.config:
            raise refused.refuse("denied-defaults")
        async with self._defaulting:
            key = (package, version, url)
            if key not in self._defaults:
                goal = registration.default_provider(package, version, url, self._around.package_config(package))
                made = await self._deployment.register(goal, os.urandom(32))
                self._defaults[key] = f"{made.urn}::{made.id}"
            return self._defaults[key]

    async def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        """Take a component's or the stack's outputs."""
        try:
            taking = self._deployment.outputs(request.urn, read(request.outputs))
            await asyncio.shield(self._deployment.spawn(taking))
        except Halted:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "resource monitor shut down")
        return empty_pb2.Empty()

    async def Invoke(self, request: Any, context: Any) -> Any:
        """Pass a function call to its provider."""
        try:
            if self._deployment.alarm.halted.is_set():
                raise Halted
            package = request.tok.split(":", 1)[0]
            inherited = self._maps.get(request.parent, {}).get(package, "")
            reference = request.provider or inherited
            reference = reference or await self._default(package, request.version, request.pluginDownloadURL)
            instance = self._deployment.world.providers.instance(reference)
            arguments = {key: value for key, value in read(request.args).items() if value is not UNKNOWN}
            found = await calls.invoke(instance, request.tok, arguments, self._deployment.world.preview)
            failures = list(found.failures)
            return resource_pb2.ResourceInvokeResponse(**{"return": getattr(found, "return"), "failures": failures})
        except Halted:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "resource monitor shut down")
        except (Stop, LookupError, ProviderError) as no:
            text = f"invocation of {request.tok} returned an error: {no}"
            await context.abort(grpc.StatusCode.UNKNOWN, text)

    async def RegisterStackTransform(self, request: Any, context: Any) -> Any:
        """Remember a transform for every later registration."""
        self._deployment.world.callbacks.transforms.append((request.target, request.token))
        return empty_pb2.Empty()

    async def RegisterResourceHook(self, request: Any, context: Any) -> Any:
        """Remember a hook under its name."""
        hook = Hook(request.callback.target, request.callback.token, request.on_dry_run, request.ignore_errors)
        try:
            self._deployment.world.callbacks.add_hook(request.name, hook)
        except ValueError as no:
            await context.abort(grpc.StatusCode.UNKNOWN, str(no))
        return empty_pb2.Empty()

    async def ReadResource(self, request: Any, context: Any) -> Any:
        """Refused: see the table."""
        feature = "stack-reference" if request.type == "pulumi:pulumi:StackReference" else "read"
        self._deployment.alarm.fail("", str(refused.refuse(feature, request.name)))
        await context.abort(grpc.StatusCode.UNAVAILABLE, "resource monitor shut down")

    async def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:
        """The program has declared everything; it stays, for its hooks, until the deletes are done."""
        self.program_ended.set()
        await self.may_exit.wait()
        return empty_pb2.Empty()


class Engine(engine_pb2_grpc.EngineServicer):
    """The program's and the providers' log, and the root resource."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._root = ""

    async def Log(self, request: Any, context: Any) -> Any:
        """Show a message of the program."""
        severity = _SEVERITY[request.severity]
        if severity != "debug" and not self._deployment.alarm.halted.is_set():
            self._deployment.alarm.show.diagnose(request.urn, severity, request.message)
        return empty_pb2.Empty()

    async def GetRootResource(self, request: Any, context: Any) -> Any:
        """The stack's URN."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    async def SetRootResource(self, request: Any, context: Any) -> Any:
        """Remember the stack's URN."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()
