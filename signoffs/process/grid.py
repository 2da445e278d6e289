"""The form's grid, as everybody knows it (NOTICE.md): numbers run down 16 rows, in 4 pairs of columns."""

ROWS, PAIRS = 16, 4
SEATS = ROWS * PAIRS
