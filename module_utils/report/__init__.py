"""Verify results and inventory -> what the report page says -> HTML. Pure: the module reads and writes the files."""
