"""CloudFront: policies, functions, key value stores, distributions, invalidations."""
