"""POP emulators, one process per POP: a CloudFront edge location or a Cloudflare data centre on the loopback.

A POP obeys only what was declared through the vendors' APIs; it learns that from the vendor emulators' edge snapshots
(`snapshot`) and from nothing else. `cloudfront_policy` and `cloudflare_policy` compile a snapshot to frozen policies,
`decide` judges ages, `flow` fetches and keeps, `cloudfront` and `cloudflare` speak their vendor's headers, `wire`
serves TLS. What is kinder, stricter or different than the vendors: `differences.DIFFERENCES`.
"""
