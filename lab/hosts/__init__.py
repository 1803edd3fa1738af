"""The hosts behind the region's servers."""
