"""The contract of an export: its manifest, signatures and versions, and rows of requests."""
