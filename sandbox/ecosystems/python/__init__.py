"""Python: pip, uv, poetry; pytest, unittest."""
