"""The policy on another machine: openpi's WebSocket and msgpack protocol, both ends of it."""
