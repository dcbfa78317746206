"""How tests are installed, run and read in each kind of repository."""
