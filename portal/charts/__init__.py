"""Charts: what was counted over time becomes the places and words of a drawing."""
