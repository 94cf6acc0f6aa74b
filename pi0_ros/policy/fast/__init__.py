"""Pi0's inference without LeRobot's model: the same weights and numbers, a fraction of the work.

Read in this order: `sizes` (the dimensions), `weights` (what is taken over from a checkpoint,
fused), `pictures` (camera pictures to what the vision tower takes), `model` (the arithmetic).
`engine` puts them behind the policy; `work` counts what they must do at the least.
"""
