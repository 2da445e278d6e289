"""The form's grid, as on paper (docs/process.md): numbers run down 16 rows, in 4 pairs of columns."""

ROWS, PAIRS = 16, 4
SEATS = ROWS * PAIRS
