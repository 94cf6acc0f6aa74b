"""What must hold of the running system, as ordinary functions: each raises AssertionError.

test/system calls them under pytest with processes of its own, test/launch under launch_test.
"""
