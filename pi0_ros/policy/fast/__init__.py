"""Pi0's inference without LeRobot's model: the same weights and numbers, a fraction of the work.

Four files, read in this order: `sizes` (the dimensions), `weights` (what is taken over from a
checkpoint, fused), `pictures` (camera pictures to patches), `model` (the arithmetic). `engine` puts
them behind the policy.
"""
