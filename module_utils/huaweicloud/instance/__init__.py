"""ECS servers brought to what is wanted: pure planning in the middle, the API and one state file at the edges.

`wanted` (made of `options`) and `seen` (the API's list) -> `plan` -> `converge` carries it out, looks again and plans
again until nothing is left to do. So a run that was cut off is finished by the next one: both only ever go from what is
there.
"""
