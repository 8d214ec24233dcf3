"""Members: lines, networks, a kernel and trees side by side, and what they read and answer."""
