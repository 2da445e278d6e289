"""What leaves the house: prints, workbooks, letters."""
