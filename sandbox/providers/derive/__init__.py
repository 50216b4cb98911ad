"""Derives the checked-in `schema/*.json` from the Pulumi SDKs, botocore's models and the Cloudflare SDK's types."""
