"""Training a Pi0 on recorded episodes, with LeRobot's own training code."""
