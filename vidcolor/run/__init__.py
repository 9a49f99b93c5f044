"""The walk: what is to be done, then clips and pictures through the rooms, from file to file."""
