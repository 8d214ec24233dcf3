"""The linear path beside a network: solved exactly before the first epoch."""
