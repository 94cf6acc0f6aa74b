"""The reaching task in MuJoCo: the demo arm, its table and its blocks as bodies with mass."""
