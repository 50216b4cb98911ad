"""Pulumi providers for `aws` and `cloudflare` over their public APIs, attached through PULUMI_DEBUG_PROVIDERS.

They know nothing of the sandbox: endpoints, credentials and regions come from provider configuration.
"""
