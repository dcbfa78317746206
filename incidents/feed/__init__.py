"""The live feed: what changed, told to every open dashboard, by one reader of Redis in each server process."""
