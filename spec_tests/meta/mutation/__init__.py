"""The errand that mutates the reference and counts what the clauses and the library's own tests notice."""
