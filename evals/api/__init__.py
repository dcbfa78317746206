"""What was measured, to read: runs, one run with its figures and cases, two runs compared. Nothing is run here."""
