"""What is fast, measured: each table is made in one run on one machine."""
