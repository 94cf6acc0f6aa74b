"""The task "move to the red block": where blocks stand, what success is, who shows how."""
