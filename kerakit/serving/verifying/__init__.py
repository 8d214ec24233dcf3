"""`verify`: whether an export answers what was measured, in a fresh process or on a server."""
