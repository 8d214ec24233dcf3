"""What an export promises: the manifest, signatures, versions and rows of requests."""
