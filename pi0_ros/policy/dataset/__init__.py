"""Demonstrations as a LeRobotDataset: written frame by frame, read back as training samples."""
